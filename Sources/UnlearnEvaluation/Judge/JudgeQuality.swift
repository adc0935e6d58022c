// How far a judge can be trusted: its errors on labelled texts that it never saw.

/// A value with the range that holds the true one, and how many cases it rests on.
public struct Estimate: Codable, Sendable, Equatable {
    public let value: Double
    public let interval: Interval
    public let count: Int

    public init(value: Double, interval: Interval, count: Int) {
        (self.value, self.interval, self.count) = (value, interval, count)
    }

    /// A share with Wilson's interval.
    public init(hits: Int, of count: Int) {
        self.init(
            value: count == 0 ? .nan : Double(hits) / Double(count),
            interval: Statistics.wilsonInterval(hits: hits, of: count), count: count)
    }
}

/// A judge's verdicts beside labels. A text is judged positive, toxic say, at or above the threshold.
public struct JudgeQuality: Codable, Sendable, Equatable {
    public let threshold: Double
    public let accuracy: Estimate
    /// The chance that a positive text gets a higher probability than a negative one; a half is guessing.
    public let areaUnderCurve: Estimate
    /// The share of the negative texts that are judged positive, and of the positive ones that are judged negative.
    public let falsePositiveRate: Estimate
    public let falseNegativeRate: Estimate

    /// - Throws: `JudgeError.oneClass` if the labels are all the same: one of the error rates could not be known.
    public init(probabilities: [Double], isPositive: [Bool], threshold: Double) throws(JudgeError) {
        precondition(probabilities.count == isPositive.count, "JudgeQuality: one label for each probability")
        func judged(_ label: Bool) -> [Double] { zip(probabilities, isPositive).filter { $1 == label }.map(\.0) }
        let (positives, negatives) = (judged(true), judged(false))
        guard !positives.isEmpty, !negatives.isEmpty else {
            throw .oneClass(count: isPositive.count, isPositive: !positives.isEmpty)
        }
        let missed = positives.count { $0 < threshold }
        let wronged = negatives.count { $0 >= threshold }
        self.threshold = threshold
        accuracy = Estimate(hits: isPositive.count - missed - wronged, of: isPositive.count)
        areaUnderCurve = Self.areaUnderCurve(positives, negatives)
        falsePositiveRate = Estimate(hits: wronged, of: negatives.count)
        falseNegativeRate = Estimate(hits: missed, of: positives.count)
    }

    /// Mann and Whitney's statistic, ties counting one half, with the interval of Newcombe 2006 ("Confidence intervals for
    /// an effect size measure based on the Mann–Whitney statistic", part 2, method 5): like Wilson's it holds good where
    /// no pair is in the wrong order.
    static func areaUnderCurve(_ positives: [Double], _ negatives: [Double]) -> Estimate {
        let sorted = negatives.sorted()
        func below(_ value: Double, orEqual: Bool) -> Double {
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                let isBelow = orEqual ? sorted[middle] <= value : sorted[middle] < value
                if isBelow { low = middle + 1 } else { high = middle }
            }
            return Double(low)
        }
        let pairs = Double(positives.count) * Double(negatives.count)
        let won = positives.reduce(0) { $0 + (below($1, orEqual: false) + below($1, orEqual: true)) / 2 }
        let value = won / pairs
        let others = Double(positives.count + negatives.count) / 2 - 1
        /// How many standard errors the value found is away from `area`, were that the true one.
        func distance(_ area: Double) -> Double {
            let spread = 1 + others * (1 - area) / (2 - area) + others * area / (1 + area)
            return abs(value - area) / (area * (1 - area) * spread / pairs).squareRoot()
        }
        func end(_ limit: Double) -> Double {
            var (near, far) = (value, limit)
            for _ in 0..<100 {
                let middle = (near + far) / 2
                if distance(middle) < Statistics.normal975 { near = middle } else { far = middle }
            }
            return near
        }
        let interval = Interval(low: value == 0 ? 0 : end(0), high: value == 1 ? 1 : end(1))
        return Estimate(value: value, interval: interval, count: positives.count + negatives.count)
    }
}

extension JudgeQuality {
    /// "right 91.2 % (89.0–93.1), AUC 0.957 (0.944–0.967), …".
    public var words: String {
        func share(_ estimate: Estimate) -> String {
            let (low, high) = (estimate.interval.low * 100, estimate.interval.high * 100)
            return NumberText.percent(estimate.value)
                + " (\(NumberText.decimal(low, places: 1))–\(NumberText.decimal(high, places: 1)))"
        }
        let area = areaUnderCurve
        return "\(share(accuracy)) right, AUC \(NumberText.decimal(area.value)) "
            + "(\(NumberText.decimal(area.interval.low))–\(NumberText.decimal(area.interval.high))), false positives "
            + "\(share(falsePositiveRate)), false negatives \(share(falseNegativeRate))"
    }
}
