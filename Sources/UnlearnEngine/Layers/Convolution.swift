// The layers that models of images share.

/// A correlation; weight `[out, in, size, size]`. Starts as He et al. 2015 (arXiv 1502.01852) propose: normal with
/// deviation √(2 / fan-out), and no bias or one of zeros.
public struct Convolution {
    public let weight: Tensor
    public let bias: Tensor?
    public let stride: Int
    public let padding: Int

    /// - Parameters:
    ///   - padding: rows and columns of zeros at each edge; nil: as many as keep the size at stride 1.
    ///   - initial: how the weight starts; nil: as above.
    public init(
        _ weights: Weights, in inputs: Int, out outputs: Int, size: Int, stride: Int = 1, bias hasBias: Bool = false,
        padding: Int? = nil, or initial: Initializer? = nil
    ) throws(CheckpointError) {
        let usual = Initializer.normal(deviation: (2 / Float(outputs * size * size)).squareRoot())
        weight = try weights.parameter("weight", [outputs, inputs, size, size], or: initial ?? usual)
        bias = hasBias ? try weights.parameter("bias", [outputs], or: .zeros) : nil
        self.stride = stride
        self.padding = padding ?? size / 2
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.convolved(with: weight, bias: bias, stride: stride, padding: padding)
    }
}

/// Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167). The running statistics are buffers.
public struct BatchNorm {
    static let momentum = 0.1

    public let weight: Tensor
    public let bias: Tensor
    public let runningMean: Tensor
    public let runningVariance: Tensor
    public let epsilon: Double

    public init(_ weights: Weights, width: Int, epsilon: Double = 1e-5) throws(CheckpointError) {
        self.epsilon = epsilon
        weight = try weights.parameter("weight", [width], or: .ones)
        bias = try weights.parameter("bias", [width], or: .zeros)
        runningMean = try weights.buffer("running_mean", [width], or: .zeros)
        runningVariance = try weights.buffer("running_var", [width], or: .ones)
    }

    public func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
        x.batchNormalized(
            weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVariance,
            training: training, momentum: Self.momentum, epsilon: epsilon)
    }
}

/// Group normalisation (Wu and He 2018, arXiv 1803.08494) of images `[images, channels, height, width]`.
public struct GroupNorm {
    public let weight: Tensor
    public let bias: Tensor
    public let groups: Int
    public let epsilon: Double

    /// - Parameter groups: a divisor of `width`.
    public init(_ weights: Weights, width: Int, groups: Int, epsilon: Double = 1e-5) throws(CheckpointError) {
        weight = try weights.parameter("weight", [width], or: .ones)
        bias = try weights.parameter("bias", [width], or: .zeros)
        (self.groups, self.epsilon) = (groups, epsilon)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.groupNormalized(groups: groups, weight: weight, bias: bias, epsilon: epsilon)
    }
}
