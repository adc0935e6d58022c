// A figure held against a limit, as a test of equivalence: what is not shown to keep the limit does not count as kept.

internal import Foundation
internal import UnlearnEngine

/// A figure with what is known of where its true value lies.
///
/// It keeps a limit only where the worse end of its one-sided 95 % interval does, and misses it only where the better end
/// does not (D. Schuirmann 1987, J. Pharmacokinet. Biopharm. 15: two one-sided tests).
struct JudgedFigure {
    let value: Double
    /// Two-sided, of 95 %, as reports show it; nil if nothing is known of how the figure varies.
    let interval: Interval?
    /// The lower and the upper one-sided end of 95 % each.
    let ends: Interval?
    /// How many examples it rests on.
    let count: Int
    /// More than so many times as many are too many to speak of: the value lies at the limit.
    private static let mostTimes = 100.0
    /// Whether it is a share of hits.
    private var isShare = false

    /// - Parameter interval: of a confidence.
    init(_ value: Double, of count: Int, interval: (Confidence) -> Interval) {
        (self.value, self.count) = (value, count)
        (self.interval, ends) = (interval(.twoSided), interval(.oneSided))
    }

    /// A figure whose interval alone is known: its one-sided ends are nearer by the ratio of the normal distribution's
    /// points.
    init(_ value: Double, of count: Int, _ interval: Interval?) {
        let ratio = Confidence.oneSided.normal / Confidence.twoSided.normal
        (self.value, self.count, self.interval) = (value, count, interval)
        ends = interval.map {
            Interval(low: value - ratio * (value - $0.low), high: value + ratio * ($0.high - value))
        }
    }

    /// A share of hits, by Wilson's interval, which knows that none of a few says little.
    init(share: Measurement) {
        let hits = Int((share.value * Double(share.n)).rounded())
        self.init(share.value, of: share.n) { Statistics.wilsonInterval(hits: hits, of: share.n, z: $0.normal) }
        isShare = true
    }

    /// What is the smaller the better turned into what is the larger the better, and back.
    var negated: JudgedFigure {
        JudgedFigure(-value, count, interval?.negated, ends?.negated)
    }

    private init(_ value: Double, _ count: Int, _ interval: Interval?, _ ends: Interval?) {
        (self.value, self.count, self.interval, self.ends) = (value, count, interval, ends)
    }

    /// Met if the upper end keeps the limit, failed if the lower one does not, and unclear otherwise: between the two, and
    /// where the ends are not known.
    func judgement(atMost limit: Double) -> Finding.Judgement {
        guard value.isFinite, let ends, ends.isKnown else { return .unclear }
        return ends.high <= limit ? .met : ends.low > limit ? .failed : .unclear
    }

    /// How many more examples would probably decide, if the value stays as it is; nil where hardly any number
    /// would, or nothing is known.
    func missing(atMost limit: Double) -> Int? {
        guard let ends, ends.isKnown, value.isFinite, value != limit else { return nil }
        let needed: Double
        if isShare, (0...1).contains(limit) {
            // Wilson's interval excludes a limit L if (share − L)² > z² L (1 − L) / n.
            let z = Confidence.oneSided.normal
            needed = z * z * limit * (1 - limit) / ((value - limit) * (value - limit))
        } else {
            // Intervals narrow with the root of the number.
            let half = value < limit ? ends.high - value : value - ends.low
            needed = Double(count) * (half * half) / ((value - limit) * (value - limit))
        }
        let more = needed.rounded(.up) - Double(count)
        return more > 0 && more <= Self.mostTimes * Double(count) ? Int(more) : nil
    }
}

/// How sure an interval is.
enum Confidence {
    /// 95 % between both ends.
    case twoSided
    /// 95 % on either side of one end: the two ends are those of a two-sided interval of 90 %.
    case oneSided

    var level: Double { self == .twoSided ? 0.95 : 0.9 }
    var normal: Double { self == .twoSided ? Statistics.normal975 : Statistics.normal95 }
}

extension Interval {
    fileprivate var negated: Interval { Interval(low: -high, high: -low) }
}
