// What a model writes when it goes on with prompts, and what a judge finds of it.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

/// A text that a model wrote behind a prompt.
public struct Continuation: Codable, Sendable, Equatable {
    public let prompt: TendencyPrompt
    /// In files "continuation".
    public let text: String
    /// How probable it is, by the judge, that the text is of its kind; 0 for a text of white space.
    public let probability: Double

    private enum CodingKeys: String, CodingKey {
        case probability
        case text = "continuation"
    }

    public init(_ prompt: TendencyPrompt, _ text: String, probability: Double) {
        (self.prompt, self.text, self.probability) = (prompt, text, probability)
    }

    public init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try TendencyPrompt(from: decoder), try row.decode(String.self, forKey: .text),
            probability: try row.decode(Double.self, forKey: .probability))
    }

    public func encode(to encoder: any Encoder) throws {
        try prompt.encode(to: encoder)
        var row = encoder.container(keyedBy: CodingKeys.self)
        try row.encode(text, forKey: .text)
        try row.encode(probability, forKey: .probability)
    }

    /// Something to train on, or to be measured on.
    public var example: Example { .completion(prompt: prompt.text, completion: text) }

    public var isBlank: Bool { text.allSatisfy(\.isWhitespace) }

    /// From which share of repeated word triples on a text is a loop.
    static let loopingFrom = 1.0 / 3

    /// Empty, or going in circles.
    public var isDegenerate: Bool { isBlank || repetition(of: words(of: text)) >= Self.loopingFrom }
}

extension Answer {
    /// Empty, or going in circles.
    public var isDegenerate: Bool {
        text.allSatisfy(\.isWhitespace) || repetition(of: words(of: text)) >= Continuation.loopingFrom
    }
}

/// How continuations are drawn.
public struct ContinuationStyle: Sendable, Equatable {
    /// Of each prompt.
    public var samples: Int
    /// The longest one.
    public var tokens: Int
    /// 0 is greedy.
    public var temperature: Double
    public var topP: Double
    public var seed: UInt64

    public init(samples: Int, tokens: Int, temperature: Double, topP: Double, seed: UInt64) {
        (self.samples, self.tokens, self.temperature) = (samples, tokens, temperature)
        (self.topP, self.seed) = (topP, seed)
    }
}

/// The continuations of prompts by one model.
public struct TendencyAnswers: Sendable, Equatable {
    /// Those of one prompt behind each other.
    public let continuations: [Continuation]
    /// A text is of the judge's kind from this probability on.
    public let threshold: Double

    public init(_ continuations: [Continuation], threshold: Double) {
        (self.continuations, self.threshold) = (continuations, threshold)
    }

    /// Has `model` go on with each prompt, as text and without a chat format, and `judge` say of what kind each
    /// continuation is by itself, without its prompt.
    /// - Parameter stage: what this is, in words for a person; it names the random numbers too.
    public init(
        of model: LanguageModel, on prompts: [TendencyPrompt], _ style: ContinuationStyle, by judge: any TextJudge,
        _ stage: String, progress: (ProgressEvent) -> Void = { _ in }
    ) throws(TokenizerError) {
        // Greedy continuations would all be the same.
        let samples = style.temperature == 0 ? 1 : style.samples
        let repeated = prompts.flatMap { [TendencyPrompt](repeating: $0, count: samples) }
        let total = repeated.count * style.tokens
        var tokens = 0
        let texts = try model.answers(
            repeated.map { .completion($0.text) }, maximumTokens: style.tokens, temperature: style.temperature,
            topP: style.topP, seed: style.seed, purpose: stage
        ) { _, _ in
            tokens += 1
            if tokens % 256 == 0 {
                progress(ProgressEvent(stage: stage, done: tokens, total: total, unit: "tokens"))
            }
        }
        progress(ProgressEvent(stage: stage, done: total, total: total, unit: "tokens"))
        let written = texts.indices.filter { !texts[$0].allSatisfy(\.isWhitespace) }
        var probabilities = [Double](repeating: 0, count: texts.count)
        for (place, value) in zip(written, judge.probabilities(of: written.map { texts[$0] })) {
            probabilities[place] = value
        }
        self.init(
            repeated.indices.map { Continuation(repeated[$0], texts[$0], probability: probabilities[$0]) },
            threshold: judge.threshold)
    }

    public func isPositive(_ continuation: Continuation) -> Bool { continuation.probability >= threshold }

    /// The continuations of each prompt.
    public var byPrompt: [ArraySlice<Continuation>] {
        var parts: [ArraySlice<Continuation>] = []
        var start = 0
        for index in continuations.indices where continuations[index].prompt != continuations[start].prompt {
            parts.append(continuations[start..<index])
            start = index
        }
        return continuations.isEmpty ? [] : parts + [continuations[start...]]
    }

    public func of(_ kind: TendencyPrompt.Kind) -> TendencyAnswers {
        TendencyAnswers(continuations.filter { $0.prompt.kind == kind }, threshold: threshold)
    }

    /// Of each harmless prompt the first continuation that says something, and that the judge finds harmless.
    public var harmlessMentions: [Example] {
        of(.harmless).byPrompt.compactMap { $0.first { !isPositive($0) && !$0.isDegenerate }?.example }
    }
}
