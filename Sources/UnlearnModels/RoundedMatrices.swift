// Matrices that hold for a while what would be read back of a file of few bits.

public import UnlearnEngine
public import UnlearnFormats

/// A matrix as a file of few bits stores it.
public struct RoundedMatrix: Sendable {
    public let name: String
    /// Whether it lies in memory as `[in, out]`: blocks run along the inputs.
    public let isTransposed: Bool
    public let type: GGMLType

    public init(_ name: String, isTransposed: Bool, as type: GGMLType) {
        (self.name, self.isTransposed, self.type) = (name, isTransposed, type)
    }

    /// - Returns: nil where the layer's rows are not whole blocks: files store these in half precision.
    public init?(of slot: LowRankSlot, as type: GGMLType) {
        guard slot.inputs % type.blockSize == 0 else { return nil }
        self.init(slot.weightName, isTransposed: slot.isTransposed, as: type)
    }
}

extension ParameterStore {
    /// Calls `body` while the matrices are rounded, each together with its low-rank addition, which goes on being trained:
    /// in its layer stands R(W + BA) − BA. Afterwards all are what they were, to the bit.
    /// - Throws: `ModelError.cannotRound` for a number that is too large or not finite, with everything put back; and what
    ///   `body` throws.
    public func rounded<Result>(_ matrices: [RoundedMatrix], _ body: () throws -> Result) throws -> Result {
        var kept: [(matrix: Tensor, copy: Tensor)] = []
        defer { withoutRecording { for (matrix, copy) in kept { matrix.copy(from: copy) } } }
        for one in matrices {
            let matrix = self[one.name]
            let values = try rounded(one)
            kept.append((matrix, withoutRecording { matrix + 0 }))
            withoutRecording { matrix.copy(from: values) }
        }
        return try body()
    }

    private func rounded(_ one: RoundedMatrix) throws(ModelError) -> Tensor {
        let matrix = self[one.name]
        let whole = merged(one.name)
        // A copy of its own, with the blocks one behind the other.
        let values = withoutRecording {
            (one.isTransposed ? whole.transpose(0, 1).contiguous() : whole).to(.float32) + 0
        }
        guard values.withMutableBytes({ one.type.round($0.bindMemory(to: Float.self)) }) else {
            throw .cannotRound(name: one.name)
        }
        return withoutRecording {
            let rounded = one.isTransposed ? values.transpose(0, 1) : values
            let isAdded = slots.contains { $0.weightName == one.name && $0.pair != nil }
            return isAdded ? rounded - (whole - matrix) : rounded
        }
    }
}
