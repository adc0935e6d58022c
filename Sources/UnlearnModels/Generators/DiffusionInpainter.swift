// A diffusion model that redraws pictures: Saharia et al. 2022, "Palette" (arXiv 2111.05826). A U-Net reads the
// degraded picture and, where something is missing, a noisy one, and finds the noise, or its velocity. Parameters are named as
// diffusers' UNet2DModel does.

internal import Foundation
public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// The numbers of a diffusion inpainter.
public struct DiffusionInpainterConfiguration: Sendable, Equatable {
    public var inputShape: ImageShape
    public var outputChannels: Int
    /// The width of each stage. All but the last end by halving the size.
    public var widths: [Int]
    /// Whether the blocks of a stage are followed by attention.
    public var hasAttention: [Bool]
    public var blocksPerStage: Int
    /// Channels of each attention head.
    public var headWidth: Int
    public var normGroups: Int
    public var normEpsilon: Double
    public var schedule: NoiseSchedule
    /// How many steps redraw a picture, and how.
    public var redrawingSteps: Int
    public var sampler: Sampler

    public init(
        inputShape: ImageShape, outputChannels: Int? = nil, widths: [Int], hasAttention: [Bool], blocksPerStage: Int,
        headWidth: Int = 8, normGroups: Int = 32, normEpsilon: Double = 1e-5,
        schedule: NoiseSchedule = NoiseSchedule(stepCount: 1000, variances: 1e-4...0.02), redrawingSteps: Int = 50,
        sampler: Sampler = .ddim
    ) {
        (self.inputShape, self.outputChannels) = (inputShape, outputChannels ?? inputShape.channels)
        (self.widths, self.hasAttention, self.blocksPerStage) = (widths, hasAttention, blocksPerStage)
        (self.headWidth, self.normGroups, self.normEpsilon) = (headWidth, normGroups, normEpsilon)
        (self.schedule, self.redrawingSteps, self.sampler) = (schedule, redrawingSteps, sampler)
    }

    public var scale: Int { 1 << (widths.count - 1) }
    var norm: NormChoice { NormChoice(groups: normGroups, epsilon: normEpsilon) }
    /// The width of what tells all blocks how noisy the images are.
    var momentWidth: Int { 4 * widths[0] }
}

/// A U-Net with shortcuts from each block of the encoder to the decoder.
public final class DiffusionInpainter: ImageToImageModel {
    public let numbers: DiffusionInpainterConfiguration
    public let parameters: ParameterStore
    private let entry: Convolution
    private let moment: (Linear, Linear)
    private let down: [UNetStage]
    private let middle: (NormedResidual, PixelAttention, NormedResidual)
    private let up: [UNetStage]
    private let norm: GroupNorm
    private let exit: Convolution

    public init(_ c: DiffusionInpainterConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        // The degraded picture comes first, as in Palette.
        let channels = c.inputShape.channels + c.outputChannels
        entry = try Convolution(weights["conv_in"], in: channels, out: c.widths[0], size: 3, bias: true)
        let time = weights["time_embedding"]
        moment = (
            try Linear(biased: time["linear_1"], in: c.widths[0], out: c.momentWidth),
            try Linear(biased: time["linear_2"], in: c.momentWidth, out: c.momentWidth)
        )
        var skips = [c.widths[0]]
        var down: [UNetStage] = []
        for stage in c.widths.indices {
            let inputs = [Int](repeating: c.widths[stage], count: c.blocksPerStage - 1)
            let change: UNetStage.Change? = stage < c.widths.count - 1 ? .halving : nil
            down.append(
                try UNetStage(
                    c, stage: stage, inputs: [c.widths[max(0, stage - 1)]] + inputs, change,
                    weights["down_blocks"][stage]))
            skips += [Int](repeating: c.widths[stage], count: c.blocksPerStage + (change == nil ? 0 : 1))
        }
        self.down = down
        let (width, mid) = (c.widths[c.widths.count - 1], weights["mid_block"])
        func block(_ index: Int) throws(CheckpointError) -> NormedResidual {
            try NormedResidual(
                mid["resnets"][index], in: width, out: width, c.norm, shortcutName: "conv_shortcut",
                momentWidth: c.momentWidth)
        }
        let attention = try PixelAttention(
            mid["attentions"][0], width: width, headCount: width / c.headWidth, c.norm, .diffusers)
        middle = (try block(0), attention, try block(1))
        var up: [UNetStage] = []
        var below = width
        for stage in c.widths.indices.reversed() {
            var inputs: [Int] = []
            for index in 0...c.blocksPerStage {
                inputs.append((index == 0 ? below : c.widths[stage]) + skips.removeLast())
            }
            below = c.widths[stage]
            up.append(
                try UNetStage(
                    c, stage: stage, inputs: inputs, stage > 0 ? .doubling : nil,
                    weights["up_blocks"][c.widths.count - 1 - stage]))
        }
        self.up = up
        norm = try c.norm.make(weights["conv_norm_out"], width: below)
        exit = try Convolution(weights["conv_out"], in: below, out: c.outputChannels, size: 3, bias: true)
        parameters = try weights.finish { _ in false }
    }

    public var configuration: JSONValue { numbers.json }
    public var inputShape: ImageShape { numbers.inputShape }
    public var outputChannels: Int { numbers.outputChannels }
    public func reads(_ shape: ImageShape) -> Bool {
        shape.channels == inputShape.channels && shape.height % numbers.scale == 0 && shape.width % numbers.scale == 0
    }
    /// What tells the blocks how noisy the images are serves both, and counts as the decoder's: while the encoder alone
    /// is trained, the decoder then stays the same in all it does.
    public func isEncoder(_ name: String) -> Bool {
        ["conv_in.", "down_blocks.", "mid_block."].contains { name.hasPrefix($0) }
    }
    public func remade(_ weights: Weights) throws(CheckpointError) -> Self { try Self(numbers, weights) }

    /// The output of the middle block, and of each block and halving before it, for the noisy images of `input.noised`;
    /// that there are some is the caller's part. Their known pixels are not read: where nothing is missing, the network
    /// sees the picture itself, without noise.
    public func encode(_ input: DegradedImages) -> ImageFeatures {
        let (noised, told) = noise(in: input)
        var x = entry(Tensor.concatenate([input.images, input.completed(with: noised.images)], along: 1))
        var skips = [x]
        for stage in down { x = stage.down(x, told, adding: &skips) }
        return ImageFeatures(middle.2(middle.1(middle.0(x, moment: told)), moment: told), skips: skips)
    }

    /// What is found by the schedule's prediction, noise or velocity, `[images, channels, height, width]`.
    public func decode(_ features: ImageFeatures, for input: DegradedImages) -> Tensor {
        let (_, told) = noise(in: input)
        var (x, skips) = (features.deepest, features.skips)
        for stage in up { x = stage.up(x, told, taking: &skips) }
        return exit(norm(x).silu())
    }

    /// The originals, each with the noise of a step drawn at random.
    public func shown(
        _ input: DegradedImages, of originals: Tensor, using generator: inout Generator
    ) -> DegradedImages {
        let last = UInt64(numbers.schedule.stepCount)
        let steps = (0..<input.count).map { _ in Int(generator.next(upperBound: last)) }
        var input = input
        input.noised = withoutRecording {
            numbers.schedule.noised(originals, at: steps, with: Tensor.normal(originals.shape, using: &generator))
        }
        return input
    }

    /// How far what was found is from what is to be found in `input.noised`. It is looked for where something is missing:
    /// elsewhere the network sees no noise.
    public func errors(_ drawn: Tensor, of originals: Tensor, for input: DegradedImages) -> Tensor {
        guard let noised = input.noised else {
            preconditionFailure("DiffusionInpainter: the input has no noised images, which a diffusion model reads")
        }
        return (drawn - withoutRecording { numbers.schedule.target(in: noised, of: originals) }) * input.mask
    }

    /// The mean squared error of the noise (DDPM, equation 14) or velocity that is found, where something is missing, as in Palette's
    /// inpainting. There is no whole picture to compare.
    public func losses(
        _ features: ImageFeatures, of originals: Tensor, for input: DegradedImages, wholeWeight _: Double
    ) -> [TrainingLoss] {
        let errors = errors(decode(features, for: input), of: originals, for: input)
        let name = numbers.schedule.prediction == .noise ? "noise" : "velocity"
        return [TrainingLoss(name, errors.square().mean(over: input.mask))]
    }

    /// Whole pictures, −1…1, drawn from noise in ``DiffusionInpainterConfiguration/redrawingSteps`` steps.
    public func redraw(_ input: DegradedImages, using generator: inout Generator) -> Tensor {
        let shape = [input.count, outputChannels, input.images.shape[2], input.images.shape[3]]
        let start = Tensor.normal(shape, using: &generator)
        return redraw(input, from: start) { Tensor.normal(shape, using: &generator) }
    }

    /// The same from given noise.
    /// - Parameters:
    ///   - start: standard normal, `[images, channels, height, width]`.
    ///   - fresh: the noise of each step, from the noisiest on; asked for by DDPM alone.
    public func redraw(_ input: DegradedImages, from start: Tensor, fresh: () -> Tensor) -> Tensor {
        let (schedule, places) = (numbers.schedule, numbers.schedule.places(numbers.redrawingSteps))
        return withoutRecording {
            var (images, input) = (start, input)
            for (index, step) in places.enumerated() {
                input.noised = NoisedImages(images: images, steps: [Int](repeating: step, count: input.count))
                images = schedule.earlier(
                    images, found: decode(encode(input), for: input), at: step,
                    to: index + 1 < places.count ? places[index + 1] : -1, by: numbers.sampler, noise: fresh)
            }
            return input.completed(with: images.clamp(to: -1...1))
        }
    }

    /// The noisy images, and what the blocks are told of their noise, `[images, momentWidth]`.
    private func noise(in input: DegradedImages) -> (noised: NoisedImages, told: Tensor) {
        guard let noised = input.noised else {
            preconditionFailure("DiffusionInpainter: the input has no noised images, which a diffusion model reads")
        }
        let half = numbers.widths[0] / 2
        let values = noised.steps.flatMap { step in
            let angles = (0..<half).map { Double(step) * pow(10_000, -Double($0) / Double(half)) }
            return angles.map { Float(cos($0)) } + angles.map { Float(sin($0)) }
        }
        let waves = Tensor(values, shape: [noised.steps.count, 2 * half])
        return (noised, moment.1(moment.0(waves).silu()))
    }
}

/// Blocks of one size, and what changes the size after them.
private struct UNetStage {
    enum Change { case halving, doubling }

    private let blocks: [NormedResidual]
    private let attentions: [PixelAttention]
    private let change: Convolution?

    /// - Parameter inputs: the width that each block reads.
    init(
        _ c: DiffusionInpainterConfiguration, stage: Int, inputs: [Int], _ change: Change?, _ weights: Weights
    ) throws(CheckpointError) {
        let width = c.widths[stage]
        var blocks: [NormedResidual] = []
        var attentions: [PixelAttention] = []
        for (index, inputs) in inputs.enumerated() {
            blocks.append(
                try NormedResidual(
                    weights["resnets"][index], in: inputs, out: width, c.norm, shortcutName: "conv_shortcut",
                    momentWidth: c.momentWidth))
            guard c.hasAttention[stage] else { continue }
            attentions.append(
                try PixelAttention(
                    weights["attentions"][index], width: width, headCount: width / c.headWidth, c.norm, .diffusers))
        }
        (self.blocks, self.attentions) = (blocks, attentions)
        switch change {
        case nil: self.change = nil
        case .halving:
            self.change = try Convolution(
                weights["downsamplers"][0]["conv"], in: width, out: width, size: 3, stride: 2, bias: true)
        case .doubling:
            self.change = try Convolution(weights["upsamplers"][0]["conv"], in: width, out: width, size: 3, bias: true)
        }
    }

    private func block(_ index: Int, _ x: Tensor, _ told: Tensor) -> Tensor {
        let y = blocks[index](x, moment: told)
        return attentions.isEmpty ? y : attentions[index](y)
    }

    func down(_ x: Tensor, _ told: Tensor, adding skips: inout [Tensor]) -> Tensor {
        var x = x
        for index in blocks.indices {
            x = block(index, x, told)
            skips.append(x)
        }
        guard let change else { return x }
        x = change(x)
        skips.append(x)
        return x
    }

    func up(_ x: Tensor, _ told: Tensor, taking skips: inout [Tensor]) -> Tensor {
        var x = x
        for index in blocks.indices { x = block(index, Tensor.concatenate([x, skips.removeLast()], along: 1), told) }
        return change.map { $0(x.upsampled(by: 2)) } ?? x
    }
}
