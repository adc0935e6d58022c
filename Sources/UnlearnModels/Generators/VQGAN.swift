// VQ-GAN: Esser et al. 2021, "Taming transformers for high-resolution image synthesis" (arXiv 2012.09841): features are
// replaced by the nearest entries of a codebook. Parameters are named as the authors' taming-transformers does.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// The numbers of a VQ-GAN.
public struct VQGANConfiguration: Sendable, Equatable {
    public var inputChannels: Int
    public var outputChannels: Int
    /// Width and height of the images.
    public var resolution: Int
    /// The width of the first stage, and of each stage as a multiple of it. All stages but the last end by halving the
    /// size.
    public var width: Int
    public var multipliers: [Int]
    public var blocksPerStage: Int
    /// The sizes at which blocks are followed by attention; the smallest always has it in its middle.
    public var attentionResolutions: [Int]
    /// Channels between encoder and codebook.
    public var latentChannels: Int
    /// The width and number of the codebook's entries.
    public var codeWidth: Int
    public var codeCount: Int
    /// How many groups the channels of each norm have; 32 in the published models.
    public var normGroups: Int

    public init(
        inputChannels: Int = 3, outputChannels: Int = 3, resolution: Int, width: Int, multipliers: [Int],
        blocksPerStage: Int, attentionResolutions: [Int], latentChannels: Int, codeWidth: Int, codeCount: Int,
        normGroups: Int = 32
    ) {
        (self.inputChannels, self.outputChannels, self.resolution) = (inputChannels, outputChannels, resolution)
        (self.width, self.multipliers, self.blocksPerStage) = (width, multipliers, blocksPerStage)
        (self.attentionResolutions, self.latentChannels) = (attentionResolutions, latentChannels)
        (self.codeWidth, self.codeCount, self.normGroups) = (codeWidth, codeCount, normGroups)
    }

    /// How many times as high and wide as the features the images are.
    public var scale: Int { 1 << (multipliers.count - 1) }
    var norm: NormChoice { NormChoice(groups: normGroups, epsilon: 1e-6) }
    func stageWidth(_ stage: Int) -> Int { width * multipliers[stage] }
    func hasAttention(_ stage: Int) -> Bool { attentionResolutions.contains(resolution >> stage) }
}

/// An encoder, a codebook, and a decoder that sees entries of the codebook alone.
public final class VQGAN: ImageToImageModel {
    public let numbers: VQGANConfiguration
    public let parameters: ParameterStore
    private let encoder: VQEncoder
    private let toCodes: Convolution
    /// `[codes, codeWidth]`.
    public let codebook: Tensor
    private let fromCodes: Convolution
    private let decoder: VQDecoder

    public init(_ c: VQGANConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        encoder = try VQEncoder(c, weights["encoder"])
        toCodes = try Convolution(weights["quant_conv"], in: c.latentChannels, out: c.codeWidth, size: 1, bias: true)
        // Far apart, where features are: of entries close to zero a few would be the nearest of all features, and the
        // others never learn.
        codebook = try weights["quantize"]["embedding"].parameter(
            "weight", [c.codeCount, c.codeWidth], or: .normal(deviation: 1))
        fromCodes = try Convolution(
            weights["post_quant_conv"], in: c.codeWidth, out: c.latentChannels, size: 1, bias: true)
        decoder = try VQDecoder(c, weights["decoder"])
        // What only training reads: the network that features are compared with, and the discriminator.
        parameters = try weights.finish { $0.hasPrefix("loss.") }
    }

    public var configuration: JSONValue { numbers.json }
    public var inputShape: ImageShape {
        ImageShape(channels: numbers.inputChannels, height: numbers.resolution, width: numbers.resolution)
    }
    public var outputChannels: Int { numbers.outputChannels }
    public func reads(_ shape: ImageShape) -> Bool {
        shape.channels == numbers.inputChannels && shape.height % numbers.scale == 0 && shape.width % numbers.scale == 0
    }
    /// The codebook belongs to the decoder.
    public func isEncoder(_ name: String) -> Bool { name.hasPrefix("encoder.") || name.hasPrefix("quant_conv.") }
    public func remade(_ weights: Weights) throws(CheckpointError) -> Self { try Self(numbers, weights) }

    /// Features `[images, codeWidth, height / scale, width / scale]`, before the codebook.
    public func encode(_ input: DegradedImages) -> ImageFeatures { ImageFeatures(toCodes(encoder(input.images))) }

    /// The gradient passes the codebook as if it were not there (straight-through), and none reaches its entries.
    public func decode(_ features: ImageFeatures, for _: DegradedImages) -> Tensor {
        let entries = quantized(features.deepest).detached()
        let passed = features.deepest + (entries - features.deepest).detached()
        return decoder(fromCodes(passed))
    }

    /// The mean absolute error of what is drawn, and of all, beside ``codebookLoss(_:commitment:)``. The paper's
    /// perceptual and adversarial parts, which need networks of their own, are left out.
    public func losses(
        _ features: ImageFeatures, of originals: Tensor, for input: DegradedImages, wholeWeight: Double
    ) -> [TrainingLoss] {
        let errors = errors(decode(features, for: input), of: originals, for: input).abs()
        return [
            TrainingLoss("drawn", errors.mean(over: input.mask)),
            TrainingLoss("whole", weight: wholeWeight, errors.mean()),
            TrainingLoss("codebook", codebookLoss(features)),
        ]
    }

    /// What ties features and codebook together in training: mean (entries − features)², with gradients for the
    /// entries, and `commitment` times the same with gradients for the features (equation 4; the authors' first code
    /// has the factor at the other of both).
    public func codebookLoss(_ features: ImageFeatures, commitment: Double = 0.25) -> Tensor {
        let entries = quantized(features.deepest)
        return (entries - features.deepest.detached()).square().mean()
            + (entries.detached() - features.deepest).square().mean() * commitment
    }

    /// The place in the codebook of each pixel's nearest entry, `[images · height · width]`, int64, image by image and
    /// row by row.
    public func codes(_ features: ImageFeatures) -> Tensor {
        withoutRecording {
            let pixels = features.deepest.permute([0, 2, 3, 1]).reshape([-1, numbers.codeWidth])
            // |z|² is the same for all entries.
            let nearness = pixels.matmul(codebook.transpose(0, 1)) * 2 - codebook.square().sum(along: 1)
            return nearness.argmax(along: 1)
        }
    }

    /// The entries in place of the features, of their shape.
    private func quantized(_ features: Tensor) -> Tensor {
        let (count, height, width) = (features.shape[0], features.shape[2], features.shape[3])
        return codebook.select(codes(ImageFeatures(features))).reshape([count, height, width, numbers.codeWidth])
            .permute([0, 3, 1, 2])
    }
}

/// Blocks of one size, each followed by attention where there is any.
private struct VQStage {
    private let blocks: [NormedResidual]
    private let attentions: [PixelAttention]

    init(
        _ c: VQGANConfiguration, stage: Int, in inputs: Int, blocks count: Int, _ weights: Weights
    ) throws(CheckpointError) {
        var blocks: [NormedResidual] = []
        var attentions: [PixelAttention] = []
        let width = c.stageWidth(stage)
        for index in 0..<count {
            blocks.append(
                try NormedResidual(
                    weights["block"][index], in: index == 0 ? inputs : width, out: width, c.norm,
                    shortcutName: "nin_shortcut"))
            if c.hasAttention(stage) {
                attentions.append(try PixelAttention(weights["attn"][index], width: width, c.norm, .taming))
            }
        }
        (self.blocks, self.attentions) = (blocks, attentions)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        blocks.indices.reduce(x) { y, index in
            let z = blocks[index](y)
            return attentions.isEmpty ? z : attentions[index](z)
        }
    }
}

/// Block, attention, block at the smallest size.
private struct VQMiddle {
    private let blocks: (NormedResidual, NormedResidual)
    private let attention: PixelAttention

    init(_ c: VQGANConfiguration, _ weights: Weights) throws(CheckpointError) {
        let width = c.stageWidth(c.multipliers.count - 1)
        let first = try NormedResidual(weights["block_1"], in: width, out: width, c.norm, shortcutName: "nin_shortcut")
        attention = try PixelAttention(weights["attn_1"], width: width, c.norm, .taming)
        let second = try NormedResidual(weights["block_2"], in: width, out: width, c.norm, shortcutName: "nin_shortcut")
        blocks = (first, second)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { blocks.1(attention(blocks.0(x))) }
}

private struct VQEncoder {
    private let entry: Convolution
    private let stages: [VQStage]
    private let halvings: [Convolution]
    private let middle: VQMiddle
    private let norm: GroupNorm
    private let exit: Convolution

    init(_ c: VQGANConfiguration, _ weights: Weights) throws(CheckpointError) {
        entry = try Convolution(weights["conv_in"], in: c.inputChannels, out: c.width, size: 3, bias: true)
        var stages: [VQStage] = []
        var halvings: [Convolution] = []
        var width = c.width
        for stage in c.multipliers.indices {
            let place = weights["down"][stage]
            stages.append(try VQStage(c, stage: stage, in: width, blocks: c.blocksPerStage, place))
            width = c.stageWidth(stage)
            if stage < c.multipliers.count - 1 {
                halvings.append(
                    try Convolution(
                        place["downsample"]["conv"], in: width, out: width, size: 3, stride: 2, bias: true, padding: 0))
            }
        }
        (self.stages, self.halvings) = (stages, halvings)
        middle = try VQMiddle(c, weights["mid"])
        norm = try c.norm.make(weights["norm_out"], width: width)
        exit = try Convolution(weights["conv_out"], in: width, out: c.latentChannels, size: 3, bias: true)
    }

    func callAsFunction(_ images: Tensor) -> Tensor {
        var x = entry(images)
        for (stage, blocks) in stages.enumerated() {
            x = blocks(x)
            // A row and a column at two edges only, as the published weights were trained.
            if stage < halvings.count { x = halvings[stage](x.padded(right: 1, bottom: 1)) }
        }
        return exit(norm(middle(x)).silu())
    }
}

private struct VQDecoder {
    private let entry: Convolution
    private let middle: VQMiddle
    /// From the smallest size on.
    private let stages: [VQStage]
    private let doublings: [Convolution]
    private let norm: GroupNorm
    private let exit: Convolution

    init(_ c: VQGANConfiguration, _ weights: Weights) throws(CheckpointError) {
        var width = c.stageWidth(c.multipliers.count - 1)
        entry = try Convolution(weights["conv_in"], in: c.latentChannels, out: width, size: 3, bias: true)
        middle = try VQMiddle(c, weights["mid"])
        var stages: [VQStage] = []
        var doublings: [Convolution] = []
        for stage in c.multipliers.indices.reversed() {
            let place = weights["up"][stage]
            stages.append(try VQStage(c, stage: stage, in: width, blocks: c.blocksPerStage + 1, place))
            width = c.stageWidth(stage)
            if stage > 0 {
                doublings.append(
                    try Convolution(place["upsample"]["conv"], in: width, out: width, size: 3, bias: true))
            }
        }
        (self.stages, self.doublings) = (stages, doublings)
        norm = try c.norm.make(weights["norm_out"], width: width)
        exit = try Convolution(weights["conv_out"], in: width, out: c.outputChannels, size: 3, bias: true)
    }

    func callAsFunction(_ features: Tensor) -> Tensor {
        var x = middle(entry(features))
        for (place, blocks) in stages.enumerated() {
            x = blocks(x)
            if place < doublings.count { x = doublings[place](x.upsampled(by: 2)) }
        }
        return exit(norm(x).silu())
    }
}
