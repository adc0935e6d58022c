// Exact memorization: how many tokens of an answer the model would choose itself.

internal import UnlearnData

/// The share of tokens of each answer to be forgotten that are the most probable ones; the mean over answers.
struct ExactMemorization: Metric {
    static let card = Card(
        name: MetricName.exactMemorization,
        summary: "Mean share of the tokens of an answer to be forgotten that the model finds most probable.",
        paper: "Tirumala et al. 2022, Memorization Without Overfitting (arXiv 2205.10770)",
        needs: [.losses])
    static let direction = Direction.lowerIsBetter
    static let unit = "share of tokens"

    func measure(_ subject: Evaluation) -> Outcome {
        mean(subject.values(split) { exactMemorization(argmaxMatches: $0.argmaxMatches) })
    }
}
