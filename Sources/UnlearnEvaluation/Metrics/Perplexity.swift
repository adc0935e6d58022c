// Perplexity: how well the model predicts ordinary text.

internal import Foundation
internal import UnlearnData
internal import UnlearnEngine

/// exp(−Σ log p / tokens) over all tokens of all texts. Each text is read by itself, up to ``Evaluation/window`` tokens.
struct Perplexity: Metric {
    static let card = Card(
        name: MetricName.perplexity,
        summary: "Perplexity of ordinary texts, each read by itself up to \(Evaluation.window) tokens.",
        needs: [.losses])
    static let direction = Direction.unchangedIsBetter
    static let unit = ""

    var split: Split { .text }

    func measure(_ subject: Evaluation) -> Outcome {
        let examples = subject.values(split) { $0.meanLogProbability.map { exp(-$0) } }
        // Checks that there are values and that all are finite.
        guard case .measured = mean(examples) else { return mean(examples) }
        let scores = (subject.scores[split] ?? []).filter { !$0.logProbabilities.isEmpty }
        let nats = scores.map { -$0.logProbability }
        let tokens = scores.map { Double($0.logProbabilities.count) }
        var generator = Generator(seed: 0)
        // Texts are drawn whole, with their tokens.
        let interval = Statistics.pairedRatioInterval(before: tokens, after: nats, using: &generator)
        return .measured(
            Measurement(
                name: Self.card.name, split: split, direction: Self.direction, unit: Self.unit,
                value: exp(nats.reduce(0, +) / tokens.reduce(0, +)),
                interval: Interval(low: exp(interval.low), high: exp(interval.high)), n: examples.count,
                perExample: examples))
    }
}
