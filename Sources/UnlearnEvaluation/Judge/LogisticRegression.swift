// Logistic regression with a quadratic penalty, fitted to its one minimum.

internal import Foundation
public import UnlearnData
public import UnlearnFormats

/// p(positive | x) = σ(weights · x + bias).
public struct LogisticRegression: Sendable, Equatable {
    public struct Options: Configurable {
        @Setting("How much the examples count against the penalty: the larger, the closer the fit.", .positive)
        public var cost = 1.0
        @Setting("Whether both classes count alike, however many examples each has.")
        public var balancesClasses = false

        public init() {}
    }

    public let weights: [Double]
    public let bias: Double

    public init(weights: [Double], bias: Double) { (self.weights, self.bias) = (weights, bias) }

    /// The minimum of cost · Σ cᵢ log(1 + exp(−yᵢ zᵢ)) + |weights|² / 2, the objective of scikit-learn's
    /// LogisticRegression; the bias is not penalised.
    public init(fitting rows: FeatureRows, _ isPositive: [Bool], _ options: Options = Options()) throws(JudgeError) {
        precondition(rows.count == isPositive.count, "LogisticRegression: one label for each row")
        let positives = isPositive.count(where: \.self)
        guard positives > 0, positives < rows.count else {
            throw .oneClass(count: rows.count, isPositive: positives > 0)
        }
        guard options.cost > 0, options.cost.isFinite else { throw .option("cost", expected: "a positive number") }
        let loss = LogisticLoss(rows: rows, isPositive: isPositive, options)
        let start = [Double](repeating: 0, count: rows.width + 1)
        let minimum = LimitedMemoryBFGS.minimum(from: start) { loss($0) }
        guard let minimum else { throw .notFitted }
        self.init(weights: Array(minimum.dropLast()), bias: minimum[rows.width])
    }

    public func probabilities(of rows: FeatureRows) -> [Double] { rows.scores(weights, bias: bias).map(Self.logistic) }

    static func logistic(_ score: Double) -> Double { 1 / (1 + exp(-score)) }
}

/// The objective, divided by cost · Σ c, so that its size does not depend on the number of examples.
private struct LogisticLoss {
    let rows: FeatureRows
    /// 1 or −1.
    let labels: [Double]
    /// What each example counts; the sum is 1.
    let shares: [Double]
    let penalty: Double

    init(rows: FeatureRows, isPositive: [Bool], _ options: LogisticRegression.Options) {
        self.rows = rows
        labels = isPositive.map { $0 ? 1 : -1 }
        let count = Double(rows.count)
        let positives = Double(isPositive.count(where: \.self))
        // Balanced: n / (2 · examples of the class), whose sum over all examples is n.
        shares = isPositive.map { options.balancesClasses ? 0.5 / ($0 ? positives : count - positives) : 1 / count }
        penalty = 1 / (options.cost * count)
    }

    /// The value at weights and bias, one behind another, and its gradient.
    func callAsFunction(_ point: [Double]) -> (value: Double, gradient: [Double]) {
        let weights = Array(point.dropLast())
        let scores = rows.scores(weights, bias: point[rows.width])
        var value = 0.0
        var slopes = [Double](repeating: 0, count: rows.count)
        for index in 0..<rows.count {
            let margin = labels[index] * scores[index]
            // log(1 + exp(−m)) without overflow.
            value += shares[index] * (max(0, -margin) + log1p(exp(-abs(margin))))
            slopes[index] = -shares[index] * labels[index] * LogisticRegression.logistic(-margin)
        }
        var gradient = rows.sum(scaledBy: slopes)
        for index in gradient.indices { gradient[index] += penalty * weights[index] }
        gradient.append(slopes.reduce(0, +))
        return (value + penalty / 2 * weights.reduce(0) { $0 + $1 * $1 }, gradient)
    }
}
