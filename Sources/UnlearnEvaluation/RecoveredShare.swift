// How much of what was forgotten an attack brings back.

extension Statistics {
    /// (attacked − after) / (before − after), of means over the same examples, held in 0…1, with the interval of a
    /// bootstrap that draws examples together. In a resample in which nothing was forgotten, all of it is there: 1.
    ///
    /// Of shares of hits it draws from two imagined examples as well, of which the attack brings a hit to one and takes one
    /// from the other (see ``pairedShareDifferenceInterval(before:after:z:)``): an attack that brought back nothing on a few
    /// questions may bring back something on others.
    /// - Parameter ofHits: whether the values are shares of hits, each within 0…1.
    /// - Returns: nil if nothing was forgotten, so that there is nothing to bring back.
    public static func recoveredShare(
        before: [Double], after: [Double], attacked: [Double], ofHits: Bool = false,
        using generator: inout some RandomNumberGenerator
    ) -> (value: Double, interval: Interval)? {
        let count = min(before.count, after.count, attacked.count)
        let imagined = ofHits ? [1.0, -1] : []
        func share(_ draw: some Sequence<Int>) -> Double {
            var (lost, gained) = (0.0, 0.0)
            for index in draw {
                if index < count {
                    lost += before[index] - after[index]
                    gained += attacked[index] - after[index]
                } else {
                    gained += imagined[index - count]
                }
            }
            return lost > 0 ? min(1, max(0, gained / lost)) : 1
        }
        guard count > 0, mean(before) > mean(after) else { return nil }
        return (
            share(0..<count), bootstrap(count + imagined.count, defaultResamples, 0.95, &generator) { share($0) }
        )
    }
}
