// What the original writes behind the subject's prompts when it is led from an expert's view to a beginner's: fluent, and
// empty of the subject. Gandikota et al. 2024 (arXiv 2410.02760), section 4, "conditional fluency".

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

struct FluentTexts {
    /// For each text to forget the one that goes on with its prompt.
    private var continuations: [Int: TokenExample] = [:]
    private let model: any CausalLM
    private static let temperature = 0.7
    private static let topP = 0.9

    /// - Parameter ids: the places in `examples` of those that are learnt from.
    init(_ method: ELM, _ ids: [Int], _ examples: [Example], _ concept: Concept, _ session: Session) throws {
        model = session.model.model
        let asked = ids.compactMap { id in Prompt(asking: examples[id]).map { (id: id, prompt: $0) } }
        let distinct = asked.distinct(by: \.prompt)
        let texts = try Self.write(distinct.map { ($0.prompt, concept.contexts($0.id)) }, method, session)
        var encoded: [Prompt: TokenExample] = [:]
        for (asked, text) in zip(distinct, texts) {
            let example = try session.model.encoder.encode(asked.prompt.answered(text), id: asked.id)
            if !example.targets.isEmpty, example.tokens.count <= model.contextLength { encoded[asked.prompt] = example }
        }
        for (id, prompt) in asked { continuations[id] = encoded[prompt] }
    }

    private static func write(
        _ prompts: [(Prompt, (novice: String, expert: String))], _ method: ELM, _ session: Session
    ) throws -> [String] {
        let model = session.model
        let room = max(1, model.model.contextLength - method.fluencyTokens)
        let guided = try prompts.map { prompt, contexts in
            let readings = try [prompt, prompt.behind(contexts.novice), prompt.behind(contexts.expert)].map {
                Array(try model.ids($0).suffix(room))
            }
            return GuidedPrompt(plain: readings[0], followed: readings[1], shunned: readings[2])
        }
        var written = 0
        let texts = model.model.generate(
            guided, strength: method.fluencyEta,
            Decoding(
                maximumTokens: method.fluencyTokens, temperature: temperature, topP: topP, stopTokens: model.stopTokens),
            generators: prompts.indices.map { Generator(seed: session.seed, purpose: "fluent text \($0)") }
        ) { _, _ in
            written += 1
            session.note("writing fluent texts", written, of: prompts.count * method.fluencyTokens, "tokens")
        }
        return zip(guided, texts).map { model.tokenizer.decode($1, following: $0.plain) }
    }

    /// −log p per token of the texts that go on with the prompts of `texts`, averaged and recorded; nil: there are none.
    func targetMean(beside texts: [TokenExample]) -> Tensor? {
        let fluent = texts.compactMap { continuations[$0.id] }.distinct(by: \.tokens)
        return fluent.isEmpty ? nil : -model.logProbabilities(TokenBatch(fluent)).mean()
    }
}
