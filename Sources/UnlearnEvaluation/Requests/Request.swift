// What a suite asks of a model, and what the model replied: the only two things that a suite and a model exchange.

public import UnlearnData

/// One thing asked of a model.
public enum Request: Sendable, Hashable {
    /// How probable an example's continuation, answer or text is. A continuation is cut into tokens as
    /// EleutherAI's lm-evaluation-harness cuts it; see ``ResponseOptions/beginToken``.
    case score(Example)
    /// The same of several, as a rule options with a common beginning, which is read once.
    case choose([Example])
    /// How probable every token of a long text is, read in windows that overlap.
    case read(String, Windows)
    /// One text or several that the model writes.
    case answer(Prompt, AnswerOptions)
}

/// How a text that is longer than what a model reads at once is cut, in tokens.
public struct Windows: Sendable, Hashable {
    /// The most tokens that are read together; what a model cannot read is cut off this number.
    public var length: Int
    /// How many tokens of each window count: those before them are context, read again.
    public var stride: Int

    public init(length: Int, stride: Int) { (self.length, self.stride) = (length, stride) }
}

/// How a model answers.
public struct AnswerOptions: Sendable, Hashable {
    /// How many answers are drawn; greedy ones would all be the same.
    public var samples: Int
    /// The longest answer, in tokens.
    public var maximumTokens: Int
    /// 0 is greedy.
    public var temperature: Double
    /// Drawn are the fewest tokens whose probabilities sum to at least this.
    public var topP: Double
    /// An answer ends before the first of these texts.
    public var stops: [String]

    public init(
        samples: Int = 1, maximumTokens: Int, temperature: Double = 0, topP: Double = 1, stops: [String] = []
    ) {
        (self.samples, self.maximumTokens, self.temperature) = (samples, maximumTokens, temperature)
        (self.topP, self.stops) = (topP, stops)
    }

    /// An answer up to the first of the texts that end it.
    func cut(_ answer: String) -> String {
        let ends = stops.compactMap { $0.isEmpty ? nil : answer.firstRange(of: $0)?.lowerBound }
        return ends.min().map { String(answer[..<$0]) } ?? answer
    }
}

/// How all requests are put to a model.
public struct ResponseOptions: Sendable {
    /// The source of all random numbers. An answer's own depend on its place among those asked for, and on no batch.
    public var seed: UInt64
    /// Whether texts and continuations begin with the token that the model's tokenizer puts before a text, if it has
    /// one: `add_bos_token` of lm-evaluation-harness, where it is off.
    public var beginToken: Bool
    /// How many tokens are read together.
    public var tokensPerBatch = 1024

    public init(seed: UInt64 = 0, beginToken: Bool = true) { (self.seed, self.beginToken) = (seed, beginToken) }
}

/// What one model replied, by request.
public struct Responses: Sendable {
    var scores: [Request: [TokenScores]] = [:]
    var texts: [Request: [String]] = [:]

    /// For `score` and `read`, the one text's; for `choose`, one for each option.
    public func scores(_ request: Request) -> [TokenScores] {
        guard let scores = scores[request] else { preconditionFailure("Responses: \(request) was not asked") }
        return scores
    }

    /// The answers to an `answer`, as many as were asked for.
    public func answers(_ request: Request) -> [String] {
        guard let texts = texts[request] else { preconditionFailure("Responses: \(request) was not asked") }
        return texts
    }
}

extension TokenScores {
    /// Whether the model, always choosing the most probable token, would write just this.
    public var isGreedy: Bool { argmaxMatches.allSatisfy { $0 } }
}
