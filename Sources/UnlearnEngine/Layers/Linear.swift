// The layers that every transformer shares.

/// y = x · Wᵀ; weight `[out, in]`.
public struct Linear {
    public let weight: Tensor

    public init(_ weights: Weights, in inputs: Int, out outputs: Int) throws(CheckpointError) {
        weight = try weights.parameter("weight", [outputs, inputs], or: .normal(deviation: 0.02))
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight) }
}

/// Root-mean-square normalisation over the last dimension (Zhang and Sennrich 2019).
public struct RMSNorm {
    private static let fused = Operator("rms_norm")

    public let weight: Tensor
    public let epsilon: Double

    public init(_ weights: Weights, width: Int, epsilon: Double) throws(CheckpointError) {
        weight = try weights.parameter("weight", [width], or: .ones)
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        Self.fused(.tensor(x), .ints(weight.shape), .tensor(weight), .double(epsilon))
    }
}
