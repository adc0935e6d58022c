// What every metric is: a card, and a figure drawn from what one model answered and predicted.

public import UnlearnData
internal import UnlearnEngine

/// One figure of one model. Metrics compute nothing with the model: they look at its ``Evaluation``.
public protocol Metric: Configurable {
    static var card: Card { get }
    static var direction: Direction { get }
    /// The unit in words; empty for a pure number.
    static var unit: String { get }
    /// The part of the data that is looked at.
    var split: Split { get }

    func measure(_ subject: Evaluation) -> Outcome
}

extension Metric {
    public var split: Split { .forget }

    /// The mean of the values with a bootstrap interval. The resamples are the same ones in every run.
    func mean(_ values: [ExampleValue]) -> Outcome {
        var generator = Generator(seed: 0)
        return .mean(
            name: Self.card.name, split: split, direction: Self.direction, unit: Self.unit, perExample: values,
            using: &generator)
    }

    func skipped(_ reason: String) -> Outcome { .skipped(name: Self.card.name, reason: reason) }

    /// The share of questions about the subject where any of the answers holds a term that the question does not.
    func share(of subject: Evaluation, leaking terms: [String], in answers: [[String]]) -> Outcome {
        guard !terms.isEmpty else { return skipped("No terms of the subject are known to look for.") }
        let matcher = TermMatcher(terms)
        let values = zip(subject.questions.forget, answers).enumerated().map { index, pair in
            let found = Set(pair.1.flatMap { matcher.termsFound(in: $0, excludingThoseIn: pair.0.text) }).sorted()
            return ExampleValue(
                id: Evaluation.id(split, index), value: found.isEmpty ? 0 : 1, found: found.isEmpty ? nil : found)
        }
        return .share(
            name: Self.card.name, split: split, direction: Self.direction, unit: Self.unit, perExample: values)
    }
}
