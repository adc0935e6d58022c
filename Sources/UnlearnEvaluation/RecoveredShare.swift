// How much of what was forgotten an attack brings back.

extension Statistics {
    /// (attacked − after) / (before − after), of means over the same examples, held in 0…1, with the interval of a
    /// bootstrap that draws examples together. In a resample in which nothing was forgotten, all of it is there: 1.
    /// - Returns: nil if nothing was forgotten, so that there is nothing to bring back.
    public static func recoveredShare(
        before: [Double], after: [Double], attacked: [Double], using generator: inout some RandomNumberGenerator
    ) -> (value: Double, interval: Interval)? {
        let count = min(before.count, after.count, attacked.count)
        func share(_ draw: some Sequence<Int>) -> Double {
            var (old, new, found) = (0.0, 0.0, 0.0)
            for index in draw { (old, new, found) = (old + before[index], new + after[index], found + attacked[index]) }
            return old > new ? min(1, max(0, (found - new) / (old - new))) : 1
        }
        guard count > 0, mean(before) > mean(after) else { return nil }
        return (share(0..<count), bootstrap(count, defaultResamples, 0.95, &generator) { share($0) })
    }
}
