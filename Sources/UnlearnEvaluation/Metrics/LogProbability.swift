// Log-probability: whether the model still says what it said before about everything else.

internal import UnlearnData

/// log p in nats per token of the original model's own answers, and the mean over answers.
struct LogProbability: Metric {
    static let card = Card(
        name: MetricName.logProbability,
        summary: "Mean log-probability of the original model's own answers about what should stay.",
        needs: [.losses])
    static let direction = Direction.unchangedIsBetter
    static let unit = "nats per token"

    var split = Split.general

    func measure(_ subject: Evaluation) -> Outcome {
        mean(subject.values(split, \.meanLogProbability))
    }
}
