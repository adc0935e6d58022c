// The share of texts that are positive, as a judge that errs has found it and as it is likely to be.

/// A judge's rate, and the same corrected for the judge's errors: Rogan and Gladen 1978, "Estimating prevalence from the
/// results of a screening test". It holds as far as the judge errs on these texts as it does on those that its errors
/// were measured on.
public struct CorrectedRate: Codable, Sendable, Equatable {
    /// The share of texts that the judge found positive.
    public let raw: Estimate
    /// (raw − false positives) / (1 − false negatives − false positives), brought into 0…1.
    public let corrected: Estimate

    /// - Parameter hits: how many of `count` texts the judge found positive.
    /// - Returns: nil if there are no texts, or if the judge is no better than chance: its verdicts then say nothing.
    public init?(hits: Int, of count: Int, judgedBy quality: JudgeQuality) {
        guard count > 0, (0...count).contains(hits) else { return nil }
        self.init(Estimate(hits: hits, of: count), judgedBy: quality)
    }

    /// - Parameter raw: a share of `raw.count` independent cases. Texts that hang together, such as several answers to one
    ///   question, are one case: the interval is then rather too wide than too narrow.
    public init?(_ raw: Estimate, judgedBy quality: JudgeQuality) {
        let (wrong, missed) = (quality.falsePositiveRate, quality.falseNegativeRate)
        let power = 1 - missed.value - wrong.value
        guard raw.count > 0, power > 0 else { return nil }
        self.raw = raw
        let value = (raw.value - wrong.value) / power
        corrected = Estimate(
            value: min(1, max(0, value)), interval: Self.interval(Share(raw), Share(wrong), Share(missed)),
            count: raw.count)
    }

    /// A share as if z²/2 more cases had been hits, and as many more misses (Agresti and Coull 1998): so that one of 0 of
    /// few cases is not taken for certain.
    private struct Share {
        let value: Double
        let variance: Double

        init(_ estimate: Estimate) {
            let more = Statistics.normal975 * Statistics.normal975
            let count = Double(estimate.count) + more
            value = (estimate.value * Double(estimate.count) + more / 2) / count
            variance = value * (1 - value) / count
        }
    }

    /// By the delta method, all three shares being uncertain: with p = (q − f) / J and J = 1 − m − f, the variance is
    /// (var q + (1 − p)² var f + p² var m) / J².
    private static func interval(_ raw: Share, _ wrong: Share, _ missed: Share) -> Interval {
        let power = 1 - missed.value - wrong.value
        guard power > 0 else { return Interval(low: 0, high: 1) }
        let center = min(1, max(0, (raw.value - wrong.value) / power))
        let variance = raw.variance + (1 - center) * (1 - center) * wrong.variance + center * center * missed.variance
        let half = Statistics.normal975 * variance.squareRoot() / power
        return Interval(low: max(0, center - half), high: min(1, center + half))
    }
}
