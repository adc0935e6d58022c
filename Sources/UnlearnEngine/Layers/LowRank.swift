// Low-rank additions to linear layers: the weight stays, and what is learnt is a product of two thin matrices.
// Hu et al. 2021, "LoRA" (arXiv 2106.09685), equation 3: y = x·Wᵀ + (α/r) · (x·Aᵀ)·Bᵀ.

/// The two matrices of an addition.
public struct LowRankPair {
    /// A `[rank, in]`.
    public let down: Tensor
    /// B `[out, rank]`, zero at the start, so that nothing changes by being attached.
    public let up: Tensor
    /// α / r.
    public let scale: Double

    public init(down: Tensor, up: Tensor, scale: Double) {
        (self.down, self.up, self.scale) = (down, up, scale)
    }
}

/// The place in a linear layer where an addition may be attached.
public final class LowRankSlot {
    /// The name of the weight: "model.layers.0.mlp.up_proj.weight".
    public let weightName: String
    public let inputs: Int
    public let outputs: Int
    /// Whether the weight is stored as `[in, out]`.
    public let isTransposed: Bool
    public internal(set) var pair: LowRankPair?

    init(weightName: String, inputs: Int, outputs: Int, isTransposed: Bool) {
        (self.weightName, self.inputs, self.outputs) = (weightName, inputs, outputs)
        self.isTransposed = isTransposed
    }

    /// What the layer makes of `x`, with the addition to what its weight makes of it.
    func added(to y: Tensor, _ x: Tensor) -> Tensor {
        guard let pair else { return y }
        // The scale goes to the narrow side: beside it the wide ones are a pass over memory each, and another backwards.
        return y + (x.linear(pair.down) * pair.scale).linear(pair.up)
    }

    /// What the addition adds to the layer's weight, in the weight's own layout.
    var product: Tensor? {
        guard let pair else { return nil }
        let product = pair.up.matmul(pair.down) * pair.scale
        return isTransposed ? product.transpose(0, 1) : product
    }

    /// The layer's name: that of its weight without the last component.
    public var layerName: String { String(weightName.dropLast(".weight".count)) }
    public var downName: String { layerName + ".lora_A.weight" }
    public var upName: String { layerName + ".lora_B.weight" }
}

extension ParameterStore {
    /// The parameters that additions brought, in the order of their layers.
    public var additionNames: [String] { attached.flatMap { [$0.downName, $0.upName] } }

    /// The slots that hold an addition.
    public var attached: [LowRankSlot] { slots.filter { $0.pair != nil } }

    /// The slots of the linear layers whose weights the pattern names.
    public func slots(_ pattern: String) throws(CheckpointError) -> [LowRankSlot] {
        let names = Set(try select(pattern))
        let found = slots.filter { names.contains($0.weightName) }
        guard !found.isEmpty else {
            throw .notLinear(pattern: pattern, examples: slots.prefix(3).map(\.weightName))
        }
        return found
    }

    /// Puts an addition into a slot of this store.
    public func attach(_ pair: LowRankPair, to slot: LowRankSlot) {
        precondition(slot.pair == nil, "attach: '\(slot.weightName)' has an addition already")
        let rank = pair.down.shape[0]
        precondition(
            pair.down.shape == [rank, slot.inputs] && pair.up.shape == [slot.outputs, rank],
            "attach: \(pair.down.shape) and \(pair.up.shape) do not fit '\(slot.weightName)'")
        slot.pair = pair
        hold(slot.downName, pair.down)
        hold(slot.upName, pair.up)
    }

    /// Takes every addition out again, leaving the model as it was before.
    public func detachAll() {
        for slot in attached {
            slot.pair = nil
            release(slot.downName)
            release(slot.upName)
        }
    }

    /// Adds every addition to its weight, for good.
    public func mergeAll() {
        withoutRecording {
            for slot in attached {
                guard let product = slot.product else { continue }
                self[slot.weightName].widen()
                self[slot.weightName].add(inPlace: product)
            }
        }
        detachAll()
    }

    /// A parameter as the model computes with it: the weight with its addition.
    public func merged(_ name: String) -> Tensor {
        guard let slot = slots.first(where: { $0.weightName == name }), slot.pair != nil else { return self[name] }
        return withoutRecording { slot.product.map { self[name] + $0 } ?? self[name] }
    }
}
