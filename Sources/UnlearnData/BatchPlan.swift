// Which examples each step sees: indices only, fixed by the seed before training starts.

public import UnlearnEngine

/// Some examples of each group for every step. Each group is gone through in shuffled passes, so that all of its examples
/// are seen equally often.
public struct BatchPlan: Sendable, Equatable {
    /// `[steps][groups][examples of that group]`.
    public let steps: [[[Int]]]

    /// Steps that all have as many examples: one that begins in a pass may end in the next.
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

    /// Steps of whole passes: the last batch of a pass may be smaller.
    /// - Parameters:
    ///   - groups: the examples of each group; an empty group gives nothing, and has no place in a step.
    ///   - sizes: how many examples of each group a step takes at most.
    public init(passesOver groups: [[Int]], sizes: [Int], steps: Int, using generator: inout Generator) {
        precondition(groups.count == sizes.count, "BatchPlan: one size for each group")
        var streams: [[[Int]]] = []
        for (group, size) in zip(groups, sizes) where !group.isEmpty {
            var batches: [[Int]] = []
            while batches.count < steps {
                let order = group.shuffled(using: &generator)
                batches += stride(from: 0, to: order.count, by: size).map {
                    Array(order[$0..<min($0 + size, order.count)])
                }
            }
            streams.append(batches)
        }
        self.steps = (0..<steps).map { step in streams.map { $0[step] } }
    }

    private static func stream(of count: Int, length: Int, using generator: Generator) -> ArraySlice<Int> {
        var generator = generator
        var indices: [Int] = []
        while count > 0, indices.count < length { indices += (0..<count).shuffled(using: &generator) }
        return indices.prefix(length)
    }
}
