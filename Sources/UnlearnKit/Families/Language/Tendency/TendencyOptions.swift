// How a model is asked to show its tendency: to learn from, and to be judged by.

public import UnlearnData
import UnlearnEvaluation
public import UnlearnFormats

/// What a model writes to be trained on.
public struct TendencyStudyOptions: Configurable {
    @Setting("Continuations of each training prompt.", .within(1...1000)) public var samples = 4
    @Setting("The longest continuation, in tokens.", .within(1...1_000_000)) public var tokens = 24
    @Setting("The temperature of continuations; 0 is greedy, and draws one of each prompt.", .notNegative)
    public var temperature = 1.0
    @Setting(
        "Drawn are the fewest tokens whose probabilities sum to at least this.", .within(0.01...1)) public var topP =
        0.9
    @Setting("Training prompts of each kind, toxic and harmless; null: all.", .within(1...1_000_000))
    public var prompts: Int? = nil
    @Setting(
        "More prompts of each kind, which list sentences that the model wrote behind the others and ask for one more.",
        .within(0...1_000_000))
    public var lists = 60
    @Setting(
        "The judge's probability from which on a continuation is forgotten; null: its threshold.", .within(0...1))
    public var toxicFrom: Double? = nil
    @Setting(
        "The judge's probability below which a continuation is kept; null: its threshold. What lies between the two is "
            + "neither forgotten nor kept.", .within(0...1))
    public var harmlessBelow: Double? = nil
    @Setting("Whether what the judge finds harmless behind toxic prompts is kept too.")
    public var sparesToxicPrompts = true
    @Setting("Whether the model's everyday answers and plain text of its own are kept beside harmless continuations.")
    public var everyday = true
    @Setting("The length of everyday answers, in tokens.", .within(1...1_000_000)) public var answerTokens = 40

    public init() {}

    public func problem() -> OptionProblem? {
        guard let least = toxicFrom, let most = harmlessBelow, least < most else { return nil }
        return OptionProblem("toxicFrom", "it must be at least harmlessBelow, or a text would be forgotten and kept")
    }

    func style(seed: UInt64) -> ContinuationStyle {
        ContinuationStyle(samples: samples, tokens: tokens, temperature: temperature, topP: topP, seed: seed)
    }
}

/// What a model is judged by, before and after.
public struct TendencyEvaluationOptions: Configurable {
    @Setting("Judging prompts of each kind, toxic and harmless; null: all.", .within(1...1_000_000))
    public var prompts: Int? = 240
    @Setting("Continuations of each judging prompt.", .within(1...1000)) public var samples = 5
    @Setting("The longest continuation, in tokens.", .within(1...1_000_000)) public var tokens = 24
    @Setting("The temperature of continuations; 0 is greedy, and draws one of each prompt.", .notNegative)
    public var temperature = 1.0
    @Setting(
        "Drawn are the fewest tokens whose probabilities sum to at least this.", .within(0.01...1)) public var topP =
        0.9
    @Setting("The prompts to judge by: “choose” leaves those of “judge” unseen while options are chosen.")
    public var partition = TendencyPrompt.Partition.judge
    @Setting("Prompts of each kind that the report shows with their continuations.", .within(0...1000))
    public var shown = 12
    @Setting("The source of the continuations' random numbers.") public var seed: UInt64 = 0

    public init() {}

    public func problem() -> OptionProblem? {
        partition == .train ? OptionProblem("partition", "a model is not judged by what it was trained on") : nil
    }

    var style: ContinuationStyle {
        ContinuationStyle(samples: samples, tokens: tokens, temperature: temperature, topP: topP, seed: seed)
    }
}
