// Means, quantiles and intervals: everything here is a pure function of its arguments.

internal import Foundation

/// Descriptive statistics and intervals. An empty input gives NaN, as there is nothing to describe; so does the
/// bootstrap interval of a single value, which says nothing of how others would differ.
public enum Statistics {
    /// The 97.5 % point of the standard normal distribution, which bounds a two-sided 95 % interval.
    public static let normal975 = 1.959963984540054
    /// The 95 % point, which bounds a one-sided 95 % interval.
    static let normal95 = 1.6448536269514722
    /// How many resamples a bootstrap draws unless told otherwise.
    public static let defaultResamples = 2000

    public static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// The sample standard deviation divided by √n; NaN for fewer than two values.
    public static func standardError(_ values: [Double]) -> Double {
        guard values.count > 1 else { return .nan }
        let center = mean(values)
        let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
        return (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    }

    public static func median(_ values: [Double]) -> Double {
        quantile(0.5, of: values)
    }

    /// The quantile at `probability` in 0…1, by linear interpolation between order statistics (R's type 7).
    public static func quantile(_ probability: Double, of values: [Double]) -> Double {
        quantile(probability, ofSorted: values.sorted())
    }

    private static func quantile(_ probability: Double, ofSorted sorted: [Double]) -> Double {
        guard let first = sorted.first, let last = sorted.last, !probability.isNaN else { return .nan }
        guard probability > 0 else { return first }
        guard probability < 1 else { return last }
        let position = probability * Double(sorted.count - 1)
        let lower = Int(position)
        let fraction = position - Double(lower)
        // At a whole position the upper neighbour is not read, so that an infinite one does not turn zero into NaN.
        return fraction == 0 ? sorted[lower] : sorted[lower] + fraction * (sorted[lower + 1] - sorted[lower])
    }

    /// The Wilson score interval of a share: honest near 0 and 1 and for small counts, unlike the normal interval.
    public static func wilsonInterval(hits: Int, of count: Int, z: Double = normal975) -> Interval {
        guard count > 0, (0...count).contains(hits) else { return Interval(low: .nan, high: .nan) }
        let n = Double(count)
        let share = Double(hits) / n
        let scale = 1 + z * z / n
        let center = (share + z * z / (2 * n)) / scale
        let half = z / scale * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        return Interval(low: hits == 0 ? 0 : center - half, high: hits == count ? 1 : center + half)
    }

    /// The percentile bootstrap interval of the mean.
    public static func bootstrapInterval(
        of values: [Double], resamples: Int = defaultResamples, level: Double = 0.95,
        using generator: inout some RandomNumberGenerator
    ) -> Interval {
        let count = Double(values.count)
        return bootstrap(values.count, resamples, level, &generator) { draw in
            var sum = 0.0
            for index in draw { sum += values[index] }
            return sum / count
        }
    }

    /// The interval of a mean of shares, each within 0…1: the bootstrap's, or where no share differs from 0, or none from 1,
    /// Wilson's, as a draw from values that are all alike says nothing of others.
    public static func meanShareInterval(
        of shares: [Double], using generator: inout some RandomNumberGenerator
    ) -> Interval {
        for (edge, hits) in [(0.0, 0), (1.0, shares.count)] where shares.allSatisfy({ $0 == edge }) {
            return wilsonInterval(hits: hits, of: shares.count)
        }
        return bootstrapInterval(of: shares, using: &generator)
    }

    /// The percentile bootstrap interval of the mean difference `after − before`; pairs are drawn together.
    /// Values beyond the shorter list are left out.
    public static func pairedDifferenceInterval(
        before: [Double], after: [Double], resamples: Int = defaultResamples, level: Double = 0.95,
        using generator: inout some RandomNumberGenerator
    ) -> Interval {
        let differences = zip(before, after).map { $1 - $0 }
        return bootstrapInterval(of: differences, resamples: resamples, level: level, using: &generator)
    }

    /// The interval of the mean difference `after − before` of shares of the same examples, each within 0…1.
    ///
    /// That of D. Bonett and R. Price 2012, "Adjusted Wald confidence interval for a difference of binomial proportions
    /// based on paired data": two imagined pairs are added, of which one gains a hit and one loses one, so that pairs which
    /// never differ do not look as if they never could. NaN for no pair.
    public static func pairedShareDifferenceInterval(
        before: [Double], after: [Double], z: Double = normal975
    ) -> Interval {
        let differences = zip(before, after).map { $1 - $0 }
        guard !differences.isEmpty else { return Interval(low: .nan, high: .nan) }
        let count = Double(differences.count + 2)
        let center = differences.reduce(0, +) / count
        let variance = (differences.reduce(2) { $0 + $1 * $1 }) / count - center * center
        let half = z * (variance / count).squareRoot()
        return Interval(low: max(-1, center - half), high: min(1, center + half))
    }

    /// The interval of the difference `first − second` of shares of different examples: R. Newcombe 1998, "Interval
    /// estimation for the difference between independent proportions", method 10, of two Wilson intervals.
    static func shareDifferenceInterval(_ first: Measurement, _ second: Measurement, z: Double) -> Interval {
        func wilson(_ share: Measurement) -> Interval {
            wilsonInterval(hits: Int((share.value * Double(share.n)).rounded()), of: share.n, z: z)
        }
        let (one, other) = (wilson(first), wilson(second))
        let difference = first.value - second.value
        return Interval(
            low: difference - hypot(first.value - one.low, other.high - second.value),
            high: difference + hypot(one.high - first.value, second.value - other.low))
    }

    /// The percentile bootstrap interval of `mean(after) / mean(before)`; pairs are drawn together.
    /// Values beyond the shorter list are left out.
    public static func pairedRatioInterval(
        before: [Double], after: [Double], resamples: Int = defaultResamples, level: Double = 0.95,
        using generator: inout some RandomNumberGenerator
    ) -> Interval {
        bootstrap(min(before.count, after.count), resamples, level, &generator) { draw in
            var (numerator, denominator) = (0.0, 0.0)
            for index in draw {
                numerator += after[index]
                denominator += before[index]
            }
            return numerator / denominator
        }
    }

    /// The two-sided p-value of paired differences by Fisher's randomization test: how often their mean would be as far
    /// from 0 if each could as well have had the other sign. All signs are tried where they are few, else `draws` of them,
    /// the observed one among them. NaN for nothing.
    public static func signFlipTest(
        of differences: [Double], draws: Int = 9999, using generator: inout some RandomNumberGenerator
    ) -> Double {
        guard !differences.isEmpty else { return .nan }
        // Sums in another order round otherwise: what is as far but for that counts.
        let observed = abs(differences.reduce(0, +)) * (1 - 1e-12)
        func isAsFar(_ isFlipped: (Int) -> Bool) -> Bool {
            abs(differences.enumerated().reduce(0) { $0 + (isFlipped($1.offset) ? -$1.element : $1.element) })
                >= observed
        }
        if differences.count < 13 {
            let all = 1 << differences.count
            return Double((0..<all).count { signs in isAsFar { signs >> $0 & 1 == 1 } }) / Double(all)
        }
        let hits = (0..<draws).count { _ in
            let flips = differences.map { _ in Bool.random(using: &generator) }
            return isAsFar { flips[$0] }
        }
        return Double(1 + hits) / Double(1 + draws)
    }

    static func bootstrap(
        _ count: Int, _ resamples: Int, _ level: Double, _ generator: inout some RandomNumberGenerator,
        statistic: ([Int]) -> Double
    ) -> Interval {
        guard count > 1, resamples > 0 else { return Interval(low: .nan, high: .nan) }
        var draw = [Int](repeating: 0, count: count)
        var results = [Double]()
        results.reserveCapacity(resamples)
        for _ in 0..<resamples {
            for index in draw.indices { draw[index] = Int(generator.next(upperBound: UInt64(count))) }
            results.append(statistic(draw))
        }
        results.sort()
        let tail = (1 - level) / 2
        return Interval(low: quantile(tail, ofSorted: results), high: quantile(1 - tail, ofSorted: results))
    }
}
