// Merging of changes of one weight. Yadav et al. 2023, "TIES-Merging" (arXiv 2306.01708), algorithm 1.

internal import UnlearnEngine

enum TIES {
    /// Trim: of each change the `density` largest magnitudes stay. Elect: each entry takes the sign of the sum. Merge: the
    /// mean of those that have this sign. Where the sum is zero, so is the result.
    /// - Parameter changes: of one shape; at least one.
    static func merged(_ changes: [Tensor], density: Double) -> Tensor {
        precondition(!changes.isEmpty, "TIES: nothing to merge")
        return withoutRecording {
            let trimmed = changes.map { trim($0, density: density) }
            let sum = trimmed.dropFirst().reduce(trimmed[0], +)
            return positive(sum) * positiveMean(trimmed) - positive(-sum) * positiveMean(trimmed.map { -$0 })
        }
    }

    static func trim(_ change: Tensor, density: Double) -> Tensor {
        let count = min(change.count, max(1, Int((density * Double(change.count)).rounded())))
        let magnitudes = change.abs()
        let least = magnitudes.reshape([change.count]).top(count).values.narrow(0, from: count - 1, count: 1)
        return change * least.isAtMost(magnitudes)
    }

    /// 1 where an entry is more than zero, else 0.
    private static func positive(_ x: Tensor) -> Tensor { Tensor(1) - x.isAtMost(Tensor(0)) }

    /// The mean of what is more than zero, entry by entry; 0 where nothing is.
    private static func positiveMean(_ changes: [Tensor]) -> Tensor {
        let counts = changes.map(positive)
        let sum = changes.dropFirst().reduce(changes[0].relu()) { $0 + $1.relu() }
        return sum / counts.dropFirst().reduce(counts[0], +).clamp(atLeast: 1)
    }
}
