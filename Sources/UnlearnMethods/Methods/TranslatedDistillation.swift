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
        options.steps = 48
        return options
    }

    public var answer = AnswerStyle.invented
    /// The weight of the retain term.
    public var retainWeight = 2.0
    /// Whether the subject's themes ("wizard") are forbidden beside its names.
    public var forbidsThemes = true

    /// Below 1 the teacher is surer of itself than the original model, and the new answers ramble less.
    public var teacherTemperature = 1.0

    public init() {}

    public func unlearn(_ session: Session) throws(MethodError) {
        guard let subject = session.subject, !subject.terms.names.isEmpty else {
            throw .needsTerms(method: Self.card.name)
        }
        guard !session.retain.isEmpty else { throw .needsRetain(method: Self.card.name) }
        if answer == .unknown { return try refuse(session, subject) }
        let encoder = session.model.encoder
        let standIns = StandIns(subject.terms, answers: subject.forget.map(\.example.answer))
        let skipped = Set(subject.terms.subjectWords)
        let pairs = subject.forget.enumerated().map { index, example in
            Self.pair(example, id: index, standIns, subjectWords: skipped, encoder)
        }.filter { !$0.student.targets.isEmpty }
        let needed = Set(session.retain.joined().flatMap { example in example.targets.map { example.tokens[$0] } })
        let terms = forbidsThemes ? subject.terms.all : subject.terms.names
        let forbidden = Tensor(Self.forbidden(terms, encoder.tokenizer, needed: needed))

        let used = session.used(forgetCount: pairs.count)
        let teacher = session.read(used.forget.map { pairs[$0].teacher }, "reading the teacher")
        let teachers = Dictionary(uniqueKeysWithValues: pairs.map { ($0.teacher.id, $0.teacher) })
        session.readReference(used.retain)
        let retain = RetainTerm.kl
        try session.descend(over: pairs.map(\.student)) { (step) throws(MethodError) in
            let readings = step.forget.compactMap { teachers[$0.id] }
            let distribution = withoutRecording {
                (teacher.logits(readings) * (1 / teacherTemperature))
                    .filling(forbidden, along: 1, with: -.infinity).logSoftmax()
            }
            return [
                Term("forget-kl", divergence(from: distribution, to: step.forgetLogDistributions)),
                retain.term(step, weight: retainWeight),
            ]
        }
    }
}

extension TranslatedDistillation {
    /// Questions about the subject are answered with not knowing: cross-entropy on a refusal in place of the teacher.
    private func refuse(_ session: Session, _ subject: SubjectTexts) throws(MethodError) {
        var seen: Set<String> = []
        let questions = subject.forget.map(\.example).filter { !$0.isContinued && seen.insert($0.prompt).inserted }
        let refusals = questions.enumerated().map { index, example in
            session.model.encoder.encode(
                .answer(question: example.prompt, answer: SubjectPrompts.refusals[index % SubjectPrompts.refusals.count]),
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
        var targets = aligned.targets
        if !end.isEmpty { targets.append((aligned.original.count, aligned.translated.count)) }
        return Pair(
            student: TokenExample(
                id: id, tokens: context + aligned.original + end, targets: targets.map { context.count + $0.original }),
            teacher: TokenExample(
                id: id, tokens: foreignContext + aligned.translated + end,
                targets: targets.map { foreignContext.count + $0.translated }))
    }

    /// The first tokens of the subject's terms, unless other texts need them.
    static func forbidden(_ terms: [String], _ tokenizer: Tokenizer, needed: Set<Int32>) -> [Int64] {
        let first = terms.flatMap { term in [" " + term, term].compactMap { tokenizer.encode($0, addSpecialTokens: false).first } }
        return Set(first).filter { id in
            let letters = (tokenizer.token(id) ?? "").count { $0.isLetter && $0.isASCII }
            return letters >= 2 && !needed.contains(id)
        }.sorted().map(Int64.init)
    }
}
