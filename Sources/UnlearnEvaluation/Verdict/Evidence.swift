// The measurements before and after, and how they are held against a limit: what all rules of verdicts share.

internal import Foundation
internal import UnlearnEngine

/// The measurements of one run.
public struct Evidence: Sendable {
    let before: [Measurement]
    let after: [Measurement]
    /// Of a model that never learnt what is to be forgotten; empty where there is none.
    let control: [Measurement]
    /// Whether nothing of a forgotten kind is to stay: whole classes.
    let forgetsWholeClasses: Bool

    // MARK: - Judging

    /// A finding on a figure that should be at most so much.
    /// - Parameters:
    ///   - sentence: what was found, up to where it is held against the limit.
    ///   - limit: the same in words.
    ///   - noun: one of what the figure rests on: "question".
    func finding(
        _ sentence: String, _ figure: JudgedFigure, atMost bound: Double, _ limit: String, _ noun: String
    ) -> Finding {
        let judgement = figure.judgement(atMost: bound)
        let standing =
            switch judgement {
            case .met: "within the limit of \(limit)."
            case .failed: "beyond the limit of \(limit)."
            default: "not clear of the limit of \(limit)" + missing(figure, atMost: bound, noun)
            }
        return Finding(judgement, sentence + standing)
    }

    private func missing(_ figure: JudgedFigure, atMost bound: Double, _ noun: String) -> String {
        guard let more = figure.missing(atMost: bound) else { return "." }
        return ": if it stays so, about \(more) more \(noun)\(more == 1 ? "" : "s") would decide."
    }

    /// A change of something that should stay, which may fall by so much.
    func kept(
        _ metric: String, _ split: Split, _ name: String, atLeast margin: Double, _ unit: String = "",
        of noun: String = "question"
    ) -> Finding {
        guard let (old, new) = both(metric, split) else { return missing("\(name), before and after") }
        let change = change(old, new)
        // A fall is judged as "at most": the mirror image of the change.
        return finding(
            "The \(name.dropFirst(4)) changed by \(describe(change))\(unit); ", change.negated, atMost: -margin,
            NumberText.decimal(margin, places: 2), noun)
    }

    func perplexity(ratioAtMost limit: Double) -> Finding {
        guard let (old, new) = both(MetricName.perplexity, .text) else {
            return missing("the perplexity of ordinary text, before and after")
        }
        let ratio = perplexityRatio(old, new)
        return finding(
            "The perplexity of ordinary text is \(NumberText.decimal(ratio.value)) times what it was "
                + "(\(NumberText.decimal(old.value, places: 2)) before, \(NumberText.decimal(new.value, places: 2)) "
                + "after\(words(ratio.interval) { NumberText.decimal($0) })); ",
            ratio, atMost: limit, NumberText.decimal(limit), "text")
    }

    /// The ratio counts tokens, its interval texts: how much the logarithms of their own ratios scatter.
    private func perplexityRatio(_ old: Measurement, _ new: Measurement) -> JudgedFigure {
        let ratio = new.value / old.value
        guard let pairs = paired(old, new) else { return JudgedFigure(ratio, of: new.n, nil) }
        let changes = zip(pairs.before, pairs.after).map { log($1 / $0) }
        let center = Statistics.mean(changes)
        return JudgedFigure(ratio, of: changes.count) { confidence in
            var generator = Generator(seed: 0)
            let interval = Statistics.bootstrapInterval(of: changes, level: confidence.level, using: &generator)
            return Interval(low: ratio * exp(interval.low - center), high: ratio * exp(interval.high - center))
        }
    }

    func missing(_ what: String) -> Finding {
        Finding(.unclear, "Not measured: \(what).")
    }

    // MARK: - Pairs

    func measured(_ name: String, _ split: Split, in measurements: [Measurement]) -> Measurement? {
        measurements.first { $0.name == name && $0.split == split }
    }

    func both(_ name: String, _ split: Split) -> (Measurement, Measurement)? {
        guard let old = measured(name, split, in: before), let new = measured(name, split, in: after) else {
            return nil
        }
        return (old, new)
    }

    /// The values of both measurements in the same order of examples; nil if they are not of the same examples.
    private func paired(_ old: Measurement, _ new: Measurement) -> (before: [Double], after: [Double])? {
        guard !old.perExample.isEmpty, old.perExample.count == new.perExample.count else { return nil }
        let olds = Dictionary(old.perExample.map { ($0.id, $0.value) }, uniquingKeysWith: { first, _ in first })
        let ordered = new.perExample.compactMap { olds[$0.id] }
        guard ordered.count == new.perExample.count else { return nil }
        return (ordered, new.perExample.map(\.value))
    }

    /// new − old, by examples.
    func change(_ old: Measurement, _ new: Measurement) -> JudgedFigure {
        let change = new.value - old.value
        guard let pairs = paired(old, new) else { return JudgedFigure(change, of: new.n, nil) }
        return JudgedFigure(change, of: pairs.after.count) { confidence in
            if MetricName.areShares(new.name) {
                return Statistics.pairedShareDifferenceInterval(
                    before: pairs.before, after: pairs.after, z: confidence.normal)
            }
            var generator = Generator(seed: 0)
            return Statistics.pairedDifferenceInterval(
                before: pairs.before, after: pairs.after, level: confidence.level, using: &generator)
        }
    }

    /// new / old, by examples.
    func ratio(_ old: Measurement, _ new: Measurement) -> JudgedFigure {
        let ratio = new.value / old.value
        guard let pairs = paired(old, new) else { return JudgedFigure(ratio, of: new.n, nil) }
        return JudgedFigure(ratio, of: pairs.after.count) { confidence in
            guard pairs.after.contains(where: { $0 != 0 }) else {
                // No hit at all: what Wilson's interval of none allows.
                let none = Statistics.wilsonInterval(hits: 0, of: pairs.after.count, z: confidence.normal)
                return Interval(low: 0, high: none.high / old.value)
            }
            var generator = Generator(seed: 0)
            return Statistics.pairedRatioInterval(
                before: pairs.before, after: pairs.after, level: confidence.level, using: &generator)
        }
    }

    // MARK: - Words

    func describe(_ change: JudgedFigure) -> String {
        let value = (change.value > 0 ? "+" : "") + NumberText.decimal(change.value)
        guard let interval = change.interval, interval.isKnown else { return value }
        let (low, high) = (NumberText.decimal(interval.low), NumberText.decimal(interval.high))
        return "\(value) (95 % interval \(low) to \(high))"
    }

    /// "; 95 % interval 1.002 to 1.009", or nothing.
    func words(_ interval: Interval?, _ number: (Double) -> String) -> String {
        guard let interval, interval.isKnown else { return "" }
        return "; 95 % interval \(number(interval.low)) to \(number(interval.high))"
    }

    /// "3 of 100 answers (3.0 %; 95 % interval 1.0 % to 8.5 %)".
    func share(_ measurement: Measurement, _ noun: String = "answer") -> String {
        let count = (measurement.value * Double(measurement.n)).rounded()
        var text = "\(NumberText.decimal(count, places: 0)) of \(measurement.n) \(noun)s ("
        text += NumberText.percent(measurement.value) + words(measurement.interval) { NumberText.percent($0) }
        return text + ")"
    }
}
