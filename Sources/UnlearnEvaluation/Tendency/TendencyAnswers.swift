// What a model writes when it goes on with prompts, and what a judge finds of it.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

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

    /// Has `model` go on with each prompt, as text and without a chat format, and `judge` say of what kind the line of each
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
        let probabilities = Continuation.probabilities(of: texts.map(Continuation.line), by: judge)
        self.init(
            repeated.indices.map { Continuation(repeated[$0], texts[$0], probability: probabilities[$0]) },
            threshold: judge.threshold)
    }

    /// With more continuations behind these.
    public static func += (answers: inout TendencyAnswers, more: TendencyAnswers) {
        answers = TendencyAnswers(answers.continuations + more.continuations, threshold: answers.threshold)
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
