// The masked auto-encoder: He et al. 2022, "Masked autoencoders are scalable vision learners" (arXiv 2111.06377), with
// parameters named as Hugging Face's ViTMAEForPreTraining stores them.

internal import Foundation
public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// The numbers of a masked auto-encoder, as Hugging Face's config.json states them.
public struct MaskedAutoencoderConfiguration: Sendable, Equatable {
    /// Of encoder or decoder.
    public struct Stack: Sendable, Equatable {
        public var width: Int
        public var layerCount: Int
        public var headCount: Int
        public var feedForwardWidth: Int

        public init(width: Int, layerCount: Int, headCount: Int, feedForwardWidth: Int) {
            (self.width, self.layerCount) = (width, layerCount)
            (self.headCount, self.feedForwardWidth) = (headCount, feedForwardWidth)
        }
    }

    public var channelCount: Int
    /// Width and height of the images, and of the squares that become tokens.
    public var imageSize: Int
    public var patchSize: Int
    public var encoder: Stack
    public var decoder: Stack
    public var normEpsilon: Double
    public var queriesHaveBias: Bool
    /// Mean and deviation, by channel, by which images of 0…1 were normalised in training; .5 and .5 are −1…1 as it is.
    public var imageMean: [Double]
    public var imageDeviation: [Double]

    public init(
        channelCount: Int, imageSize: Int, patchSize: Int, encoder: Stack, decoder: Stack, normEpsilon: Double = 1e-12,
        queriesHaveBias: Bool = true, imageMean: [Double]? = nil, imageDeviation: [Double]? = nil
    ) {
        (self.channelCount, self.imageSize, self.patchSize) = (channelCount, imageSize, patchSize)
        (self.encoder, self.decoder) = (encoder, decoder)
        (self.normEpsilon, self.queriesHaveBias) = (normEpsilon, queriesHaveBias)
        let middle = [Double](repeating: 0.5, count: channelCount)
        (self.imageMean, self.imageDeviation) = (imageMean ?? middle, imageDeviation ?? middle)
    }

    /// Squares along a side.
    var side: Int { imageSize / patchSize }
}

/// An encoder that reads the squares in which nothing is missing, and a decoder that draws all of them.
public final class MaskedAutoencoder: ImageToImageModel {
    public let numbers: MaskedAutoencoderConfiguration
    public let parameters: ParameterStore
    private let classToken: Tensor
    private let positions: Tensor
    private let patches: Convolution
    private let encoder: [MaskedLayer]
    private let encoderNorm: LayerNorm
    private let entry: Linear
    private let maskToken: Tensor
    private let decoderPositions: Tensor
    private let decoder: [MaskedLayer]
    private let decoderNorm: LayerNorm
    private let head: Linear

    public init(_ c: MaskedAutoencoderConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        let initial = Initializer.normal(deviation: 0.02)
        let (embeddings, decoding) = (weights["vit"]["embeddings"], weights["decoder"])
        classToken = try embeddings.parameter("cls_token", [1, 1, c.encoder.width], or: initial)
        positions = try Self.positions("position_embeddings", c.side, c.encoder.width, embeddings)
        patches = try Convolution(
            embeddings["patch_embeddings"]["projection"], in: c.channelCount, out: c.encoder.width, size: c.patchSize,
            stride: c.patchSize, bias: true, padding: 0, or: initial)
        encoder = try Self.layers(c.encoder, c, weights["vit"]["encoder"]["layer"])
        encoderNorm = try LayerNorm(weights["vit"]["layernorm"], width: c.encoder.width, epsilon: c.normEpsilon)
        entry = try Linear(decoding["decoder_embed"], in: c.encoder.width, out: c.decoder.width, bias: true)
        maskToken = try decoding.parameter("mask_token", [1, 1, c.decoder.width], or: initial)
        decoderPositions = try Self.positions("decoder_pos_embed", c.side, c.decoder.width, decoding)
        decoder = try Self.layers(c.decoder, c, decoding["decoder_encoder"]["layer"])
        decoderNorm = try LayerNorm(decoding["decoder_norm"], width: c.decoder.width, epsilon: c.normEpsilon)
        head = try Linear(
            decoding["decoder_pred"], in: c.decoder.width, out: c.patchSize * c.patchSize * c.channelCount, bias: true)
        parameters = try weights.finish { _ in false }
    }

    private static func layers(
        _ stack: MaskedAutoencoderConfiguration.Stack, _ c: MaskedAutoencoderConfiguration, _ weights: Weights
    ) throws(CheckpointError) -> [MaskedLayer] {
        var layers: [MaskedLayer] = []
        for layer in 0..<stack.layerCount { layers.append(try MaskedLayer(stack, c, weights[layer])) }
        return layers
    }

    /// Fixed sines and cosines of column and row, `[1, 1 + squares, width]`, zeros for the class token: a quarter of
    /// the width each for sine and cosine of the column, then of the row, as the published weights have them.
    private static func positions(
        _ name: String, _ side: Int, _ width: Int, _ weights: Weights
    ) throws(CheckpointError) -> Tensor {
        let buffer = try weights.buffer(name, [1, side * side + 1, width], or: .zeros)
        guard !weights.holds(name) else { return buffer }
        let quarter = width / 4
        let waves = (0..<quarter).map { place in pow(10_000, -Double(place) / Double(quarter)) }
        var values = [Float](repeating: 0, count: width)
        for square in 0..<side * side {
            for place in [square % side, square / side] {
                values += waves.map { Float(sin(Double(place) * $0)) } + waves.map { Float(cos(Double(place) * $0)) }
            }
        }
        buffer.copy(from: Tensor(values, shape: buffer.shape))
        return buffer
    }

    public var configuration: JSONValue { numbers.json }
    public var inputShape: ImageShape {
        ImageShape(channels: numbers.channelCount, height: numbers.imageSize, width: numbers.imageSize)
    }
    public var outputChannels: Int { numbers.channelCount }
    public func isEncoder(_ name: String) -> Bool { name.hasPrefix("vit.") }
    public func remade(_ weights: Weights) throws(CheckpointError) -> Self { try Self(numbers, weights) }

    public func problem(for degradation: Degradation) -> String? {
        switch degradation.kind {
        case .inpainting, .outpainting: nil
        case .randomMasks:
            degradation.cell % numbers.patchSize == 0
                ? nil
                : "'cell' is \(degradation.cell); for this model it must be a multiple of its squares' side, "
                    + "\(numbers.patchSize) pixels."
        case .superResolution, .colourisation, .reconstruction:
            "A masked auto-encoder reads the squares in which nothing is missing, and '\(degradation.kind.rawValue)' "
                + "leaves none."
        }
    }

    /// Features `[images, 1 + visible squares, width]`, the class token first, then the squares row by row.
    ///
    /// A square in which a pixel is missing is not read. All images of a batch have as many that are: a programmer's
    /// error otherwise, which ``problem(for:)`` rules out.
    public func encode(_ input: DegradedImages) -> ImageFeatures {
        let (count, width) = (input.count, numbers.encoder.width)
        let squares = visibleSquares(input.mask)
        let tokens = patches(normalized(input.images)).reshape([count, width, -1]).transpose(1, 2)
        let placed = tokens + positions.narrow(1, from: 1, count: numbers.side * numbers.side)
        let rows = squares.enumerated().flatMap { image, visible in
            visible.map { Int64(image * numbers.side * numbers.side + $0) }
        }
        let visible = placed.reshape([-1, width]).select(Tensor(rows)).reshape([count, squares[0].count, width])
        let first = (classToken + positions.narrow(1, from: 0, count: 1)).expand([count, 1, width])
        return ImageFeatures(encoderNorm(encoder.reduce(Tensor.concatenate([first, visible], along: 1)) { $1($0) }))
    }

    public func decode(_ features: ImageFeatures, for input: DegradedImages) -> Tensor {
        let (count, width, all) = (input.count, numbers.decoder.width, numbers.side * numbers.side)
        let squares = visibleSquares(input.mask)
        let visible = squares[0].count
        let read = entry(features.deepest)  // [images, 1 + visible, width]
        // Every square is a row of what was read, or the last row, which stands for all that were not.
        var rows = [Int64](repeating: Int64(count * visible), count: count * all)
        for (image, squares) in squares.enumerated() {
            for (rank, square) in squares.enumerated() { rows[image * all + square] = Int64(image * visible + rank) }
        }
        let known = read.narrow(1, from: 1, count: visible).reshape([count * visible, width])
        let table = Tensor.concatenate([known, maskToken.reshape([1, width])])
        let tokens = table.select(Tensor(rows)).reshape([count, all, width])
        let x = Tensor.concatenate([read.narrow(1, from: 0, count: 1), tokens], along: 1) + decoderPositions
        let drawn = head(decoderNorm(decoder.reduce(x) { $1($0) })).narrow(1, from: 1, count: all)
        let (side, patch, channels) = (numbers.side, numbers.patchSize, numbers.channelCount)
        let pictures = drawn.reshape([count, side, side, patch, patch, channels]).permute([0, 5, 1, 3, 2, 4])
            .reshape([count, channels, numbers.imageSize, numbers.imageSize])
        return denormalized(pictures)
    }

    /// The mean squared error of the squares that are not read, as published; that of all squares with `wholeWeight`.
    /// Both are of normalised pixels.
    public func losses(
        _ features: ImageFeatures, of originals: Tensor, for input: DegradedImages, wholeWeight: Double
    ) -> [TrainingLoss] {
        let errors = errors(decode(features, for: input), of: originals, for: input)
        let squares = (errors * scale).square()
        return [
            TrainingLoss("hidden-squares", squares.mean(over: hiddenPixels(input.mask))),
            TrainingLoss("whole", weight: wholeWeight, squares.mean()),
        ]
    }

    /// 1 for all pixels of the squares that are not read, `[images, 1, height, width]`.
    private func hiddenPixels(_ mask: Tensor) -> Tensor {
        withoutRecording {
            let shares = mask.averagePooled(size: numbers.patchSize)
            let isHidden = shares.scalars(Float.self).map { $0 > 0 ? Float(1) : 0 }
            return Tensor(isHidden, shape: shares.shape).upsampled(by: numbers.patchSize)
        }
    }

    /// The squares of each image in which nothing is missing, row by row.
    private func visibleSquares(_ mask: Tensor) -> [[Int]] {
        let shares = withoutRecording { mask.averagePooled(size: numbers.patchSize).scalars(Float.self) }
        let all = numbers.side * numbers.side
        let squares = (0..<mask.shape[0]).map { image in (0..<all).filter { shares[image * all + $0] == 0 } }
        precondition(
            squares.allSatisfy { $0.count == squares[0].count },
            "MaskedAutoencoder: the images of a batch have different numbers of whole squares")
        return squares
    }

    /// From −1…1 to the range that it was trained with.
    private func normalized(_ images: Tensor) -> Tensor { images * scale + shift }
    private func denormalized(_ images: Tensor) -> Tensor { (images - shift) / scale }

    private var scale: Tensor { channelwise(numbers.imageDeviation.map { 0.5 / $0 }) }
    private var shift: Tensor {
        channelwise(zip(numbers.imageMean, numbers.imageDeviation).map { (0.5 - $0) / $1 })
    }
    private func channelwise(_ values: [Double]) -> Tensor {
        Tensor(values.map(Float.init), shape: [1, numbers.channelCount, 1, 1])
    }
}

/// x + attention(norm x), then x + feedForward(norm x).
private struct MaskedLayer {
    let attentionNorm: LayerNorm
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let feedForwardNorm: LayerNorm
    let up: Linear
    let down: Linear
    let headCount: Int

    init(
        _ stack: MaskedAutoencoderConfiguration.Stack, _ c: MaskedAutoencoderConfiguration, _ weights: Weights
    ) throws(CheckpointError) {
        let width = stack.width
        let attention = weights["attention"]["attention"]
        query = try Linear(attention["query"], in: width, out: width, bias: c.queriesHaveBias)
        key = try Linear(attention["key"], in: width, out: width, bias: c.queriesHaveBias)
        value = try Linear(attention["value"], in: width, out: width, bias: c.queriesHaveBias)
        output = try Linear(weights["attention"]["output"]["dense"], in: width, out: width, bias: true)
        attentionNorm = try LayerNorm(weights["layernorm_before"], width: width, epsilon: c.normEpsilon)
        feedForwardNorm = try LayerNorm(weights["layernorm_after"], width: width, epsilon: c.normEpsilon)
        up = try Linear(weights["intermediate"]["dense"], in: width, out: stack.feedForwardWidth, bias: true)
        down = try Linear(weights["output"]["dense"], in: stack.feedForwardWidth, out: width, bias: true)
        headCount = stack.headCount
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let (rows, time, width) = (x.shape[0], x.shape[1], x.shape[2])
        let normed = attentionNorm(x)
        func heads(_ projection: Linear) -> Tensor {  // [rows, heads, time, headWidth]
            projection(normed).reshape([rows, time, headCount, width / headCount]).transpose(1, 2)
        }
        let attended = Tensor.attention(query: heads(query), key: heads(key), value: heads(value), mask: nil)
        let y = x + output(attended.transpose(1, 2).reshape([rows, time, width]))
        return y + down(up(feedForwardNorm(y)).gelu())
    }
}
