// What unlearning and evaluation ask of a model that redraws degraded pictures.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// What an encoder makes of degraded images.
public struct ImageFeatures {
    /// The deepest ones: `[images, channels, height, width]`, or of transformers `[images, tokens, width]`.
    public var deepest: Tensor
    /// Those that reach the decoder on shorter ways, from the images on; most models have none.
    public var skips: [Tensor]

    public init(_ deepest: Tensor, skips: [Tensor] = []) { (self.deepest, self.skips) = (deepest, skips) }

    /// All that the decoder knows of the images.
    public var all: [Tensor] { skips + [deepest] }
}

/// The size of images.
public struct ImageShape: Sendable, Equatable {
    public var channels: Int
    public var height: Int
    public var width: Int

    public init(channels: Int, height: Int, width: Int) {
        (self.channels, self.height, self.width) = (channels, height, width)
    }
}

/// A named part of what training minimises, with its weight.
public struct TrainingLoss {
    public let name: String
    public let weight: Double
    /// A scalar.
    public let value: Tensor

    public init(_ name: String, weight: Double = 1, _ value: Tensor) {
        (self.name, self.weight, self.value) = (name, weight, value)
    }
}

extension Tensor {
    /// The mean over the pixels where a mask `[images, 1, height, width]` is 1.
    func mean(over mask: Tensor) -> Tensor {
        let share = withoutRecording { mask.mean().item }
        return (self * mask).mean() * (1 / Double(Swift.max(share, 1e-6)))
    }
}

/// A model that reads degraded images and draws what is missing.
///
/// Images are `[images, channels, height, width]` with values from −1 to 1, channels in the order red, green, blue. A
/// model that was trained with another range or normalisation converts inside, so that all of them are used alike.
public protocol ImageToImageModel: AnyObject {
    var parameters: ParameterStore { get }
    /// What config.json says about it.
    var configuration: JSONValue { get }
    /// The images that it was made for.
    var inputShape: ImageShape { get }
    /// The channels of what it draws.
    var outputChannels: Int { get }
    /// Whether it can read images of that size.
    func reads(_ shape: ImageShape) -> Bool
    /// Why it cannot undo that degradation, as a sentence; nil if it can.
    func problem(for degradation: Degradation) -> String?
    /// Whether a parameter or buffer belongs to the encoder; all others are the decoder's.
    func isEncoder(_ name: String) -> Bool
    func encode(_ input: DegradedImages) -> ImageFeatures
    /// What it draws from features of `input`, `[images, channels, height, width]`; not yet limited to −1…1.
    ///
    /// Of diffusion models, the noise that it finds in `input.noised`.
    func decode(_ features: ImageFeatures, for input: DegradedImages) -> Tensor
    /// `input` as training shows it to the model: diffusion models see the originals at moments of their noising, drawn
    /// at random; the others take nothing.
    func shown(_ input: DegradedImages, of originals: Tensor, using generator: inout Generator) -> DegradedImages
    /// How far what ``decode(_:for:)`` gave is from what it should be for `originals`, pixel by pixel; 0 where nothing is
    /// asked of the model.
    func errors(_ drawn: Tensor, of originals: Tensor, for input: DegradedImages) -> Tensor
    /// What the training of such a model minimises.
    /// - Parameters:
    ///   - features: of `input`, recorded.
    ///   - wholeWeight: how much the whole picture counts beside the part that is drawn.
    func losses(
        _ features: ImageFeatures, of originals: Tensor, for input: DegradedImages, wholeWeight: Double
    ) -> [TrainingLoss]
    /// The whole pictures, −1…1: what it draws where something is missing, the rest as it is.
    /// - Parameter generator: what models that begin with noise draw it from; the others take nothing.
    func redraw(_ input: DegradedImages, using generator: inout Generator) -> Tensor
    /// A model of the same architecture with parameters from elsewhere.
    func remade(_ weights: Weights) throws(CheckpointError) -> Self
}

extension ImageToImageModel {
    /// What may be trained of the encoder, in store order.
    public var encoderNames: [String] { parameters.trainableNames.filter(isEncoder) }
    /// All that the decoder consists of, buffers and codebooks included, in store order.
    public var decoderNames: [String] { parameters.names.filter { !isEncoder($0) } }

    public func reads(_ shape: ImageShape) -> Bool { shape == inputShape }

    public func problem(for _: Degradation) -> String? { nil }

    public func shown(_ input: DegradedImages, of _: Tensor, using _: inout Generator) -> DegradedImages { input }

    public func errors(_ drawn: Tensor, of originals: Tensor, for _: DegradedImages) -> Tensor { drawn - originals }

    /// The mean absolute error of what is drawn, and of all.
    public func losses(
        _ features: ImageFeatures, of originals: Tensor, for input: DegradedImages, wholeWeight: Double
    ) -> [TrainingLoss] {
        let errors = errors(decode(features, for: input), of: originals, for: input).abs()
        return [
            TrainingLoss("drawn", errors.mean(over: input.mask)),
            TrainingLoss("whole", weight: wholeWeight, errors.mean()),
        ]
    }

    public func redraw(_ input: DegradedImages, using _: inout Generator) -> Tensor {
        withoutRecording { input.completed(with: decode(encode(input), for: input).clamp(to: -1...1)) }
    }

    /// A model with copies of the parameters: changing one leaves the other as it is.
    public func copy() throws(CheckpointError) -> Self { try remade(Weights(StoreSource(store: parameters))) }
}
