// Which examples each step sees: indices only, fixed by the seed before training starts.

internal import UnlearnEngine

/// A number of examples of each group for every step. Each group is gone through in shuffled passes, so that all of
/// its examples are seen equally often.
public struct BatchPlan: Sendable, Equatable {
    /// `[steps][groups][examples of that group]`.
    public let steps: [[[Int]]]

    /// - Parameters:
    ///   - counts: how many examples each group has; an empty group gives nothing.
    ///   - perStep: how many examples of each group a step takes.
    public init(counts: [Int], perStep: [Int], steps: Int, seed: UInt64) {
        precondition(counts.count == perStep.count, "BatchPlan: one number per step for each group")
        var streams = zip(counts, perStep).enumerated().map { index, group in
            Self.stream(
                of: group.0, length: steps * group.1, using: Generator(seed: seed, purpose: "batch plan \(index)"))
        }
        self.steps = (0..<steps).map { _ in
            streams.indices.map { group in
                let taken = Array(streams[group].prefix(perStep[group]))
                streams[group].removeFirst(taken.count)
                return taken
            }
        }
    }

    private static func stream(of count: Int, length: Int, using generator: Generator) -> ArraySlice<Int> {
        var generator = generator
        var indices: [Int] = []
        while count > 0, indices.count < length { indices += (0..<count).shuffled(using: &generator) }
        return indices.prefix(length)
    }
}
