// How well one number tells two groups of examples apart: the area under the receiver's curve, with DeLong's interval.

internal import Foundation

/// The probability that a member of the first group has a larger value than one of the second, ties counted as half
/// (Mann and Whitney 1947): one half if the value says nothing, 1 or 0 if it says all.
///
/// The interval is that of DeLong, DeLong and Clarke-Pearson 1988, "Comparing the areas under two or more correlated
/// receiver operating characteristic curves", equation 3, held in 0…1.
public struct SeparationArea: Sendable, Equatable {
    public let value: Double
    public let interval: Interval

    /// Nil if a group has fewer than two members, or a value is no number.
    public init?(_ first: [Double], over second: [Double]) {
        guard first.count > 1, second.count > 1, (first + second).allSatisfy({ !$0.isNaN }) else { return nil }
        let placements = (Self.placements(of: first, among: second), Self.placements(of: second, among: first))
        value = Statistics.mean(placements.0)
        let error = hypot(Statistics.standardError(placements.0), Statistics.standardError(placements.1))
        let half = Statistics.normal975 * error
        interval = Interval(low: max(0, value - half), high: min(1, value + half))
    }

    /// |2 · area − 1|: 0 if nothing is told apart, 1 if all is.
    public var distance: (value: Double, interval: Interval) {
        let (low, high) = (2 * interval.low - 1, 2 * interval.high - 1)
        let isAcross = low <= 0 && high >= 0
        return (
            abs(2 * value - 1),
            Interval(low: isAcross ? 0 : min(abs(low), abs(high)), high: max(abs(low), abs(high)))
        )
    }

    /// For each value the share of the others below it, equal ones counted as half.
    private static func placements(of values: [Double], among others: [Double]) -> [Double] {
        let sorted = others.sorted()
        return values.map { value in
            let below = sorted.firstPlace { $0 >= value }
            let notAbove = sorted.firstPlace { $0 > value }
            return Double(below + notAbove) / Double(2 * sorted.count)
        }
    }
}

extension [Double] {
    /// The first place from which on all values of a sorted list are so.
    fileprivate func firstPlace(where isSo: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isSo(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
