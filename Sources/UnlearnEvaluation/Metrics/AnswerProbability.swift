// Answer probability: how probable the answers to be forgotten still are.

internal import Foundation
public import UnlearnData

/// The length-normalised probability of each answer, exp(Σ log p(token) / tokens), and the mean over answers.
public struct AnswerProbability: Metric {
    public static let card = Card(
        name: MetricName.answerProbability,
        summary: "Mean over the answers to be forgotten of their probability, normalised for length.",
        paper: "Maini et al. 2024, TOFU (arXiv 2401.06121)",
        needs: [.losses])
    public static let direction = Direction.lowerIsBetter
    public static let unit = "probability per token"

    public init() {}

    public func measure(_ subject: Evaluation) -> Outcome {
        mean(subject.values(split) { $0.meanLogProbability.map { exp($0) } })
    }
}
