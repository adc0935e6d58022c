// The tiny auto-encoders of images: convolutions in residual blocks, halving the size on the way to few channels and
// doubling it on the way back. TAESD (Ollin Boer Bohan 2023, github.com/madebyollin/taesd), with parameters named as
// diffusers' AutoencoderTiny does.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// The numbers of a tiny auto-encoder.
public struct TinyAutoencoderConfiguration: Sendable, Equatable {
    /// The images that it is for. Others will do whose sides the same power of two divides.
    public var inputShape: ImageShape
    public var outputChannels: Int
    /// Channels between encoder and decoder.
    public var latentChannels: Int
    /// The width of each stage, from the images on. Each stage of the encoder after the first begins by halving the
    /// size.
    public var encoderWidths: [Int]
    /// The width of each stage, from the features on. Each stage of the decoder but the last ends by doubling the size.
    public var decoderWidths: [Int]
    /// How many residual blocks each stage has.
    public var encoderBlocks: [Int]
    public var decoderBlocks: [Int]
    /// Whether the blocks of the smallest size look at the whole image through a group normalisation, as TAEF2's do.
    public var hasMiddleNorm: Bool

    /// TAESD's own numbers at those images.
    public init(
        inputShape: ImageShape, outputChannels: Int? = nil, latentChannels: Int = 4,
        encoderWidths: [Int] = [64, 64, 64, 64], decoderWidths: [Int] = [64, 64, 64, 64],
        encoderBlocks: [Int] = [1, 3, 3, 3], decoderBlocks: [Int] = [3, 3, 3, 1], hasMiddleNorm: Bool = false
    ) {
        self.inputShape = inputShape
        self.outputChannels = outputChannels ?? inputShape.channels
        self.latentChannels = latentChannels
        (self.encoderWidths, self.decoderWidths) = (encoderWidths, decoderWidths)
        (self.encoderBlocks, self.decoderBlocks) = (encoderBlocks, decoderBlocks)
        self.hasMiddleNorm = hasMiddleNorm
    }

    /// How many times as high and wide as the features the images are.
    public var scale: Int { 1 << (encoderWidths.count - 1) }
}

/// An encoder and a decoder of convolutions, without shortcuts between both.
public final class TinyAutoencoder: ImageToImageModel {
    public let numbers: TinyAutoencoderConfiguration
    public let parameters: ParameterStore
    private let encoder: [TinyLayer]
    private let decoder: [TinyLayer]

    public init(_ c: TinyAutoencoderConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        encoder = try Self.encoder(c, weights["encoder"]["layers"])
        decoder = try Self.decoder(c, weights["decoder"]["layers"])
        parameters = try weights.finish { _ in false }
    }

    /// Layers are numbered as in a sequence of PyTorch, in which activations and changes of size count too.
    private static func encoder(
        _ c: TinyAutoencoderConfiguration, _ weights: Weights
    ) throws(CheckpointError) -> [TinyLayer] {
        var layers: [TinyLayer] = []
        var width = c.inputShape.channels
        for (stage, outputs) in c.encoderWidths.enumerated() {
            let isFirst = stage == 0
            layers.append(
                .convolution(
                    try Convolution(
                        weights[layers.count], in: width, out: outputs, size: 3, stride: isFirst ? 1 : 2, bias: isFirst)
                ))
            let hasNorm = c.hasMiddleNorm && stage == c.encoderWidths.count - 1
            for _ in 0..<c.encoderBlocks[stage] {
                layers.append(.block(try TinyBlock(weights[layers.count], width: outputs, hasNorm: hasNorm)))
            }
            width = outputs
        }
        let last = try Convolution(weights[layers.count], in: width, out: c.latentChannels, size: 3, bias: true)
        return layers + [.convolution(last)]
    }

    private static func decoder(
        _ c: TinyAutoencoderConfiguration, _ weights: Weights
    ) throws(CheckpointError) -> [TinyLayer] {
        let widths = c.decoderWidths
        var layers: [TinyLayer] = [
            .convolution(try Convolution(weights[0], in: c.latentChannels, out: widths[0], size: 3, bias: true)),
            .relu,
        ]
        for (stage, width) in widths.enumerated() {
            for _ in 0..<c.decoderBlocks[stage] {
                let hasNorm = c.hasMiddleNorm && stage == 0
                layers.append(.block(try TinyBlock(weights[layers.count], width: width, hasNorm: hasNorm)))
            }
            let isLast = stage == widths.count - 1
            if !isLast { layers.append(.upsampling) }
            layers.append(
                .convolution(
                    try Convolution(
                        weights[layers.count], in: width, out: isLast ? c.outputChannels : widths[stage + 1], size: 3,
                        bias: isLast)))
        }
        return layers
    }

    public var configuration: JSONValue { numbers.json }
    public var inputShape: ImageShape { numbers.inputShape }
    public var outputChannels: Int { numbers.outputChannels }
    public func reads(_ shape: ImageShape) -> Bool {
        shape.channels == inputShape.channels && shape.height % numbers.scale == 0 && shape.width % numbers.scale == 0
    }
    public func isEncoder(_ name: String) -> Bool { name.hasPrefix("encoder.") }
    public func remade(_ weights: Weights) throws(CheckpointError) -> Self { try Self(numbers, weights) }

    /// Features `[images, latentChannels, height / scale, width / scale]`.
    public func encode(_ input: DegradedImages) -> ImageFeatures {
        // The layers see 0…1.
        ImageFeatures(encoder.reduce(input.images * 0.5 + 0.5) { $1($0) })
    }

    public func decode(_ features: ImageFeatures, for _: DegradedImages) -> Tensor {
        // Features are limited to −3…3, softly.
        let limited = (features.deepest * (1 / 3)).tanh() * 3
        return decoder.reduce(limited) { $1($0) } * 2 + -1
    }
}

/// A step of encoder or decoder.
private enum TinyLayer {
    case convolution(Convolution)
    case block(TinyBlock)
    case relu
    case upsampling

    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .convolution(let layer): layer(x)
        case .block(let block): block(x)
        case .relu: x.relu()
        case .upsampling: x.upsampled(by: 2)
        }
    }
}

/// relu(F(y) + y) with three convolutions F, and y = x; with a norm, y = x + G(x), where a pixel's G depends on all
/// others.
private struct TinyBlock {
    private let convolutions: [Convolution]
    private let pool: (widening: Convolution, norm: GroupNorm, narrowing: Convolution)?

    init(_ weights: Weights, width: Int, hasNorm: Bool) throws(CheckpointError) {
        if hasNorm {
            let pool = weights["pool"]
            self.pool = (
                try Convolution(pool[0], in: width, out: 4 * width, size: 1),
                try GroupNorm(pool[1], width: 4 * width, groups: 4),
                try Convolution(pool[3], in: 4 * width, out: width, size: 1, or: .zeros)
            )
        } else {
            pool = nil
        }
        var convolutions: [Convolution] = []
        for index in [0, 2, 4] {
            // A new block changes nothing: deep stacks then train without normalisation (Zhang et al. 2019, arXiv
            // 1901.09321).
            convolutions.append(
                try Convolution(
                    weights["conv"][index], in: width, out: width, size: 3, bias: true, or: index == 4 ? .zeros : nil))
        }
        self.convolutions = convolutions
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let y = pool.map { x + $0.narrowing($0.norm($0.widening(x)).relu()) } ?? x
        let last = convolutions.count - 1
        let change = convolutions.enumerated().reduce(y) { z, layer in
            layer.offset < last ? layer.element(z).relu() : layer.element(z)
        }
        return (change + y).relu()
    }
}
