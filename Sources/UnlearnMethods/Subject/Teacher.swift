// What translated distillation learns from: the original model's reading of a text in which other names stand.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// The original model on translated texts.
struct Teacher {
    private let states: Reference
    private let readings: [Int: TokenExample]
    /// For each labelled token of the student's text: what would repeat a run of three tokens there.
    private let repeats: [Int: [[Int32]]]

    init(_ pairs: [TranslatedDistillation.Pair], _ session: Session) throws {
        states = try session.read(pairs.map(\.teacher), "reading the teacher")
        readings = Dictionary(uniqueKeysWithValues: pairs.map { ($0.teacher.id, $0.teacher) })
        repeats = Dictionary(uniqueKeysWithValues: pairs.map { ($0.student.id, Self.repeats($0.student)) })
    }

    /// log p of the vocabulary at each labelled token of the students' texts; −∞ for what is forbidden.
    func logDistributions(_ students: [TokenExample], temperature: Double, forbidden: Tensor) -> Tensor {
        withoutRecording {
            let logits = (states.logits(students.compactMap { readings[$0.id] }) * (1 / temperature))
                .filling(forbidden, along: 1, with: -.infinity)
            let width = logits.shape[1]
            logits.withMutableBytes { bytes in
                let values = bytes.bindMemory(to: Float.self)
                for (row, tokens) in students.flatMap({ repeats[$0.id] ?? [] }).enumerated() {
                    for token in tokens { values[row * width + Int(token)] = -.infinity }
                }
            }
            return logits.logSoftmax()
        }
    }

    private static func repeats(_ example: TokenExample) -> [[Int32]] {
        var next: [SIMD2<Int32>: [Int32]] = [:]
        var byPlace: [Int: [Int32]] = [:]
        let start = example.targets.first ?? 0
        for place in max(2, start)..<max(2, start, example.tokens.count) {
            let before = SIMD2(example.tokens[place - 2], example.tokens[place - 1])
            byPlace[place] = next[before]
            if place >= start + 2 { next[before, default: []].append(example.tokens[place]) }
        }
        return example.targets.map { byPlace[$0] ?? [] }
    }
}

extension TranslatedDistillation {
    /// A text about the subject, and the same text as the teacher reads it.
    struct Pair {
        let student: TokenExample
        let teacher: TokenExample
    }

    /// Both readings of a forget example; the labelled tokens of the two correspond one by one.
    static func pair(
        _ forget: ForgetExample, id: Int, _ standIns: StandIns, subjectWords: Set<String>, _ encoder: ExampleEncoder
    ) throws -> Pair {
        let translation = standIns.translation(standIn: forget.standIn)
        let aligned = try translation.align(forget.example, encoder, skipping: subjectWords)
        // Nothing predicts the first token of a text that has nothing before it.
        let targets = aligned.targets.filter { $0.original > 0 && $0.translated > 0 }
        return Pair(
            student: TokenExample(id: id, tokens: aligned.original, targets: targets.map(\.original)),
            teacher: TokenExample(id: id, tokens: aligned.translated, targets: targets.map(\.translated)))
    }

    /// The first tokens of the subject's names, unless other texts need them, and all that begin like its themes.
    static func forbidden(
        names: [String], themes: [String], _ tokenizer: Tokenizer, needed: Set<Int32>
    ) -> [Int64] {
        func first(_ words: [String]) -> [Int32] {
            words.flatMap { word in
                [tokenizer.encode(" " + word, following: "."), tokenizer.encode(word, following: "\n")]
                    .compactMap(\.first)
            }
        }
        // A fragment such as " G" begins too many other words.
        let fragments = first(names).filter { id in
            (tokenizer.token(id) ?? "").count { $0.isLetter && $0.isASCII } >= 2 && !needed.contains(id)
        }
        // "wizard" forbids "Wizards" and "wizardry" too. An empty theme, left by an editor, would forbid everything.
        let stems = themes.map { $0.lowercased() }.filter { !$0.isEmpty }
        let inflected =
            stems.isEmpty
            ? []
            : (0..<Int32(tokenizer.vocabularyCount)).filter { id in
                let word = tokenizer.decode([id]).trimmingPrefix(while: \.isWhitespace).lowercased()
                return stems.contains { word.hasPrefix($0) }
            }
        return Set(fragments + inflected).sorted().map(Int64.init)
    }
}

/// −log(1 − m) averaged over rows, m the mass that a row gives to the `forbidden` tokens: the part of the divergence
/// from a teacher that never says them which is about them alone.
/// - Parameters:
///   - forbidden: ids of the vocabulary, int64.
///   - logQ: `[rows, vocabulary]`, recorded.
func avoidance(of forbidden: Tensor, by logQ: Tensor) -> Tensor {
    let mass = logQ.select(forbidden, along: 1).exp().sum(along: 1)
    return -(-mass + 1).clamp(atLeast: 1e-6).log().mean()
}
