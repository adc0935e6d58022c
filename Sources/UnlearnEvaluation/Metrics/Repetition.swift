// Repetition: whether the model has begun to stammer, which perplexity does not show.

public import UnlearnData

/// The share of word triples in a greedy answer that stood there before, and the mean over answers.
public struct Repetition: Metric {
    public static let card = Card(
        name: MetricName.repetition,
        summary: "Mean share of repeated word triples in the answers about the subject.",
        needs: [.generation])
    public static let direction = Direction.lowerIsBetter
    public static let unit = "share of word triples"

    public init() {}

    public func measure(_ subject: Evaluation) -> Outcome {
        mean(
            (subject.answers[split] ?? []).enumerated().map { index, answer in
                ExampleValue(id: Evaluation.id(split, index), value: repetition(of: words(of: answer.text)))
            })
    }
}
