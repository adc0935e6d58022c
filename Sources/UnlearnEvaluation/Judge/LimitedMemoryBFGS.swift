// Minimises smooth convex functions: Liu and Nocedal 1989, "On the limited memory BFGS method for large scale
// optimization".

internal import Foundation

enum LimitedMemoryBFGS {
    /// How many of the last steps tell how the gradient changes.
    private static let memory = 10
    private static let mostSteps = 5000
    /// What the largest entry of the gradient may be at the end, and where no step lessens the value any more.
    private static let tolerance = 1e-10
    private static let looseTolerance = 1e-6

    private typealias Change = (step: [Double], gradient: [Double], curvature: Double)

    /// The minimum of a function that gives value and gradient; nil if it is not found.
    static func minimum(
        from start: [Double], _ function: ([Double]) -> (value: Double, gradient: [Double])
    ) -> [Double]? {
        var point = start
        var (value, gradient) = function(point)
        var changes: [Change] = []
        for _ in 0..<mostSteps {
            let size = gradient.reduce(0) { max($0, abs($1)) }
            guard value.isFinite, size.isFinite else { return nil }
            if size <= tolerance { return point }
            let direction = direction(against: gradient, changes)
            guard let next = search(from: point, value, gradient, along: direction, function) else {
                // The last digits of the value are used up, or the function is none that can be minimised.
                return size <= looseTolerance ? point : nil
            }
            let step = zip(next.point, point).map { $0 - $1 }
            let difference = zip(next.gradient, gradient).map { $0 - $1 }
            let curvature = product(step, difference)
            if curvature > 0 {
                changes.append((step, difference, curvature))
                if changes.count > memory { changes.removeFirst() }
            }
            (point, value, gradient) = next
        }
        return nil
    }

    /// Minus the inverse Hessian, as the last steps tell of it, times the gradient: the two loops of the paper.
    private static func direction(against gradient: [Double], _ changes: [Change]) -> [Double] {
        var result = gradient.map { -$0 }
        var factors: [Double] = []
        for change in changes.reversed() {
            let factor = product(change.step, result) / change.curvature
            factors.append(factor)
            add(change.gradient, scaledBy: -factor, to: &result)
        }
        if let last = changes.last {
            let scale = last.curvature / product(last.gradient, last.gradient)
            for index in result.indices { result[index] *= scale }
        }
        for (change, factor) in zip(changes, factors.reversed()) {
            add(change.step, scaledBy: factor - product(change.gradient, result) / change.curvature, to: &result)
        }
        return result
    }

    /// The first of the steps 1, 1/2, 1/4, … after which the value is enough less (Armijo). Close to the minimum the digits
    /// of the value no longer tell; then the slope does, which must not have turned by too much (Hager and Zhang 2005, "A
    /// new conjugate gradient method with guaranteed descent", the approximate Wolfe condition with δ = 0.1).
    private static func search(
        from point: [Double], _ value: Double, _ gradient: [Double], along direction: [Double],
        _ function: ([Double]) -> (value: Double, gradient: [Double])
    ) -> (point: [Double], value: Double, gradient: [Double])? {
        let slope = product(gradient, direction)
        guard slope < 0 else { return nil }
        var length = 1.0
        for _ in 0..<40 {
            let next = zip(point, direction).map { $0 + length * $1 }
            let (nextValue, nextGradient) = function(next)
            let isLess = nextValue < value && nextValue <= value + 1e-4 * length * slope
            let isSame = abs(nextValue - value) <= 1e-14 * abs(value)
            if isLess || isSame && product(nextGradient, direction) <= -0.8 * slope {
                return (next, nextValue, nextGradient)
            }
            length /= 2
        }
        return nil
    }

    private static func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    private static func add(_ vector: [Double], scaledBy scale: Double, to sum: inout [Double]) {
        for index in sum.indices { sum[index] += scale * vector[index] }
    }
}
