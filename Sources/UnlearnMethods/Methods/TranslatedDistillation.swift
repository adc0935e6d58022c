// Translated distillation: the model learns to speak of the subject as it speaks of somebody it never heard of.
// A member of the family of Eldan and Russinovich 2023 (arXiv 2310.02238): generic predictions are read from the
// original model on text in which the subject's names are exchanged. Deviations: docs/PAPERS.md.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
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
public struct TranslatedDistillation: LanguageMethod {
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

    @Setting("What the new answers say: something invented, or that the model does not know.")
    public var answer = AnswerStyle.invented
    @Setting("The weight of the retain term.", .notNegative) public var retainWeight = 2.0
    @Setting("Whether the subject's themes (“wizard”) are forbidden beside its names.") public var forbidsThemes = true

    @Setting(
        "Below 1 the teacher is surer of itself than the original model, and the new answers ramble "
            + "less.", .positive)
    public var teacherTemperature = 0.85

    @Setting(
        "How much more than the rest of the divergence counts −log(1 − m), m the model's own probability "
            + "of saying something forbidden.", .notNegative)
    public var forbiddenWeight = 5.0

    public init() {}

    public func run(_ session: Session) throws {
        guard let subject = session.subject, !subject.terms.names.isEmpty else {
            throw MethodError.needsTerms(method: Self.card.name)
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

    func run() throws {
        let pairs = try self.pairs(subject.forget)
        let used = try session.used(forgetCount: pairs.count)
        let teacher = try Teacher(used.forget.map { pairs[$0] }, session)
        try session.readReference(used.retain)
        try session.descend(over: pairs.map(\.student)) { [self] step in
            let distribution = teacher.logDistributions(
                step.forget, temperature: method.teacherTemperature, forbidden: forbidden)
            let predicted = step.forgetLogDistributions
            return [
                Term("forget-kl", divergence(from: distribution, to: predicted)),
                Term("forbidden", weight: method.forbiddenWeight, avoidance(of: forbidden, by: predicted)),
                RetainTerm.kl.term(step, weight: method.retainWeight),
            ]
        }
    }

    private func pairs(_ examples: [ForgetExample]) throws -> [Pair] {
        try examples.enumerated().map { (index, example) throws in
            try TranslatedDistillation.pair(example, id: index, standIns, subjectWords: subjectWords, encoder)
        }.filter { !$0.student.targets.isEmpty }
    }
}

extension TranslatedDistillation {
    /// Questions about the subject are answered with not knowing: cross-entropy on a refusal in place of the teacher.
    private func refuse(_ session: Session, _ subject: SubjectTexts) throws {
        var seen: Set<String> = []
        let questions = subject.forget.map(\.example).filter { !$0.isContinued && seen.insert($0.prompt).inserted }
        guard !questions.isEmpty else { throw MethodError.needsQuestions }
        let refusals = try questions.enumerated().map { (index, example) throws in
            let refusal = SubjectPrompts.refusals[index % SubjectPrompts.refusals.count]
            return try session.model.encoder.encode(.answer(question: example.prompt, answer: refusal), id: index)
        }
        try session.readReference(session.used(forgetCount: refusals.count).retain)
        try session.descend(over: refusals) { step in
            [Term("forget-refusal", step.forgetTargetMean()), RetainTerm.kl.term(step, weight: retainWeight)]
        }
    }
}
