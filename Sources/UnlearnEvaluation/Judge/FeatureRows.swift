// The numbers that a linear judge sees of texts: a row for each.

public import UnlearnEngine

/// Rows of numbers; of sparse ones only those that are not zero.
public struct FeatureRows: Sendable, Equatable {
    public let count: Int
    /// How many numbers a row has.
    public let width: Int
    private let storage: Storage

    private enum Storage: Sendable, Equatable {
        case dense([Double])
        /// Where each row begins, and then of each number its column and itself.
        case sparse(starts: [Int], columns: [Int32], values: [Double])
    }

    /// - Parameter features: `[rows, width]`.
    public init(_ features: Tensor) {
        precondition(features.rank == 2, "FeatureRows: the tensor has shape \(features.shape)")
        (count, width) = (features.shape[0], features.shape[1])
        storage = .dense(withoutRecording { features.to(.float64) }.scalars(Double.self))
    }

    /// - Parameter sparse: for each row its columns in ascending order, each with its number.
    public init(sparse rows: [[(column: Int32, value: Double)]], width: Int) {
        precondition(rows.allSatisfy { $0.allSatisfy { (0..<width).contains(Int($0.column)) } }, "FeatureRows: columns")
        (count, self.width) = (rows.count, width)
        storage = .sparse(
            starts: rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) },
            columns: rows.flatMap { $0.map(\.column) }, values: rows.flatMap { $0.map(\.value) })
    }

    /// weights · row + bias of every row.
    func scores(_ weights: [Double], bias: Double) -> [Double] {
        precondition(weights.count == width, "FeatureRows: \(weights.count) weights for rows of \(width)")
        return weights.withUnsafeBufferPointer { weights in
            switch storage {
            case .dense(let values):
                values.withUnsafeBufferPointer { values in
                    (0..<count).map { row in bias + Self.product(values, from: row * width, weights) }
                }
            case .sparse(let starts, let columns, let values):
                (0..<count).map { row in
                    var sum = bias
                    for index in starts[row]..<starts[row + 1] { sum += values[index] * weights[Int(columns[index])] }
                    return sum
                }
            }
        }
    }

    /// Σ factor · row, `[width]`.
    func sum(scaledBy factors: [Double]) -> [Double] {
        var sum = [Double](repeating: 0, count: width)
        sum.withUnsafeMutableBufferPointer { sum in
            switch storage {
            case .dense(let values):
                values.withUnsafeBufferPointer { values in
                    for row in 0..<count {
                        let (factor, start) = (factors[row], row * width)
                        for column in 0..<width { sum[column] += factor * values[start + column] }
                    }
                }
            case .sparse(let starts, let columns, let values):
                for row in 0..<count {
                    for index in starts[row]..<starts[row + 1] {
                        sum[Int(columns[index])] += factors[row] * values[index]
                    }
                }
            }
        }
        return sum
    }

    /// In eight sums, so that the processor need not wait for each addition; always in the same order.
    private static func product(
        _ values: UnsafeBufferPointer<Double>, from start: Int, _ weights: UnsafeBufferPointer<Double>
    ) -> Double {
        var sums = SIMD8<Double>.zero
        var column = 0
        while column + 8 <= weights.count {
            var (a, b) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
            for lane in 0..<8 { (a[lane], b[lane]) = (values[start + column + lane], weights[column + lane]) }
            sums += a * b
            column += 8
        }
        var sum = sums.sum()
        while column < weights.count {
            sum += values[start + column] * weights[column]
            column += 1
        }
        return sum
    }
}
