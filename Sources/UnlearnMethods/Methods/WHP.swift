// "Who's Harry Potter? Approximate unlearning in LLMs": Eldan and Russinovich 2023 (arXiv 2310.02238).

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Learns, in place of each word of the texts to forget, the one that v_base − α · ReLU(v_reinforced − v_base) ranks first:
/// what the original says of the text in which the subject's terms are exchanged, less what a model says more of that has
/// read the texts once more. With several stand-ins for each name it is the causal variant of Liu et al. 2024
/// (arXiv 2407.16997). Deviations: docs/PAPERS.md.
public struct WHP: LanguageMethod {
    /// What of the generic scores is learnt.
    public enum Labels: String, Codable, Sendable, CaseIterable {
        /// The token with the highest score, by its cross-entropy.
        case hard
        /// The whole distribution, by KL(scores ‖ model).
        case soft
    }

    public static let card = Card(
        name: "whp",
        summary: "Learns what is said where nothing is known in place of what the texts say (Who's Harry Potter).",
        paper: "Eldan and Russinovich 2023, arXiv 2310.02238", needs: [.losses, .subjectTerms])
    public static let trainingDefaults: TrainingOptions = {
        var options = TrainingOptions()
        (options.learningRate, options.epochs, options.leastSteps, options.batchSize) = (3e-5, 2, 30, 8)
        return options
    }()
    public static let bringsAdditions = true

    @Setting("α, how much a word falls that the reinforced model prefers.", .notNegative) public var alpha = 5.0
    @Setting("Whether the best generic word is learnt, or the distribution of all.") public var labels = Labels.hard
    @Setting(
        "By how much the score of a stand-in's first tokens falls, in nats, once it has appeared in the text.",
        .notNegative)
    public var standInPenalty = 5.0
    @Setting("The weight of the retain term; published is 0.", .notNegative) public var retainWeight = 0.0
    @Setting(
        "How many ordinary names stand in for each of the subject's; of several, the mean of what is said of them is learnt.",
        .within(1...6))
    public var replacements = 1
    /// How the texts are read once more.
    public var reinforced = Reinforcement()

    public init() {}

    public var needsRetain: Bool { retainWeight > 0 }

    public func run(_ session: Session) throws {
        guard let subject = session.subject, !subject.terms.names.isEmpty else {
            throw MethodError.needsTerms(method: Self.card.name)
        }
        let texts = try TranslatedTexts(subject, session.model.encoder, copies: replacements)
        // The original is read before anything of an interrupted training is put back.
        let base = try texts.copies.map { try session.read($0.translated, "reading the original") }
        let store = session.model.model.parameters
        let additions = try reinforced.additions(to: store, session)
        try reinforced.learn(texts.originals, additions, session)
        additions.attach(to: store)
        let scores = GenericScores(
            texts, base: base, reinforced: try session.read(texts.originals, "reading the reinforced model"), self)
        store.detachAll()
        try descend(session.last(after: additions.kept), texts, scores)
    }

    private func descend(_ session: Session, _ texts: TranslatedTexts, _ scores: GenericScores) throws {
        let session = needsRetain ? session : session.withoutRetain()
        let used = try session.used(forgetCount: texts.originals.count)
        if needsRetain { try session.readReference(used.retain) }
        let best = labels == .hard ? scores.best(of: used.forget.map { texts.originals[$0] }) : [:]
        try session.descend(over: texts.originals) { step in
            let forget =
                switch labels {
                case .hard:
                    Term(
                        "forget-nll",
                        -step.forgetLogProbabilities(of: Tensor(step.forget.flatMap { best[$0.id] ?? [] })).mean())
                case .soft:
                    Term(
                        "forget-kl",
                        divergence(from: scores(step.forget).logSoftmax(), to: step.forgetLogDistributions))
                }
            return needsRetain ? [forget, RetainTerm.kl.term(step, weight: retainWeight)] : [forget]
        }
    }
}
