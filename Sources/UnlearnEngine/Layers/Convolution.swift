// The layers that image classifiers share.

/// A correlation without bias; weight `[out, in, size, size]`. Starts as He et al. 2015 (arXiv 1502.01852) propose:
/// normal with deviation √(2 / fan-out).
public struct Convolution {
    public let weight: Tensor
    public let stride: Int
    public let padding: Int

    public init(
        _ weights: Weights, in inputs: Int, out outputs: Int, size: Int, stride: Int = 1
    ) throws(CheckpointError) {
        let deviation = (2 / Float(outputs * size * size)).squareRoot()
        weight = try weights.parameter("weight", [outputs, inputs, size, size], or: .normal(deviation: deviation))
        self.stride = stride
        padding = size / 2
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { x.convolved(with: weight, stride: stride, padding: padding) }
}

/// Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167). The running statistics are buffers.
public struct BatchNorm {
    static let momentum = 0.1
    static let epsilon = 1e-5

    public let weight: Tensor
    public let bias: Tensor
    public let runningMean: Tensor
    public let runningVariance: Tensor

    public init(_ weights: Weights, width: Int) throws(CheckpointError) {
        weight = try weights.parameter("weight", [width], or: .ones)
        bias = try weights.parameter("bias", [width], or: .zeros)
        runningMean = try weights.buffer("running_mean", [width], or: .zeros)
        runningVariance = try weights.buffer("running_var", [width], or: .ones)
    }

    public func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
        x.batchNormalized(
            weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVariance,
            training: training, momentum: Self.momentum, epsilon: Self.epsilon)
    }
}
