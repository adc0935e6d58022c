// The measurements before and after, and how they are held against a limit: what all rules of verdicts share.

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

    /// Met if the value keeps the limit, failed if the whole interval misses it, unclear between the two and where the
    /// interval's ends are not known.
    func judge(_ value: Double, _ interval: Interval?, atMost limit: Double) -> Finding.Judgement {
        guard value.isFinite else { return .unclear }
        if value <= limit { return .met }
        return (interval?.low ?? value) > limit ? .failed : .unclear
    }

    /// A change of something that should stay, which may fall by so much.
    func kept(_ metric: String, _ split: Split, _ name: String, atLeast margin: Double, _ unit: String = "") -> Finding
    {
        guard let (old, new) = both(metric, split) else { return missing("\(name), before and after") }
        let change = change(old, new)
        // A fall is judged as "at most": the mirror image of the change and of its interval.
        let fall = change.interval.map { Interval(low: -$0.high, high: -$0.low) }
        let judgement = judge(-change.value, fall, atMost: -margin)
        return Finding(
            judgement,
            "The \(name.dropFirst(4)) changed by \(describe(change))\(unit); "
                + standing(judgement, NumberText.decimal(margin, places: 2)))
    }

    func perplexity(ratioAtMost limit: Double) -> Finding {
        guard let (old, new) = both(MetricName.perplexity, .text) else {
            return missing("the perplexity of ordinary text, before and after")
        }
        let ratio = new.value / old.value
        let judgement = judge(ratio, nil, atMost: limit)
        return Finding(
            judgement,
            "The perplexity of ordinary text is \(NumberText.decimal(ratio)) times what it was "
                + "(\(NumberText.decimal(old.value, places: 2)) before, \(NumberText.decimal(new.value, places: 2)) "
                + "after); " + standing(judgement, NumberText.decimal(limit)))
    }

    func standing(_ judgement: Finding.Judgement, _ limit: String) -> String {
        switch judgement {
        case .met: "within the limit of \(limit)."
        case .failed: "beyond the limit of \(limit)."
        default: "not clear of the limit of \(limit)."
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
    func paired(_ old: Measurement, _ new: Measurement) -> (before: [Double], after: [Double])? {
        guard !old.perExample.isEmpty, old.perExample.count == new.perExample.count else { return nil }
        let olds = Dictionary(old.perExample.map { ($0.id, $0.value) }, uniquingKeysWith: { first, _ in first })
        let ordered = new.perExample.compactMap { olds[$0.id] }
        guard ordered.count == new.perExample.count else { return nil }
        return (ordered, new.perExample.map(\.value))
    }

    func change(_ old: Measurement, _ new: Measurement) -> (value: Double, interval: Interval?) {
        var generator = Generator(seed: 0)
        let interval = paired(old, new).map {
            Statistics.pairedDifferenceInterval(before: $0.before, after: $0.after, using: &generator)
        }
        return (new.value - old.value, interval)
    }

    // MARK: - Words

    func describe(_ change: (value: Double, interval: Interval?)) -> String {
        let value = (change.value > 0 ? "+" : "") + NumberText.decimal(change.value)
        guard let interval = change.interval, interval.isKnown else { return value }
        let (low, high) = (NumberText.decimal(interval.low), NumberText.decimal(interval.high))
        return "\(value) (95 % interval \(low) to \(high))"
    }

    /// "3 of 100 answers (3.0 %; 95 % interval 1.0 % to 8.5 %)".
    func share(_ measurement: Measurement, _ noun: String = "answer") -> String {
        let count = (measurement.value * Double(measurement.n)).rounded()
        var text = "\(NumberText.decimal(count, places: 0)) of \(measurement.n) \(noun)s ("
        text += NumberText.percent(measurement.value)
        if let interval = measurement.interval {
            text += "; 95 % interval \(NumberText.percent(interval.low)) to \(NumberText.percent(interval.high))"
        }
        return text + ")"
    }
}
