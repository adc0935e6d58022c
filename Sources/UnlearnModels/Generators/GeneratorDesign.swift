// The model that `unlearn train` makes for pictures that are to be redrawn.

public import UnlearnData
public import UnlearnFormats

/// What kind of model is made, and how large.
public struct GeneratorDesign: Configurable {
    @Setting("The width of the first stage; the next ones have two and four times as many channels.", .within(1...1024))
    public var width = 16
    @Setting("The channels of the features between encoder and decoder.", .within(1...1024)) public var latent = 16

    public init() {}

    /// config.json for images: a small auto-encoder in the layout of diffusers. Each stage halves the size, as far as it
    /// can be halved, at most twice.
    public func configuration(for images: ImageSet) -> JSONValue {
        let halvings = [2, 1].first { images.width % (1 << $0) == 0 && images.height % (1 << $0) == 0 } ?? 0
        let stages = Array(0...halvings)
        let shape = ImageShape(channels: images.channels, height: images.height, width: images.width)
        return TinyAutoencoderConfiguration(
            inputShape: shape, outputChannels: images.channels, latentChannels: latent,
            encoderWidths: stages.map { width << $0 }, decoderWidths: stages.map { width << (halvings - $0) },
            encoderBlocks: stages, decoderBlocks: stages.reversed(), hasMiddleNorm: true
        ).json
    }
}
