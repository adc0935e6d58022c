// Log-probability: whether the model still says what it said before about everything else.

public import UnlearnData

/// log p in nats per token of the original model's own answers, and the mean over answers.
public struct LogProbability: Metric {
    public static let card = Card(
        name: MetricName.logProbability,
        summary: "Mean log-probability of the original model's own answers about what should stay.",
        needs: [.losses])
    public static let direction = Direction.unchangedIsBetter
    public static let unit = "nats per token"

    public var split = Split.general

    public init() {}

    public init(split: Split) {
        self.split = split
    }

    public func measure(_ subject: Evaluation) -> Outcome {
        mean(subject.values(split, \.meanLogProbability))
    }
}
