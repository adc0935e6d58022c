// Erasure of language memory: Gandikota, Feucht, Marks and Bau 2024 (arXiv 2410.02760), section 4.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// λ₁ · CE(p_erased, p) on the texts to forget + λ₂ · KL(original ‖ p) on what is to stay + λ₃ · −log p of fluent texts that
/// follow the subject's prompts, p_erased being the original's view, moved from an expert's to a beginner's. Learnt are
/// low-rank additions to early layers, so that the original is the model without them. Deviations: docs/PAPERS.md.
public struct ELM: LanguageMethod {
    public static let card = Card(
        name: "elm",
        summary: "Says of the subject what a beginner would say and no expert, fluently (Erasure of Language Memory).",
        paper: "Gandikota et al. 2024, arXiv 2410.02760", needs: [.losses, .retainSet, .subjectTerms])
    public static let trainingDefaults: TrainingOptions = {
        var options = TrainingOptions()
        (options.learningRate, options.steps) = (1e-3, 60)
        return options
    }()
    public static let bringsAdditions = true

    @Setting("η at the last token of a text, how far it is moved from an expert's to a beginner's.", .notNegative)
    public var eta = 1000.0
    @Setting("η at the first token of a text; between both it grows evenly.", .notNegative) public var firstEta = 1.0
    @Setting("The most probable tokens of the moved distribution that are learnt.", .within(1...1000))
    public var topK = 50
    @Setting("What scores are divided by before they are moved.", .positive) public var temperature = 1.2
    @Setting("λ₁, the weight of the moved distribution.", .notNegative) public var eraseWeight = 1.0
    @Setting("λ₂, the weight of the retain term; 0 needs no retain set.", .notNegative) public var retainWeight = 1.0
    @Setting("λ₃, the weight of the fluent texts; 0 writes none.", .notNegative) public var fluencyWeight = 1.0
    @Setting("η with which the fluent texts are written.", .notNegative) public var fluencyEta = 3.0
    @Setting("The length of a fluent text, in tokens.", .within(1...1000)) public var fluencyTokens = 40
    @Setting("The first block that gets low-rank additions, counted from 0.", .notNegative) public var firstLayer = 4
    @Setting("The last block that gets low-rank additions.", .notNegative) public var lastLayer = 7
    @Setting("r, the width of the low-rank additions.", .within(1...1024)) public var rank = 8
    @Setting("α of the additions, which are scaled by α / r.", .positive) public var alpha = 16.0

    public init() {}

    public var needsRetain: Bool { retainWeight > 0 }

    public func problem() -> OptionProblem? {
        firstLayer > lastLayer ? OptionProblem("firstLayer", "it must be at most lastLayer, \(lastLayer)") : nil
    }

    public func check(layerCount: Int) throws {
        guard lastLayer < layerCount else {
            throw MethodError.layer(lastLayer, method: Self.card.name, option: "lastLayer", layers: layerCount)
        }
    }

    public func run(_ session: Session) throws {
        guard let subject = session.subject, let concept = Concept(subject.terms) else {
            throw MethodError.needsTerms(method: Self.card.name)
        }
        let session = needsRetain ? session : session.withoutRetain()
        let examples = subject.forget.map(\.example)
        let texts = try ContrastedTexts(examples, concept, session.model)
        // The original is read before anything of an interrupted training is put back.
        let used = try session.used(forgetCount: texts.plain.count)
        let erased = try ErasedReadings(self, texts, used.forget, session)
        if needsRetain { try session.readReference(used.retain) }
        let ids = used.forget.map { texts.plain[$0].id }
        let fluent = try fluencyWeight > 0 ? FluentTexts(self, ids, examples, concept, session) : nil
        let store = session.model.model.parameters
        try attach(to: store, session)
        try session.descend(over: texts.plain) { step in
            let erase = erased(step.forget).crossEntropy(step.forgetLogDistributions)
            var terms = [Term("erase-ce", weight: eraseWeight, erase)]
            if let mean = fluent?.targetMean(beside: step.forget) {
                terms.append(Term("fluency-nll", weight: fluencyWeight, mean))
            }
            return needsRetain ? terms + [RetainTerm.kl.term(step, weight: retainWeight)] : terms
        }
        store.mergeAll()
    }

    private func attach(to store: ParameterStore, _ session: Session) throws {
        var options = LoRAOptions()
        (options.rank, options.alpha) = (rank, alpha)
        let names = try ParameterStore.select(session.options.parameters, from: store.names)
        let blocks = firstLayer...lastLayer
        let inside = names.filter { session.model.model.block(of: $0).map(blocks.contains) ?? false }
        try LoRA.attach(options, to: store, pattern: inside.joined(separator: ","), seed: session.seed)
    }
}
