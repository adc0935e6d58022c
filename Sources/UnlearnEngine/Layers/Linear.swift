// The layers that every transformer shares.

/// y = x · Wᵀ + b, and a low-rank addition where one is attached; weight `[out, in]`.
public struct Linear {
    public let weight: Tensor
    public let bias: Tensor?
    private let slot: LowRankSlot

    public init(
        _ weights: Weights, in inputs: Int, out outputs: Int, bias hasBias: Bool = false
    ) throws(CheckpointError) {
        weight = try weights.parameter("weight", [outputs, inputs], or: .normal(deviation: 0.02))
        bias = hasBias ? try weights.parameter("bias", [outputs], or: .zeros) : nil
        slot = weights.slot("weight", in: inputs, out: outputs)
    }

    /// With a bias; both start evenly within ±1/√inputs.
    public init(biased weights: Weights, in inputs: Int, out outputs: Int) throws(CheckpointError) {
        let initial = Initializer.uniform(bound: 1 / Float(inputs).squareRoot())
        weight = try weights.parameter("weight", [outputs, inputs], or: initial)
        bias = try weights.parameter("bias", [outputs], or: initial)
        slot = weights.slot("weight", in: inputs, out: outputs)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        slot.added(to: x.linear(weight, bias: bias), x)
    }

    /// y = (silu(gate) · up) · Wᵀ + b.
    public func callAsFunction(gate: Tensor, up: Tensor) -> Tensor {
        guard slot.pair == nil else { return self(gate.siluProduct(up)) }
        let product = gate.gatedLinear(up, weight)
        return bias.map { product + $0 } ?? product
    }
}

/// The same with the weight stored as `[in, out]`, as GPT-2's checkpoints do.
public struct TransposedLinear {
    public let weight: Tensor
    public let bias: Tensor
    private let slot: LowRankSlot

    public init(_ weights: Weights, in inputs: Int, out outputs: Int) throws(CheckpointError) {
        weight = try weights.parameter("weight", [inputs, outputs], or: .normal(deviation: 0.02))
        bias = try weights.parameter("bias", [outputs], or: .zeros)
        slot = weights.slot("weight", in: inputs, out: outputs, isTransposed: true)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        slot.added(to: x.linear(weight.transpose(0, 1), bias: bias), x)
    }
}

/// Normalisation to mean 0 and variance 1 over the last dimension (Ba et al. 2016, arXiv 1607.06450).
public struct LayerNorm {
    private static let fused = Operator("layer_norm")

    public let weight: Tensor
    public let bias: Tensor
    public let epsilon: Double

    public init(_ weights: Weights, width: Int, epsilon: Double) throws(CheckpointError) {
        weight = try weights.parameter("weight", [width], or: .ones)
        bias = try weights.parameter("bias", [width], or: .zeros)
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        Self.fused(.tensor(x), .ints(weight.shape), .tensor(weight), .tensor(bias), .double(epsilon))
    }
}

/// Root-mean-square normalisation over the last dimension (Zhang and Sennrich 2019).
public struct RMSNorm {
    private static let fused = Operator("rms_norm", library: "unlearn")

    public let weight: Tensor
    public let epsilon: Double

    public init(_ weights: Weights, width: Int, epsilon: Double) throws(CheckpointError) {
        weight = try weights.parameter("weight", [width], or: .ones)
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        Self.fused(.tensor(x), .tensor(weight), .double(epsilon))
    }
}
