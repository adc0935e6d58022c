// Repetition: whether the model has begun to stammer, which perplexity does not show.

internal import UnlearnData

/// The share of word triples in a greedy answer that stood there before, and the mean over answers.
struct Repetition: Metric {
    static let card = Card(
        name: MetricName.repetition,
        summary: "Mean share of repeated word triples in the answers about the subject.",
        needs: [.generation])
    static let direction = Direction.lowerIsBetter
    static let unit = "share of word triples"

    func measure(_ subject: Evaluation) -> Outcome {
        mean(
            (subject.answers[split] ?? []).enumerated().map { index, answer in
                ExampleValue(id: Evaluation.id(split, index), value: repetition(of: words(of: answer.text)))
            })
    }
}
