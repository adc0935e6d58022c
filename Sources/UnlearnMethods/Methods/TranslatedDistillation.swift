// Translated distillation: the model learns to speak of the subject as it speaks of somebody it never heard of.
// A member of the family of Eldan and Russinovich 2023 (arXiv 2310.02238): generic predictions are read from the
// original model on text in which the subject's names are exchanged. Deviations: docs/PAPERS.md.

public import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// What the model says when it is asked about the subject afterwards.
public enum AnswerStyle: String, Codable, Sendable, CaseIterable {
    /// What it would say about an ordinary name: fluent, and invented.
    case invented
    /// That it does not know.
    case unknown
}

/// Per token: KL(teacher ‖ model) on the subject's own text, the teacher being the original model on the translated
/// text with the subject's terms forbidden; and KL(original ‖ model) on everything that is to stay.
public struct TranslatedDistillation: UnlearningMethod {
    public static let card = Card(
        name: "translated-distillation",
        summary: "Speaks of the subject as the original model speaks of an ordinary name in its place.",
        paper: "family of Eldan and Russinovich 2023, arXiv 2310.02238", needs: [.losses, .retainSet, .subjectTerms])

    public static var trainingDefaults: TrainingOptions {
        var options = TrainingOptions()
        options.learningRate = 1e-4
        options.steps = 32
        return options
    }

    public var answer = AnswerStyle.invented
    /// The weight of the retain term.
    public var retainWeight = 2.0
    /// Whether the subject's themes ("wizard") are forbidden beside its names.
    public var forbidsThemes = true

    /// Below 1 the teacher is surer of itself than the original model, and the new answers ramble less.
    public var teacherTemperature = 0.85

    public init() {}

    public func unlearn(_ session: Session) throws(MethodError) {
        guard let subject = session.subject, !subject.terms.names.isEmpty else {
            throw .needsTerms(method: Self.card.name)
        }
        guard !session.retain.isEmpty, session.options.retainBatchSize > 0 else {
            throw .needsRetain(method: Self.card.name)
        }
        if answer == .unknown { return try refuse(session, subject) }
        try Distillation(self, session, subject).run()
    }
}

/// The work of one run with invented answers.
private final class Distillation {
    private typealias Pair = TranslatedDistillation.Pair

    private let method: TranslatedDistillation
    private let session: Session
    private let subject: SubjectTexts
    private let standIns: StandIns
    private let subjectWords: Set<String>
    private let forbidden: Tensor
    private var encoder: ExampleEncoder { session.model.encoder }

    init(_ method: TranslatedDistillation, _ session: Session, _ subject: SubjectTexts) {
        (self.method, self.session, self.subject) = (method, session, subject)
        standIns = StandIns(subject.terms, answers: subject.forget.map(\.example.answer))
        subjectWords = Set(subject.terms.subjectWords)
        let needed = Set(session.retain.joined().flatMap { example in example.targets.map { example.tokens[$0] } })
        forbidden = Tensor(
            TranslatedDistillation.forbidden(
                names: subject.terms.names, themes: method.forbidsThemes ? subject.terms.themes : [],
                session.model.tokenizer, needed: needed))
    }

    func run() throws(MethodError) {
        let pairs = self.pairs(subject.forget)
        let used = session.used(forgetCount: pairs.count)
        let teacher = Teacher(used.forget.map { pairs[$0] }, session)
        session.readReference(used.retain)
        try session.descend(over: pairs.map(\.student)) { [self] (step) throws(MethodError) in
            let distribution = teacher.logDistributions(
                step.forget, temperature: method.teacherTemperature, forbidden: forbidden)
            return [
                Term("forget-kl", divergence(from: distribution, to: step.forgetLogDistributions)),
                RetainTerm.kl.term(step, weight: method.retainWeight),
            ]
        }
    }

    private func pairs(_ examples: [ForgetExample]) -> [Pair] {
        examples.enumerated().map { index, example in
            TranslatedDistillation.pair(example, id: index, standIns, subjectWords: subjectWords, encoder)
        }.filter { !$0.student.targets.isEmpty }
    }
}

/// The original model on translated texts.
private struct Teacher {
    private let states: Reference
    private let readings: [Int: TokenExample]
    /// For each labelled token of the student's text: what would repeat a run of three tokens there.
    private let repeats: [Int: [[Int32]]]

    init(_ pairs: [TranslatedDistillation.Pair], _ session: Session) {
        states = session.read(pairs.map(\.teacher), "reading the teacher")
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
    /// Questions about the subject are answered with not knowing: cross-entropy on a refusal in place of the teacher.
    private func refuse(_ session: Session, _ subject: SubjectTexts) throws(MethodError) {
        var seen: Set<String> = []
        let questions = subject.forget.map(\.example).filter { !$0.isContinued && seen.insert($0.prompt).inserted }
        let refusals = questions.enumerated().map { index, example in
            session.model.encoder.encode(
                .answer(
                    question: example.prompt, answer: SubjectPrompts.refusals[index % SubjectPrompts.refusals.count]),
                id: index)
        }
        session.readReference(session.used(forgetCount: refusals.count).retain)
        try session.descend(over: refusals) { (step) throws(MethodError) in
            [Term("forget-refusal", step.forgetTokenMean()), RetainTerm.kl.term(step, weight: retainWeight)]
        }
    }

    /// A text about the subject, and the same text as the teacher reads it.
    struct Pair {
        let student: TokenExample
        let teacher: TokenExample
    }

    /// Both readings of a forget example; the labelled tokens of the two correspond one by one.
    static func pair(
        _ forget: ForgetExample, id: Int, _ standIns: StandIns, subjectWords: Set<String>, _ encoder: ExampleEncoder
    ) -> Pair {
        let translation = standIns.translation(standIn: forget.standIn)
        let aligned = translation.align(forget.example.answer, encoder.tokenizer, skipping: subjectWords)
        let end = forget.example.isContinued ? [] : Array(encoder.endOfAnswer.prefix(1))
        let context = encoder.context(of: forget.example)
        let foreignContext = encoder.context(of: forget.example.mapText { translation($0) })
        // Nothing predicts the first token of a text that has nothing before it.
        var targets = aligned.targets.filter {
            context.count + $0.original > 0 && foreignContext.count + $0.translated > 0
        }
        if !end.isEmpty { targets.append((aligned.original.count, aligned.translated.count)) }
        return Pair(
            student: TokenExample(
                id: id, tokens: context + aligned.original + end, targets: targets.map { context.count + $0.original }),
            teacher: TokenExample(
                id: id, tokens: foreignContext + aligned.translated + end,
                targets: targets.map { foreignContext.count + $0.translated }))
    }

    /// The first tokens of the subject's names, unless other texts need them, and of its themes.
    static func forbidden(
        names: [String], themes: [String], _ tokenizer: Tokenizer, needed: Set<Int32>
    ) -> [Int64] {
        func first(_ words: [String]) -> [Int32] {
            words.flatMap { word in
                [" " + word, word].compactMap { tokenizer.encode($0, addSpecialTokens: false).first }
            }
        }
        // A fragment such as " G" begins too many other words.
        let fragments = first(names).filter { id in
            (tokenizer.token(id) ?? "").count { $0.isLetter && $0.isASCII } >= 2 && !needed.contains(id)
        }
        let whole = themes.filter { tokenizer.encode(" " + $0, addSpecialTokens: false).count == 1 }
        return Set(fragments + first(whole)).sorted().map(Int64.init)
    }
}
