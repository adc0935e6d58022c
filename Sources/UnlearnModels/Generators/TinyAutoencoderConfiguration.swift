// The configuration of tiny auto-encoders as diffusers' AutoencoderTiny spells it.

internal import UnlearnEngine
internal import UnlearnFormats

extension TinyAutoencoder {
    public static let architecture = GeneratorArchitecture(
        name: "autoencoder-tiny", modelTypes: ["autoencoder_tiny", "AutoencoderTiny"],
        summary: "TAESD, TAEF2 and smaller ones: a convolutional encoder and decoder",
        read: { (file) throws(ModelError) in try TinyAutoencoderConfiguration(file) },
        make: { (numbers, weights) throws(CheckpointError) in try TinyAutoencoder(numbers, weights) })
}

extension TinyAutoencoderConfiguration {
    /// The side of the images that published weights were trained for, which are of any size.
    static let usualSide = 512

    public init(_ file: ConfigurationFile) throws(ModelError) {
        let usual = TinyAutoencoderConfiguration(
            inputShape: ImageShape(channels: 3, height: Self.usualSide, width: Self.usualSide))
        func stages(_ key: String, _ fallback: [Int], smallest: Int = 1) throws(ModelError) -> [Int] {
            guard file.holds(key) else { return fallback }
            let values = file.json[key]?.array ?? []
            let numbers = values.compactMap(\.int).filter { (smallest...65_536).contains($0) }
            guard numbers.count == values.count, (1...8).contains(numbers.count) else {
                throw .key(key, path: file.path, expected: "a list of one to eight whole numbers from \(smallest) on")
            }
            return numbers
        }
        try Self.checkFixed(file)
        self.init(
            inputShape: try file.imageShape(channelsKey: "in_channels", default: usual.inputShape),
            outputChannels: try file.count("out_channels", default: 3),
            latentChannels: try file.count("latent_channels", default: usual.latentChannels),
            encoderWidths: try stages("encoder_block_out_channels", usual.encoderWidths),
            decoderWidths: try stages("decoder_block_out_channels", usual.decoderWidths),
            encoderBlocks: try stages("num_encoder_blocks", usual.encoderBlocks, smallest: 0),
            decoderBlocks: try stages("num_decoder_blocks", usual.decoderBlocks, smallest: 0),
            hasMiddleNorm: try file.flag("use_midblock_gn", default: false))
        let counts = [
            ("num_encoder_blocks", encoderBlocks.count), ("decoder_block_out_channels", decoderWidths.count),
            ("num_decoder_blocks", decoderBlocks.count),
        ]
        for (key, count) in counts where count != encoderWidths.count {
            throw .key(
                key, path: file.path,
                expected: "a list as long as encoder_block_out_channels, which is \(encoderWidths.count)")
        }
        guard inputShape.height % scale == 0, inputShape.width % scale == 0 else {
            throw .key(
                "sample_size", path: file.path,
                expected: "a multiple of \(scale), by which \(encoderWidths.count) stages divide the size")
        }
    }

    /// That what has no choice here is as it is here.
    private static func checkFixed(_ file: ConfigurationFile) throws(ModelError) {
        for (key, only) in [("act_fn", "relu"), ("upsample_fn", "nearest")] {
            if let value = try file.text(key), value != only {
                throw .unsupported("\(key) '\(value)'", path: file.path, advice: "Supported is '\(only)'.")
            }
        }
        let factor = try file.count("upsampling_scaling_factor", default: 2)
        guard factor == 2 else {
            throw .unsupported("upsampling_scaling_factor \(factor)", path: file.path, advice: "Supported is 2.")
        }
    }

    /// config.json; `model_type`, `sample_size` and `use_midblock_gn` are this project's additions.
    var json: JSONValue {
        func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map { .int($0) }) }
        return [
            "_class_name": "AutoencoderTiny", "model_type": "autoencoder_tiny",
            "in_channels": .int(inputShape.channels), "out_channels": .int(outputChannels),
            "sample_size": list([inputShape.height, inputShape.width]), "latent_channels": .int(latentChannels),
            "encoder_block_out_channels": list(encoderWidths), "decoder_block_out_channels": list(decoderWidths),
            "num_encoder_blocks": list(encoderBlocks), "num_decoder_blocks": list(decoderBlocks),
            "act_fn": "relu", "upsample_fn": "nearest", "upsampling_scaling_factor": 2, "latent_magnitude": 3,
            "latent_shift": 0.5, "scaling_factor": 1.0, "force_upcast": false, "use_midblock_gn": .bool(hasMiddleNorm),
            "dtype": "float32",
        ]
    }
}

extension ConfigurationFile {
    /// Channels by `channelsKey`, and `sample_size`: a side in pixels, or height and width.
    func imageShape(channelsKey: String, default fallback: ImageShape) throws(ModelError) -> ImageShape {
        var shape = fallback
        shape.channels = try count(channelsKey, default: fallback.channels)
        guard holds("sample_size") else { return shape }
        let sides = json["sample_size"]?.array?.compactMap(\.int) ?? json["sample_size"]?.int.map { [$0, $0] } ?? []
        guard sides.count == 2, sides.allSatisfy({ (1...65_536).contains($0) }) else {
            throw .key("sample_size", path: path, expected: "a number of pixels, or a list of height and width")
        }
        (shape.height, shape.width) = (sides[0], sides[1])
        return shape
    }
}
