// Holds the measurements before and after against the limits of a verdict: one finding for each requirement.

internal import UnlearnEngine

/// The measurements of one run beside the limits they are judged by.
struct Evidence {
    let before: [Measurement]
    let after: [Measurement]
    let rule: VerdictRule

    func findings() -> [Finding] {
        var findings = knownBefore() + leak() + sampledLeak() + [probability()]
        findings.append(kept(.neighbour, "answers about neighbouring subjects", atLeast: rule.neighbourChangeAtLeast))
        findings.append(kept(.general, "answers to general questions", atLeast: rule.generalChangeAtLeast))
        findings.append(perplexity())
        return findings + repetitions()
    }

    // MARK: - Is it gone?

    private func knownBefore() -> [Finding] {
        guard let leak = measured(MetricName.leak, .forget, in: before) else {
            return [missing("how many answers contained a term of the subject before")]
        }
        // A share that is no number is not known to be high enough either.
        guard !(leak.value >= rule.leakBeforeAtLeast) else { return [] }
        return [
            Finding(
                .unknownSubject,
                "The model hardly knew the subject before: only \(share(leak)) contained a term of it, and at least "
                    + "\(NumberText.percent(rule.leakBeforeAtLeast)) are needed to show that anything was forgotten.")
        ]
    }

    private func leak() -> [Finding] {
        guard let leak = measured(MetricName.leak, .forget, in: after) else {
            return [missing("how many answers contain a term of the subject after forgetting")]
        }
        let limit = rule.leakAtMost
        var tooFew: [Finding] = []
        if leak.n < rule.questionsAtLeast {
            tooFew.append(
                Finding(
                    .unclear,
                    "Only \(leak.n) question\(leak.n == 1 ? " asks" : "s ask") about the subject; at least "
                        + "\(rule.questionsAtLeast) are needed."))
        }
        let sentence = "After forgetting, \(share(leak)) contain a term of the subject; "
        guard leak.value <= limit else {
            let isClear = (leak.interval?.low ?? leak.value) > limit
            let ending = isClear ? "more than the limit of " : "the interval reaches across the limit of "
            return [Finding(isClear ? .failed : .unclear, sentence + ending + NumberText.percent(limit) + ".")] + tooFew
        }
        if let high = leak.interval?.high, !(high <= rule.leakUpperEndAtMost) {
            let ending = "too few questions to exclude a share over \(NumberText.percent(rule.leakUpperEndAtMost))."
            return [Finding(.unclear, sentence + ending)] + tooFew
        }
        return [Finding(.met, sentence + "within the limit of " + NumberText.percent(limit) + ".")] + tooFew
    }

    private func sampledLeak() -> [Finding] {
        guard let leak = measured(MetricName.sampledLeak, .forget, in: after) else { return [] }
        let limit = NumberText.percent(rule.sampledLeakAtMost)
        let sentence =
            "With sampling, a term of the subject appears in at least one answer to \(share(leak, "question"));"
        switch judge(leak.value, leak.interval, atMost: rule.sampledLeakAtMost) {
        case .met: return [Finding(.met, sentence + " within the limit of \(limit).")]
        case .failed: return [Finding(.failed, sentence + " more than the limit of \(limit).")]
        default: return [Finding(.unclear, sentence + " the interval reaches across the limit of \(limit).")]
        }
    }

    /// Of the words that only someone who knows the subject would say; without such words, of whole answers.
    private func probability() -> Finding {
        if let (old, new) = both(MetricName.keyProbability, .forget) {
            return fall("The key words of the subject", old, new, ratioAtMost: rule.keyProbabilityRatioAtMost)
        }
        if let (old, new) = both(MetricName.answerProbability, .forget) {
            return fall("The answers to be forgotten", old, new, ratioAtMost: rule.answerProbabilityRatioAtMost)
        }
        return missing("the probability of the answers to be forgotten, before and after")
    }

    private func fall(_ what: String, _ old: Measurement, _ new: Measurement, ratioAtMost limit: Double) -> Finding {
        let pairs = paired(old, new)
        var generator = Generator(seed: 0)
        let interval = pairs.map {
            Statistics.pairedRatioInterval(before: $0.before, after: $0.after, using: &generator)
        }
        let ratio = new.value / old.value
        var sentence = "\(what) have \(NumberText.percent(ratio, places: 0)) of their earlier probability "
        sentence += "(\(NumberText.decimal(old.value)) before, \(NumberText.decimal(new.value)) after"
        if let interval, interval.isKnown {
            let (low, high) = (
                NumberText.percent(interval.low, places: 0), NumberText.percent(interval.high, places: 0)
            )
            sentence += "; 95 % interval \(low) to \(high)"
        }
        let judgement = judge(ratio, interval, atMost: limit)
        return Finding(judgement, sentence + "); " + standing(judgement, NumberText.percent(limit, places: 0)))
    }

    // MARK: - Is the rest kept?

    private func kept(_ split: Split, _ what: String, atLeast margin: Double) -> Finding {
        guard let (old, new) = both(MetricName.logProbability, split) else {
            return missing("the log-probability of \(what), before and after")
        }
        let change = change(old, new)
        // A fall is judged as "at most": the mirror image of the change and of its interval.
        let fall = change.interval.map { Interval(low: -$0.high, high: -$0.low) }
        let judgement = judge(-change.value, fall, atMost: -margin)
        return Finding(
            judgement,
            "The log-probability of \(what) changed by \(describe(change)) nats per token; "
                + standing(judgement, NumberText.decimal(margin, places: 2)))
    }

    private func perplexity() -> Finding {
        guard let (old, new) = both(MetricName.perplexity, .text) else {
            return missing("the perplexity of ordinary text, before and after")
        }
        let ratio = new.value / old.value
        let judgement = judge(ratio, nil, atMost: rule.perplexityRatioAtMost)
        return Finding(
            judgement,
            "The perplexity of ordinary text is \(NumberText.decimal(ratio)) times what it was "
                + "(\(NumberText.decimal(old.value, places: 2)) before, \(NumberText.decimal(new.value, places: 2)) "
                + "after); " + standing(judgement, NumberText.decimal(rule.perplexityRatioAtMost)))
    }

    private func repetitions() -> [Finding] {
        let findings = Split.allCases.compactMap { split -> Finding? in
            guard let (old, new) = both(MetricName.repetition, split) else { return nil }
            let change = change(old, new)
            let judgement = judge(change.value, change.interval, atMost: rule.repetitionRiseAtMost)
            return Finding(
                judgement,
                "The share of repeated word triples in \(split.rawValue) answers changed by \(describe(change)); "
                    + standing(judgement, NumberText.decimal(rule.repetitionRiseAtMost)))
        }
        return findings.isEmpty ? [missing("repetition in the answers, before and after")] : findings
    }

    // MARK: - Judging

    /// Met if the value keeps the limit, failed if the whole interval misses it, unclear between the two and where the
    /// interval's ends are not known.
    func judge(_ value: Double, _ interval: Interval?, atMost limit: Double) -> Finding.Judgement {
        guard value.isFinite else { return .unclear }
        if value <= limit { return .met }
        return (interval?.low ?? value) > limit ? .failed : .unclear
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
    private func paired(_ old: Measurement, _ new: Measurement) -> (before: [Double], after: [Double])? {
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
