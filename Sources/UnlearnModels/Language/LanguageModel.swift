// A model together with what it takes to talk to it: tokenizer, chat format, stop tokens.

public import UnlearnData
public import UnlearnEngine

/// A loaded model and its text side.
public struct LanguageModel {
    public let model: any CausalLM
    public private(set) var encoder: ExampleEncoder
    public let stopTokens: Set<Int32>
    /// Builds the model's architecture over other weights; nil: greedy text of one prompt is not guessed ahead.
    private let make: ((Weights) throws(ModelError) -> any CausalLM)?

    public var tokenizer: Tokenizer { encoder.tokenizer }

    /// - Parameter make: builds the model's architecture over other weights, with which a long greedy text of one prompt
    ///   is written faster, and the same.
    public init(
        model: any CausalLM, encoder: ExampleEncoder, stopTokens: Set<Int32>,
        make: ((Weights) throws(ModelError) -> any CausalLM)? = nil
    ) {
        self.make = make
        self.model = model
        self.encoder = encoder
        self.stopTokens = stopTokens.union(encoder.stopTokens)
    }

    /// The same model with messages before everything that it is asked, as in a conversation that goes on.
    /// - Throws: as ``ids(_:)``.
    public func following(_ messages: [ChatMessage]) throws(TokenizerError) -> LanguageModel {
        var model = self
        model.encoder = try encoder.following(messages)
        return model
    }

    /// The token ids of a prompt.
    /// - Throws: `TokenizerError` for a question that the model's chat template refuses.
    public func ids(_ prompt: Prompt) throws(TokenizerError) -> [Int32] {
        switch prompt {
        case .question(let text): try encoder.question(text)
        case .completion(let text): encoder.prompt(text)
        }
    }

    /// The model's answers, batched.
    /// - Parameters:
    ///   - seed: with `purpose` and a prompt's place, the source of a sampled answer's random numbers.
    ///   - onToken: told of each new token with the place of its prompt.
    /// - Throws: as ``ids(_:)``.
    public func answers(
        _ prompts: [Prompt], maximumTokens: Int, temperature: Double = 0, topP: Double = 1, seed: UInt64 = 0,
        purpose: String = "answers", onToken: (Int, Int32) -> Void = { _, _ in }
    ) throws(TokenizerError) -> [String] {
        let decoding = Decoding(
            maximumTokens: maximumTokens, temperature: temperature, topP: topP, stopTokens: stopTokens)
        let generators =
            temperature == 0 ? [] : prompts.indices.map { Generator(seed: seed, purpose: "\(purpose) \($0)") }
        let contexts = try prompts.map { (it) throws(TokenizerError) in try ids(it) }
        let answers: [[Int32]]
        if prompts.count == 1, let ahead = speculation(decoding) {
            answers = [ahead.text(after: contexts[0]) { onToken(0, $0) }]
        } else {
            answers = model.generate(contexts, decoding, generators: generators, onToken: onToken)
        }
        return zip(contexts, answers).map { tokenizer.decode($1, following: $0) }
    }

    /// What writes the text of a single prompt faster, where that pays.
    private func speculation(_ decoding: Decoding) -> SelfSpeculation? {
        guard let make, SelfSpeculation.pays(decoding, model) else { return nil }
        return SelfSpeculation(model, decoding, make)
    }

    /// The sum of log p over each example's labelled tokens, and the values themselves: one pass, sorted by length.
    /// - Returns: for each example, log p of each labelled token in nats.
    public func logProbabilities(_ examples: [TokenExample], tokensPerBatch: Int = 1024) -> [[Float]] {
        var results = [[Float]](repeating: [], count: examples.count)
        for indices in Self.batches(examples, tokens: tokensPerBatch) {
            let batch = TokenBatch(indices.map { examples[$0] })
            let values = withoutRecording { model.logProbabilities(batch).scalars(Float.self) }
            for (index, range) in zip(indices, batch.targetRanges) { results[index] = Array(values[range]) }
        }
        return results
    }

    /// Indices of examples of like length, together no longer than `tokens`.
    public static func batches(_ examples: [TokenExample], tokens: Int) -> [[Int]] {
        var batches: [[Int]] = []
        var length = 0
        let order = examples.indices.sorted { (examples[$0].tokens.count, $0) < (examples[$1].tokens.count, $1) }
        for index in order {
            let count = examples[index].tokens.count
            if batches.isEmpty || length + count > tokens {
                batches.append([])
                length = 0
            }
            batches[batches.count - 1].append(index)
            length += count
        }
        return batches
    }
}
