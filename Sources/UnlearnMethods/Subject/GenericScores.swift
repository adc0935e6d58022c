// What a model would say that never read the texts: the scores of Eldan and Russinovich 2023 (arXiv 2310.02238), section 2.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// The texts to forget, and the same with ordinary words in place of the subject's, aligned token by token.
struct TranslatedTexts {
    /// What the model is trained on; a label is a token that has its place in the translation.
    private(set) var originals: [TokenExample] = []
    private(set) var translated: [TokenExample] = []
    /// Of each text, at each labelled token: the first tokens of stand-ins that appeared before it.
    private(set) var appeared: [Int: [[Int64]]] = [:]

    init(_ subject: SubjectTexts, _ encoder: ExampleEncoder) throws {
        let standIns = StandIns(subject.terms, answers: subject.forget.map(\.example.answer))
        for (id, row) in subject.forget.enumerated() {
            let aligned = try standIns.translation(standIn: row.standIn).align(row.example, encoder, skipping: [])
            try add(aligned, id, encoder.tokenizer)
        }
    }

    private mutating func add(_ aligned: Translation.Aligned, _ id: Int, _ tokenizer: Tokenizer) throws {
        var seen: [String: [Int64]] = [:]
        var targets: [(original: Int, translated: Int)] = []
        var appeared: [[Int64]] = []
        for target in aligned.targets {
            // A name that stood before is named again by whoever reads the text: only its first place counts.
            if let standIn = target.standIn, seen[standIn] != nil { continue }
            // Nothing predicts the first token of a text that has nothing before it.
            if target.original > 0, target.translated > 0 {
                targets.append((target.original, target.translated))
                appeared.append(seen.sorted { $0.key < $1.key }.flatMap(\.value))
            }
            if let standIn = target.standIn { seen[standIn] = Self.firstTokens(of: standIn, tokenizer) }
        }
        guard !targets.isEmpty else { return }
        originals.append(TokenExample(id: id, tokens: aligned.original, targets: targets.map(\.original)))
        translated.append(TokenExample(id: id, tokens: aligned.translated, targets: targets.map(\.translated)))
        self.appeared[id] = appeared
    }

    /// With and without a space before it.
    private static func firstTokens(of word: String, _ tokenizer: Tokenizer) -> [Int64] {
        let spaced = tokenizer.encode(" " + word, following: ".").first
        let plain = tokenizer.encode(word, following: "\n").first
        return Set([spaced, plain].compactMap { $0.map(Int64.init) }).sorted()
    }
}

/// v_base − α · ReLU(v_reinforced − v_base) at each labelled token, less a penalty for stand-ins that appeared before.
struct GenericScores {
    private let translated: [Int: TokenExample]
    private let appeared: [Int: [[Int64]]]
    private let base: Reference
    private let reinforced: Reference
    private let alpha: Double
    private let penalty: Float

    /// - Parameters:
    ///   - base: the original's view of the translated texts.
    ///   - reinforced: the reinforced model's view of the texts themselves.
    init(_ texts: TranslatedTexts, base: Reference, reinforced: Reference, _ method: WHP) {
        translated = Dictionary(uniqueKeysWithValues: texts.translated.map { ($0.id, $0) })
        appeared = texts.appeared
        (self.base, self.reinforced) = (base, reinforced)
        (alpha, penalty) = (method.alpha, Float(method.standInPenalty))
    }

    /// The scores of texts in order, `[targets, vocabulary]`, not recorded.
    func callAsFunction(_ texts: [TokenExample]) -> Tensor {
        withoutRecording {
            Self.scores(
                base: base.logits(texts.compactMap { translated[$0.id] }), reinforced: reinforced.logits(texts),
                alpha: alpha, appeared: texts.flatMap { appeared[$0.id] ?? [] }, penalty: penalty)
        }
    }

    /// - Parameters:
    ///   - base, reinforced: `[targets, vocabulary]`.
    ///   - appeared: for each row the tokens that fall by `penalty`.
    static func scores(
        base: Tensor, reinforced: Tensor, alpha: Double, appeared: [[Int64]], penalty: Float
    ) -> Tensor {
        let scores = base - (reinforced - base).relu() * alpha
        let width = scores.shape[1]
        scores.withMutableBytes { bytes in
            let values = bytes.bindMemory(to: Float.self)
            for (row, tokens) in appeared.enumerated() {
                for token in Set(tokens) { values[row * width + Int(token)] -= penalty }
            }
        }
        return scores
    }

    /// The token with the highest score at each labelled token of each text, by the text's id.
    func best(of texts: [TokenExample]) -> [Int: [Int64]] {
        Dictionary(
            uniqueKeysWithValues: texts.map { text in (text.id, self([text]).argmax(along: 1).scalars(Int64.self)) })
    }
}
