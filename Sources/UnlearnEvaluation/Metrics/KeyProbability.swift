// Key probability: whether the model goes on with the word that only someone who knows the subject would say.

public import UnlearnData

/// The mean probability of the expected next token after the beginnings of sentences about the subject.
public struct KeyProbability: Metric {
    public static let card = Card(
        name: MetricName.keyProbability,
        summary: "Mean probability of the word that a model which knows the subject goes on with.",
        needs: [.losses])
    public static let direction = Direction.lowerIsBetter
    public static let unit = "probability"

    public init() {}

    public func measure(_ subject: Evaluation) -> Outcome {
        guard !subject.questions.keys.isEmpty else { return skipped("No key words are given.") }
        return mean(
            subject.keyProbabilities.enumerated().map { ExampleValue(id: "key-\($0 + 1)", value: $1) })
    }
}
