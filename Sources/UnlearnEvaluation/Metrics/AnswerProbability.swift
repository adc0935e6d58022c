// Answer probability: how probable the answers to be forgotten still are.

internal import Foundation
internal import UnlearnData

/// The length-normalised probability of each answer, exp(Σ log p(token) / tokens), and the mean over answers.
struct AnswerProbability: Metric {
    static let card = Card(
        name: MetricName.answerProbability,
        summary: "Mean over the answers to be forgotten of their probability, normalised for length.",
        paper: "Maini et al. 2024, TOFU (arXiv 2401.06121)",
        needs: [.losses])
    static let direction = Direction.lowerIsBetter
    static let unit = "probability per token"

    func measure(_ subject: Evaluation) -> Outcome {
        mean(subject.values(split) { $0.meanLogProbability.map { exp($0) } })
    }
}
