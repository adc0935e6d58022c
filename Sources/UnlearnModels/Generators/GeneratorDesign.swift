// New models that redraw pictures, by kind and size: what `unlearn train --redraw` makes.

public import UnlearnData
public import UnlearnFormats

/// What kind of model is made, and how large.
public struct GeneratorDesign: Configurable {
    /// The networks, by their names in the catalog of architectures.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case tinyAutoencoder = "autoencoder-tiny"
        case maskedAutoencoder = "vit-mae"
        case vqgan
        case diffusionInpainter = "diffusion-inpainter"
    }

    @Setting("The network.") public var kind = Kind.tinyAutoencoder
    @Setting(
        "The width of the first stage, or of all tokens of a vit-mae; 0: the usual one, 128 for a vit-mae, 8 for a "
            + "vqgan and 16 for the others.", .within(0...1024))
    public var width = 0
    @Setting(
        "The channels of the features between encoder and decoder of an autoencoder-tiny, or the width of a vqgan's "
            + "codes; 0: 16 and 8.", .within(0...1024))
    public var latent = 0
    @Setting("How many codes a vqgan has; 0: 256.", .within(0...65_536)) public var codes = 0
    @Setting(
        "The side in pixels of the squares that a vit-mae reads; 0: at most eight of them along a side, and none that is "
            + "missing in part, where that can be.", .within(0...1024))
    public var patch = 0
    @Setting("Steps in which a diffusion-inpainter draws a picture; 0: 25.", .within(0...1000))
    public var redrawingSteps = 0

    public init() {}

    /// What means nothing to the kind is refused.
    public func problem() -> OptionProblem? {
        let choices: [(name: String, isMade: Bool, kinds: [Kind])] = [
            ("latent", latent > 0, [.tinyAutoencoder, .vqgan]), ("codes", codes > 0, [.vqgan]),
            ("patch", patch > 0, [.maskedAutoencoder]), ("redrawingSteps", redrawingSteps > 0, [.diffusionInpainter]),
        ]
        for (name, isMade, kinds) in choices where isMade && !kinds.contains(kind) {
            let names = kinds.map(\.rawValue).joined(separator: " and ")
            return OptionProblem(name, "it is for \(names), and 'kind' is \(kind.rawValue)")
        }
        switch kind {
        case .maskedAutoencoder where width % 8 != 0:
            return OptionProblem("width", "for a vit-mae it is a multiple of 8")
        case .diffusionInpainter where width % 2 != 0:
            return OptionProblem("width", "for a diffusion-inpainter it is an even number")
        default: return nil
        }
    }

    /// Why images of that size cannot be read, as an option with its problem; nil if they can.
    public func problem(for images: ImageSet) -> OptionProblem? {
        guard kind == .maskedAutoencoder || kind == .vqgan else { return nil }
        let size = "\(images.width) × \(images.height)"
        if images.width != images.height {
            return OptionProblem("kind", "a \(kind.rawValue) needs square images, and these have \(size) pixels")
        }
        if patch > 0, images.width % patch != 0 {
            return OptionProblem("patch", "it must divide the images' \(size) pixels")
        }
        return nil
    }

    /// config.json for images; see ``problem(for:)``.
    public func configuration(for images: ImageSet, undoing degradation: Degradation = Degradation()) -> JSONValue {
        let shape = ImageShape(channels: images.channels, height: images.height, width: images.width)
        // Each stage halves the size, as far as it can be halved, at most twice.
        let halvings = [2, 1].first { images.width % (1 << $0) == 0 && images.height % (1 << $0) == 0 } ?? 0
        return switch kind {
        case .tinyAutoencoder: tinyAutoencoder(shape, halvings).json
        case .maskedAutoencoder: maskedAutoencoder(shape, degradation).json
        case .vqgan: vqgan(shape, halvings).json
        case .diffusionInpainter: diffusionInpainter(shape, halvings).json
        }
    }

    private func tinyAutoencoder(_ shape: ImageShape, _ halvings: Int) -> TinyAutoencoderConfiguration {
        let (stages, width) = (Array(0...halvings), width > 0 ? width : 16)
        return TinyAutoencoderConfiguration(
            inputShape: shape, outputChannels: shape.channels, latentChannels: latent > 0 ? latent : 16,
            encoderWidths: stages.map { width << $0 }, decoderWidths: stages.map { width << (halvings - $0) },
            encoderBlocks: stages, decoderBlocks: stages.reversed(), hasMiddleNorm: true)
    }

    private func maskedAutoencoder(
        _ shape: ImageShape, _ degradation: Degradation
    ) -> MaskedAutoencoderConfiguration {
        typealias Stack = MaskedAutoencoderConfiguration.Stack
        func stack(_ width: Int, layers: Int) -> Stack {
            Stack(
                width: width, layerCount: layers, headCount: width % 32 == 0 ? width / 32 : 1,
                feedForwardWidth: 4 * width)
        }
        let width = width > 0 ? width : 128
        return MaskedAutoencoderConfiguration(
            channelCount: shape.channels, imageSize: shape.width,
            patchSize: patch > 0 ? patch : Self.usualPatch(side: shape.width, degradation),
            encoder: stack(width, layers: 4), decoder: stack(width / 2, layers: 2), normEpsilon: 1e-6)
    }

    /// The smallest square of which at most eight lie along a side and none is missing in part; where there is none, the
    /// smallest of which at most eight do.
    private static func usualPatch(side: Int, _ degradation: Degradation) -> Int {
        let sizes = (1...side).filter { side % $0 == 0 && side / $0 <= 8 && side / $0 > 1 }
        let whole = sizes.first { size in
            switch degradation.kind {
            case .inpainting, .outpainting:
                let hole = degradation.centerBox(height: side, width: side)
                return [hole.top, hole.left, hole.height, hole.width].allSatisfy { $0 % size == 0 }
            case .randomMasks: return degradation.cell % size == 0
            case .superResolution, .colourisation, .reconstruction: return true
            }
        }
        return whole ?? sizes.first ?? 1
    }

    private func vqgan(_ shape: ImageShape, _ halvings: Int) -> VQGANConfiguration {
        let (width, latent) = (width > 0 ? width : 8, latent > 0 ? latent : 8)
        return VQGANConfiguration(
            inputChannels: shape.channels, outputChannels: shape.channels, resolution: shape.width, width: width,
            multipliers: (0...halvings).map { $0 == 0 ? 1 : 4 }, blocksPerStage: 1, attentionResolutions: [],
            latentChannels: latent, codeWidth: latent, codeCount: codes > 0 ? codes : 256,
            normGroups: Self.divisor(of: width, upTo: width / 2))
    }

    private func diffusionInpainter(_ shape: ImageShape, _ halvings: Int) -> DiffusionInpainterConfiguration {
        let width = width > 0 ? width : 16
        let widths = (0...halvings).map { width * ($0 + 1) }
        return DiffusionInpainterConfiguration(
            inputShape: shape, widths: widths, hasAttention: widths.map { _ in false }, blocksPerStage: 1,
            headWidth: Self.divisor(of: width), normGroups: Self.divisor(of: width, upTo: width / 2),
            schedule: NoiseSchedule(stepCount: 1000, variances: 1e-4...0.02, prediction: .velocity),
            redrawingSteps: redrawingSteps > 0 ? redrawingSteps : 25)
    }

    /// The largest of 8, 4, 2 and 1 that divides a width, and with it all widths that are its multiples. Groups of a norm
    /// are at most half as many as channels: one alone would lose its brightness.
    private static func divisor(of width: Int, upTo limit: Int = 8) -> Int {
        [8, 4, 2].first { width % $0 == 0 && $0 <= limit } ?? 1
    }
}
