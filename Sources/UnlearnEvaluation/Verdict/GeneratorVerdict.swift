// The verdict of a run of a model that redraws pictures: does it draw what was forgotten no better than a model that never
// saw it, or where there is none no better than blindly, and the rest as before?

internal import Foundation
internal import UnlearnData
public import UnlearnFormats

/// The limits of such a verdict, on the part of pictures that is drawn.
public struct GeneratorVerdictRule: VerdictRule {
    @Setting("The least fall of the signal-to-noise ratio of forgotten pictures, in decibels.")
    public var forgetFallAtLeast = 5.0
    @Setting("How much better than a blind fill forgotten pictures may still be drawn, in decibels.")
    public var aboveBlindAtMost = 2.0
    @Setting(
        "How much better than a control, where one was measured, forgotten pictures may still be drawn, in decibels. It takes "
            + "the place of the two limits before it: what any model draws well who knows similar pictures stays.")
    public var aboveControlAtMost = 0.5
    @Setting("The greatest fall of the signal-to-noise ratio of pictures to keep, in decibels.")
    public var retainFallAtMost = 0.5
    @Setting(
        "The greatest ratio of the Fréchet distance of pictures to keep, after to before. Judged where it was measured."
    )
    public var retainDistanceRatioAtMost = 1.25
    @Setting("The fewest pictures on which a verdict of “forgotten” may rest.") public var picturesAtLeast = 20

    public init() {}

    public func findings(_ evidence: Evidence) -> [Finding] {
        forgotten(evidence) + [kept(evidence)] + distance(evidence) + enough(evidence)
    }

    private func forgotten(_ evidence: Evidence) -> [Finding] {
        guard let control = evidence.measured(MetricName.psnr, .forget, in: evidence.control) else {
            return [fall(evidence), blind(evidence)]
        }
        guard let (old, new) = evidence.both(MetricName.psnr, .forget) else {
            return [evidence.missing("how well pictures to forget are redrawn, before and after")]
        }
        let above = evidence.change(control, new)
        return [
            evidence.finding(
                "Forgotten pictures are redrawn at \(decibels(new.value)), before at \(decibels(old.value)), and by a control "
                    + "that never saw them at \(decibels(control.value)): a difference to it of "
                    + "\(evidence.describe(above)); ", above, atMost: aboveControlAtMost, decibels(aboveControlAtMost),
                "picture")
        ]
    }

    private func fall(_ evidence: Evidence) -> Finding {
        guard let (old, new) = evidence.both(MetricName.psnr, .forget) else {
            return evidence.missing("how well pictures to forget are redrawn, before and after")
        }
        let change = evidence.change(old, new)
        return evidence.finding(
            "Forgotten pictures are redrawn at \(decibels(new.value)), before at \(decibels(old.value)): a change of "
                + "\(evidence.describe(change)); ", change, atMost: -forgetFallAtLeast,
            "−\(decibels(forgetFallAtLeast))", "picture")
    }

    private func blind(_ evidence: Evidence) -> Finding {
        guard let new = evidence.measured(MetricName.psnr, .forget, in: evidence.after),
            let blind = evidence.measured(MetricName.psnr + "-blind", .forget, in: evidence.after)
        else { return evidence.missing("how well a blind fill would redraw pictures to forget") }
        let interval = new.interval.map { Interval(low: $0.low - blind.value, high: $0.high - blind.value) }
        let above = JudgedFigure(new.value - blind.value, of: new.n, interval)
        return evidence.finding(
            "A fill that looks at nothing reaches \(decibels(blind.value)) on them; the model is "
                + "\(decibels(above.value)) above it, ", above, atMost: aboveBlindAtMost, decibels(aboveBlindAtMost),
            "picture")
    }

    private func kept(_ evidence: Evidence) -> Finding {
        evidence.kept(
            MetricName.psnr, .retain, "the signal-to-noise ratio of pictures to keep", atLeast: -retainFallAtMost,
            " decibels", of: "picture")
    }

    private func distance(_ evidence: Evidence) -> [Finding] {
        guard let (old, new) = evidence.both(MetricName.fid, .retain) else { return [] }
        let ratio = distanceRatio(old, new)
        return [
            evidence.finding(
                "The Fréchet distance of pictures to keep is \(NumberText.decimal(ratio.value, places: 2)) times what it was "
                    + "(\(NumberText.decimal(old.value, places: 2)) before, \(NumberText.decimal(new.value, places: 2)) "
                    + "after\(evidence.words(ratio.interval) { NumberText.decimal($0, places: 2) })); ",
                ratio, atMost: retainDistanceRatioAtMost, NumberText.decimal(retainDistanceRatioAtMost, places: 2),
                "picture")
        ]
    }

    /// A distance belongs to a set of pictures and not to single ones, so that both intervals are joined as if the sets were
    /// different ones: wider than they need be.
    private func distanceRatio(_ old: Measurement, _ new: Measurement) -> JudgedFigure {
        let ratio = new.value / old.value
        guard let one = old.interval, let other = new.interval else { return JudgedFigure(ratio, of: new.n, nil) }
        let below = hypot(log(new.value / other.low), log(one.high / old.value))
        let above = hypot(log(other.high / new.value), log(old.value / one.low))
        return JudgedFigure(ratio, of: new.n, Interval(low: ratio * exp(-below), high: ratio * exp(above)))
    }

    private func enough(_ evidence: Evidence) -> [Finding] {
        guard let forget = evidence.measured(MetricName.psnr, .forget, in: evidence.after), forget.n < picturesAtLeast
        else { return [] }
        return [
            Finding(.unclear, "Only \(forget.n) pictures were forgotten; at least \(picturesAtLeast) are needed.")
        ]
    }

    private func decibels(_ value: Double) -> String { "\(NumberText.decimal(value, places: 2)) dB" }
}
