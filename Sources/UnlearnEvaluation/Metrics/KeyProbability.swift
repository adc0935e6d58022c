// Key probability: whether the model goes on with the word that only someone who knows the subject would say.

internal import UnlearnData

/// The mean probability of the expected next token after the beginnings of sentences about the subject.
struct KeyProbability: Metric {
    static let card = Card(
        name: MetricName.keyProbability,
        summary: "Mean probability of the word that a model which knows the subject goes on with.",
        needs: [.losses])
    static let direction = Direction.lowerIsBetter
    static let unit = "probability"

    func measure(_ subject: Evaluation) -> Outcome {
        guard !subject.questions.keys.isEmpty else { return skipped("No key words are given.") }
        return mean(
            subject.keyProbabilities.enumerated().map { ExampleValue(id: "key-\($0 + 1)", value: $1) })
    }
}
