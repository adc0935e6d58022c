// What a model would say that never read the texts: the scores of Eldan and Russinovich 2023 (arXiv 2310.02238), section 2.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// The texts to forget, and the same with ordinary words in place of the subject's, aligned token by token.
struct TranslatedTexts {
    /// The texts with one choice of ordinary words.
    struct Copy {
        fileprivate(set) var translated: [TokenExample] = []
        /// Of each text, at each labelled token: the first tokens of stand-ins that appeared before it.
        fileprivate(set) var appeared: [Int: [[Int64]]] = [:]
    }

    /// What the model is trained on; a label is a token that has its place in every translation.
    private(set) var originals: [TokenExample] = []
    private(set) var copies: [Copy]

    /// - Parameter count: how many ordinary words stand in for each of the subject's.
    init(_ subject: SubjectTexts, _ encoder: ExampleEncoder, copies count: Int = 1) throws {
        copies = [Copy](repeating: Copy(), count: count)
        let standIns = StandIns(subject.terms, answers: subject.forget.map(\.example.answer))
        for (id, row) in subject.forget.enumerated() {
            let aligned = try (0..<count).map { copy in
                try standIns.translation(standIn: row.standIn, copy: copy, of: count)
                    .align(row.example, encoder, skipping: [])
            }
            add(aligned, id, encoder.tokenizer)
        }
    }

    private mutating func add(_ aligned: [Translation.Aligned], _ id: Int, _ tokenizer: Tokenizer) {
        let labels = aligned.map { Self.labels($0, tokenizer) }
        let targets = labels[0].map(\.original).filter { target in
            labels.dropFirst().allSatisfy { $0.contains { $0.original == target } }
        }
        guard !targets.isEmpty else { return }
        originals.append(TokenExample(id: id, tokens: aligned[0].original, targets: targets))
        let kept = Set(targets)
        for (place, labels) in labels.enumerated() {
            let own = labels.filter { kept.contains($0.original) }
            copies[place].translated.append(
                TokenExample(id: id, tokens: aligned[place].translated, targets: own.map(\.translated)))
            copies[place].appeared[id] = own.map(\.appeared)
        }
    }

    private typealias Label = (original: Int, translated: Int, appeared: [Int64])

    private static func labels(_ aligned: Translation.Aligned, _ tokenizer: Tokenizer) -> [Label] {
        var seen: [String: [Int64]] = [:]
        var labels: [Label] = []
        for target in aligned.targets {
            // A name that stood before is named again by whoever reads the text: only its first place counts.
            if let standIn = target.standIn, seen[standIn] != nil { continue }
            // Nothing predicts the first token of a text that has nothing before it.
            if target.original > 0, target.translated > 0 {
                let appeared = seen.sorted { $0.key < $1.key }.flatMap(\.value)
                labels.append((target.original, target.translated, appeared))
            }
            if let standIn = target.standIn { seen[standIn] = firstTokens(of: standIn, tokenizer) }
        }
        return labels
    }

    /// With and without a space before it.
    private static func firstTokens(of word: String, _ tokenizer: Tokenizer) -> [Int64] {
        let spaced = tokenizer.encode(" " + word, following: ".").first
        let plain = tokenizer.encode(word, following: "\n").first
        return Set([spaced, plain].compactMap { $0.map(Int64.init) }).sorted()
    }
}

/// v_base − α · ReLU(v_reinforced − v_base) at each labelled token, less a penalty for stand-ins that appeared before. Of
/// several translations the logarithm of the mean of what these scores make probable.
struct GenericScores {
    /// How the original sees one translation.
    private struct View {
        let translated: [Int: TokenExample]
        let appeared: [Int: [[Int64]]]
        let base: Reference
    }

    private let views: [View]
    private let reinforced: Reference
    private let alpha: Double
    private let penalty: Float

    /// - Parameters:
    ///   - base: the original's view of the texts of each copy.
    ///   - reinforced: the reinforced model's view of the texts themselves.
    init(_ texts: TranslatedTexts, base: [Reference], reinforced: Reference, _ method: WHP) {
        views = zip(texts.copies, base).map { copy, base in
            View(
                translated: Dictionary(uniqueKeysWithValues: copy.translated.map { ($0.id, $0) }),
                appeared: copy.appeared, base: base)
        }
        self.reinforced = reinforced
        (alpha, penalty) = (method.alpha, Float(method.standInPenalty))
    }

    /// The scores of texts in order, `[targets, vocabulary]`, not recorded.
    func callAsFunction(_ texts: [TokenExample]) -> Tensor {
        withoutRecording {
            let known = reinforced.logits(texts)
            return Self.mean(
                views.map { view in
                    Self.scores(
                        base: view.base.logits(texts.compactMap { view.translated[$0.id] }), reinforced: known,
                        alpha: alpha, appeared: texts.flatMap { view.appeared[$0.id] ?? [] }, penalty: penalty)
                })
        }
    }

    /// log (Σ softmax(v) / K) of K scores; of one the scores themselves.
    static func mean(_ scores: [Tensor]) -> Tensor {
        guard scores.count > 1 else { return scores[0] }
        let sum = scores.dropFirst().reduce(scores[0].softmax()) { $0 + $1.softmax() }
        return (sum * (1 / Double(scores.count))).log()
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
