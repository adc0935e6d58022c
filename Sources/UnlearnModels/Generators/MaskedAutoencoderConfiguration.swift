// The configuration of masked auto-encoders as Hugging Face's ViTMAEForPreTraining spells it.

internal import UnlearnEngine
internal import UnlearnFormats

extension MaskedAutoencoder {
    public static let architecture = GeneratorArchitecture(
        name: "vit-mae", modelTypes: ["vit_mae"],
        summary: "masked auto-encoders, in the layout of Hugging Face's ViTMAEForPreTraining",
        read: { (file) throws(ModelError) in try MaskedAutoencoderConfiguration(file) },
        make: { (numbers, weights) throws(CheckpointError) in try MaskedAutoencoder(numbers, weights) })
}

extension MaskedAutoencoderConfiguration {
    public init(_ file: ConfigurationFile) throws(ModelError) {
        let (imageSize, patchSize) = (
            try file.count("image_size", default: 224), try file.count("patch_size", default: 16)
        )
        guard imageSize <= 65_536 else {
            throw .key("image_size", path: file.path, expected: "a whole number from 1 to 65,536")
        }
        guard imageSize % patchSize == 0 else {
            throw .key("patch_size", path: file.path, expected: "a divisor of image_size, which is \(imageSize)")
        }
        if let value = try file.text("hidden_act"), value != "gelu" {
            throw .unsupported("hidden_act '\(value)'", path: file.path, advice: "Supported is 'gelu'.")
        }
        if try file.flag("norm_pix_loss", default: false) {
            throw .unsupported(
                "norm_pix_loss true", path: file.path,
                advice:
                    "Such a model draws each square without its own brightness and contrast, which only the original "
                    + "has."
            )
        }
        let channelCount = try file.count("num_channels", default: 3)
        guard channelCount <= 65_536 else {
            throw .key("num_channels", path: file.path, expected: "a whole number from 1 to 65,536")
        }
        self.init(
            channelCount: channelCount, imageSize: imageSize, patchSize: patchSize,
            encoder: try Stack(file, prefix: "", width: 768, layers: 12, heads: 12, feedForward: 3072),
            decoder: try Stack(file, prefix: "decoder_", width: 512, layers: 8, heads: 16, feedForward: 2048),
            normEpsilon: try file.number("layer_norm_eps", default: 1e-12),
            queriesHaveBias: try file.flag("qkv_bias", default: true),
            imageMean: try file.numbers("image_mean", count: channelCount),
            imageDeviation: try file.numbers("image_std", count: channelCount))
        guard imageDeviation.allSatisfy({ $0 > 0 }) else {
            throw .key("image_std", path: file.path, expected: "a list of \(channelCount) positive numbers")
        }
    }

    /// config.json; `image_mean` and `image_std` are what Hugging Face keeps in preprocessor_config.json.
    var json: JSONValue {
        [
            "architectures": ["ViTMAEForPreTraining"], "model_type": "vit_mae", "num_channels": .int(channelCount),
            "image_size": .int(imageSize), "patch_size": .int(patchSize), "hidden_size": .int(encoder.width),
            "num_hidden_layers": .int(encoder.layerCount), "num_attention_heads": .int(encoder.headCount),
            "intermediate_size": .int(encoder.feedForwardWidth), "decoder_hidden_size": .int(decoder.width),
            "decoder_num_hidden_layers": .int(decoder.layerCount),
            "decoder_num_attention_heads": .int(decoder.headCount),
            "decoder_intermediate_size": .int(decoder.feedForwardWidth), "hidden_act": "gelu",
            "layer_norm_eps": .double(normEpsilon), "qkv_bias": .bool(queriesHaveBias), "norm_pix_loss": false,
            "image_mean": .array(imageMean.map { .double($0) }),
            "image_std": .array(imageDeviation.map { .double($0) }),
            "dtype": "float32",
        ]
    }
}

extension MaskedAutoencoderConfiguration.Stack {
    /// The sizes that begin with `prefix`, by default those of the usual size.
    fileprivate init(
        _ file: ConfigurationFile, prefix: String, width: Int, layers: Int, heads: Int, feedForward: Int
    ) throws(ModelError) {
        self.init(
            width: try file.count(prefix + "hidden_size", default: width),
            layerCount: try file.count(prefix + "num_hidden_layers", default: layers),
            headCount: try file.count(prefix + "num_attention_heads", default: heads),
            feedForwardWidth: try file.count(prefix + "intermediate_size", default: feedForward))
        guard self.width % headCount == 0 else {
            throw .key(
                prefix + "num_attention_heads", path: file.path,
                expected: "a divisor of \(prefix)hidden_size, which is \(self.width)")
        }
        guard self.width % 4 == 0 else {
            throw .key(prefix + "hidden_size", path: file.path, expected: "a multiple of 4, which positions need")
        }
    }
}

extension ConfigurationFile {
    /// A list of so many numbers; nil if it is absent.
    func numbers(_ key: String, count: Int) throws(ModelError) -> [Double]? {
        guard holds(key) else { return nil }
        let values = json[key]?.array?.compactMap(\.double) ?? []
        guard values.count == count, values.allSatisfy(\.isFinite) else {
            throw .key(key, path: path, expected: "a list of \(count) numbers")
        }
        return values
    }
}
