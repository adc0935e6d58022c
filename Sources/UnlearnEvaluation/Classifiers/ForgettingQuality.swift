// The metric of the NeurIPS 2023 machine-unlearning challenge: how well any attack tells unlearned from retrained
// models, example by example. Equations, grid and constants as in the challenge; see docs/PAPERS.md.

internal import Foundation

/// How an example's outputs φ are distributed over N unlearned and N retrained models, turned into one figure.
///
/// Each example gets ε, the least privacy loss that explains how well the best of two families of attacks separates
/// both samples; H = 2 / 2ⁿ where n is the 1-based bin of ε in steps of 0.5; F is the mean of H over examples.
public struct ForgettingQuality: Sendable, Equatable {
    /// δ of the definition of (ε, δ)-unlearning.
    public static let delta = 1e-5
    /// ε of an example that an attack separates without error.
    public static let mostEpsilon = 50.0

    /// ε of each example.
    public let epsilons: [Double]

    /// F: 1 if no attack says anything, near 0 if all examples are told apart. Even a perfect unlearner has only .15 to
    /// .21, because the best of so many attacks always finds something in a finite sample.
    public var quality: Double { Statistics.mean(epsilons.map(Self.score)) }

    /// - Parameters:
    ///   - unlearned: φ as `[model][example]`.
    ///   - retrained: the same examples for other models; the number of models may differ.
    public init(unlearned: [[Double]], retrained: [[Double]]) {
        self = Samples(unlearned: unlearned, retrained: retrained).quality()
    }

    init(epsilons: [Double]) { self.epsilons = epsilons }

    /// H of one example.
    public static func score(_ epsilon: Double) -> Double { 2 / pow(2, (epsilon / 0.5).rounded(.down) + 1) }

    /// φ of a probability distribution given as logits: log p_y − log Σ_{k≠y} p_k, in double precision.
    public static func logit(_ logits: [Double], label: Int) -> Double {
        let largest = logits.max() ?? 0
        let exponentials = logits.map { exp($0 - largest) }
        let total = exponentials.reduce(0, +)
        let others = exponentials.enumerated().reduce(0) { $1.offset == label ? $0 : $0 + $1.element / total }
        return log(exponentials[label] / total + 1e-45) - log(others + 1e-45)
    }

    /// What a perfect method would have here: F between two sets of models drawn with the retrained models' means and
    /// deviations, as normal numbers. It depends on the scale of φ, since the grid of attacks has a fixed width.
    public static func ceiling(
        retrained: [[Double]], repeats: Int = 4, using generator: inout some RandomNumberGenerator
    ) -> Double {
        precondition(retrained.count > 1, "ForgettingQuality: a deviation needs two models")
        let moments = retrained[0].indices.map { example -> (mean: Double, deviation: Double) in
            let values = retrained.map { $0[example] }
            let mean = Statistics.mean(values)
            return (mean, Statistics.standardError(values) * Double(values.count).squareRoot())
        }
        func draw() -> [[Double]] {
            retrained.map { _ in
                moments.map { moment in
                    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &generator))).squareRoot()
                    let angle = 2 * Double.pi * Double.random(in: 0..<1, using: &generator)
                    return moment.mean + moment.deviation * radius * cos(angle)
                }
            }
        }
        return Statistics.mean(
            (0..<repeats).map { _ in ForgettingQuality(unlearned: draw(), retrained: draw()).quality })
    }

    /// The interval of F over resamples of the models of both sides.
    ///
    /// A resample holds some models twice, which makes samples of φ look more separable than they are: F of a
    /// resample is biased downwards. The interval is therefore F ± z times the deviation over resamples, not below 0.
    public static func interval(
        unlearned: [[Double]], retrained: [[Double]], resamples: Int = 50,
        using generator: inout some RandomNumberGenerator
    ) -> Interval {
        let samples = Samples(unlearned: unlearned, retrained: retrained)
        let value = samples.quality().quality
        var values: [Double] = []
        for _ in 0..<resamples {
            let draw = [unlearned.count, retrained.count].map { count in
                (0..<count).map { _ in Int(generator.next(upperBound: UInt64(count))) }
            }
            values.append(
                Samples(unlearned: draw[0].map { unlearned[$0] }, retrained: draw[1].map { retrained[$0] })
                    .quality().quality)
        }
        let center = Statistics.mean(values)
        let variance = values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(max(1, values.count - 1))
        let half = Statistics.normal975 * variance.squareRoot()
        return Interval(low: max(0, value - half), high: value + half)
    }
}

/// φ of all models, by example.
private struct Samples {
    let unlearned: [[Double]]  // [example][model], ascending
    let retrained: [[Double]]
    let table: EpsilonTable

    init(unlearned: [[Double]], retrained: [[Double]]) {
        precondition(!unlearned.isEmpty && !retrained.isEmpty, "ForgettingQuality: no models")
        let count = unlearned[0].count
        precondition((unlearned + retrained).allSatisfy { $0.count == count }, "ForgettingQuality: ragged φ")
        self.unlearned = (0..<count).map { example in unlearned.map { $0[example] }.sorted() }
        self.retrained = (0..<count).map { example in retrained.map { $0[example] }.sorted() }
        table = EpsilonTable(unlearned.count, retrained.count)
    }

    func quality() -> ForgettingQuality {
        let attacks = zip(unlearned, retrained).map { Attacks(unlearned: $0, retrained: $1, table: table) }
        return ForgettingQuality(epsilons: attacks.map { $0.epsilon() })
    }
}

/// ε of an attack that errs on so many of either sample: computed once for all examples.
private struct EpsilonTable {
    private let values: [Double]
    private let counts: (unlearned: Int, retrained: Int)

    init(_ unlearned: Int, _ retrained: Int) {
        counts = (unlearned, retrained)
        values = (0...unlearned).flatMap { wrong in
            (0...retrained).map {
                Self.epsilon(Double(wrong) / Double(unlearned), Double($0) / Double(retrained))
            }
        }
    }

    /// ε when the attack is wrong about so many unlearned and so many retrained models. Which of the two kinds of
    /// error is called a false positive makes no difference to ε.
    func callAsFunction(unlearned: Int, retrained: Int) -> Double {
        values[unlearned * (counts.retrained + 1) + retrained]
    }

    /// ∞ for an attack without error; 0, the least value, for one with only one kind of error, which is discarded.
    private static func epsilon(_ one: Double, _ other: Double) -> Double {
        if one == 0 && other == 0 { return .infinity }
        if one == 0 || other == 0 { return 0 }
        func bound(_ a: Double, _ b: Double) -> Double {
            let mass = 1 - ForgettingQuality.delta - a
            return mass > 0 ? log(mass) - log(b) : 0
        }
        return max(0, bound(one, other), bound(other, one))
    }
}

/// Both families of attacks on one example.
private struct Attacks {
    let unlearned: [Double]  // ascending
    let retrained: [Double]
    let table: EpsilonTable

    func epsilon() -> Double {
        let ranges = [unlearned, retrained].map { $0[$0.count - 1] - $0[0] }
        let widest = max(ranges[0], ranges[1])
        // Two constants: either nothing tells them apart, or everything does.
        if widest == 0 { return unlearned[0] == retrained[0] ? 0 : ForgettingQuality.mostEpsilon }
        if min(ranges[0], ranges[1]) / widest < 0.01 { return ForgettingQuality.mostEpsilon }
        let unlearnedIsHigher = Self.median(unlearned) >= Self.median(retrained)
        let single = singleThreshold(unlearnedIsPositive: unlearnedIsHigher)
        if single == .infinity { return ForgettingQuality.mostEpsilon }
        let unlearnedIsPeakier = ranges[0] == ranges[1] ? unlearnedIsHigher : ranges[0] < ranges[1]
        return min(ForgettingQuality.mostEpsilon, max(single, doubleThreshold(unlearnedIsPositive: unlearnedIsPeakier)))
    }

    /// ε from how many of each sample are called positive.
    private func epsilon(unlearned u: Int, retrained r: Int, unlearnedIsPositive: Bool) -> Double {
        unlearnedIsPositive
            ? table(unlearned: unlearned.count - u, retrained: r)
            : table(unlearned: u, retrained: retrained.count - r)
    }

    /// Positive where φ ≥ t.
    private func singleThreshold(unlearnedIsPositive: Bool) -> Double {
        let least = min(unlearned[0], retrained[0])
        let most = max(unlearned[unlearned.count - 1], retrained[retrained.count - 1])
        let grid = Grid(from: least, to: most, count: Int(((most - least) * 100).rounded(.up)))
        var (best, u, r) = (0.0, 0, 0)
        for index in 0..<grid.count {
            let threshold = grid[index]
            while u < unlearned.count, unlearned[u] < threshold { u += 1 }
            while r < retrained.count, retrained[r] < threshold { r += 1 }
            best = max(
                best,
                epsilon(
                    unlearned: unlearned.count - u, retrained: retrained.count - r,
                    unlearnedIsPositive: unlearnedIsPositive))
        }
        return best
    }

    /// Positive where left ≤ φ ≤ right, around the width of the peakier sample.
    private func doubleThreshold(unlearnedIsPositive: Bool) -> Double {
        let positive = unlearnedIsPositive ? unlearned : retrained
        let (least, most) = (positive[0], positive[positive.count - 1])
        let width = most - least
        let (start, end) = (least + width - 2, most + 2)
        let rights = Grid(from: start, to: end, count: Int(((end - start) * 100).rounded(.up)))
        var best = 0.0
        var (uEnd, rEnd) = (0, 0)
        for index in 0..<rights.count {
            let right = rights[index]
            // Both grids ascend, so that each sample is swept once and never searched.
            while uEnd < unlearned.count, unlearned[uEnd] <= right { uEnd += 1 }
            while rEnd < retrained.count, retrained[rEnd] <= right { rEnd += 1 }
            let lefts = Grid(from: right - width - 2, to: right - width + 2, count: 400)
            best = max(best, widest(lefts, uEnd, rEnd, unlearnedIsPositive))
        }
        return best
    }

    /// The largest ε over left ends, given how many of each sample lie at or below the right end.
    private func widest(_ lefts: Grid, _ uEnd: Int, _ rEnd: Int, _ unlearnedIsPositive: Bool) -> Double {
        var (best, u, r, isNew) = (0.0, 0, 0, true)
        for index in 0..<lefts.count {
            let left = lefts[index]
            while u < unlearned.count, unlearned[u] < left { (u, isNew) = (u + 1, true) }
            while r < retrained.count, retrained[r] < left { (r, isNew) = (r + 1, true) }
            guard isNew else { continue }
            isNew = false
            best = max(
                best,
                epsilon(
                    unlearned: max(0, uEnd - u), retrained: max(0, rEnd - r), unlearnedIsPositive: unlearnedIsPositive))
        }
        return best
    }

    private static func median(_ sorted: [Double]) -> Double {
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// Evenly spaced numbers from the first to the last one, both included, rounded as NumPy's linspace rounds them.
private struct Grid {
    let start: Double
    let end: Double
    let count: Int
    private let step: Double

    init(from start: Double, to end: Double, count: Int) {
        (self.start, self.end, self.count) = (start, end, count)
        step = count > 1 ? (end - start) / Double(count - 1) : 0
    }

    subscript(_ index: Int) -> Double {
        index == count - 1 && count > 1 ? end : Double(index) * step + start
    }
}
