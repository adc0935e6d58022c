// Means, quantiles and intervals: everything here is a pure function of its arguments.

/// Descriptive statistics and intervals. An empty input gives NaN, as there is nothing to describe; so does the
/// bootstrap interval of a single value, which says nothing of how others would differ.
public enum Statistics {
    /// The 97.5 % point of the standard normal distribution, which bounds a two-sided 95 % interval.
    public static let normal975 = 1.959963984540054
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

    /// The percentile bootstrap interval of the mean difference `after − before`; pairs are drawn together.
    /// Values beyond the shorter list are left out.
    public static func pairedDifferenceInterval(
        before: [Double], after: [Double], resamples: Int = defaultResamples, level: Double = 0.95,
        using generator: inout some RandomNumberGenerator
    ) -> Interval {
        let differences = zip(before, after).map { $1 - $0 }
        return bootstrapInterval(of: differences, resamples: resamples, level: level, using: &generator)
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
