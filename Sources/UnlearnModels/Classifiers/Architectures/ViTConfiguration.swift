// The configuration of vision transformers as Hugging Face's ViTForImageClassification spells it.

internal import UnlearnEngine
internal import UnlearnFormats

extension ViT {
    public static let architecture = ClassifierArchitecture(
        name: "vit", modelTypes: ["vit"], summary: "vision transformers, with torchvision's parameter names",
        check: { (file) throws(ModelError) in _ = try ViTConfiguration(file) },
        build: { (file, weights) throws(ModelError) in
            let configuration = try ViTConfiguration(file)
            return try ModelError.building { () throws(CheckpointError) in try ViT(configuration, weights) }
        })
}

extension ViTConfiguration {
    public init(_ file: ConfigurationFile) throws(ModelError) {
        let width = try file.count("hidden_size")
        let headCount = try file.count("num_attention_heads")
        let imageSize = try file.count("image_size")
        let patchSize = try file.count("patch_size")
        guard width % headCount == 0 else {
            throw .key("num_attention_heads", path: file.path, expected: "a divisor of hidden_size, which is \(width)")
        }
        guard imageSize % patchSize == 0 else {
            throw .key("patch_size", path: file.path, expected: "a divisor of image_size, which is \(imageSize)")
        }
        if let value = file.json["hidden_act"]?.string, value != "gelu" {
            throw .unsupported("hidden_act '\(value)'", path: file.path, advice: "torchvision's layout has 'gelu'.")
        }
        self.init(
            channelCount: try file.count("num_channels", default: 3), classNames: try file.classNames(),
            imageSize: imageSize, patchSize: patchSize, width: width,
            layerCount: try file.count("num_hidden_layers"), headCount: headCount,
            feedForwardWidth: try file.count("intermediate_size"),
            normEpsilon: try file.number("layer_norm_eps", default: 1e-6))
    }

    var json: JSONValue {
        [
            "architectures": ["ViTForImageClassification"], "model_type": "vit", "num_channels": .int(channelCount),
            "image_size": .int(imageSize), "patch_size": .int(patchSize), "hidden_size": .int(width),
            "num_hidden_layers": .int(layerCount), "num_attention_heads": .int(headCount),
            "intermediate_size": .int(feedForwardWidth), "hidden_act": "gelu", "layer_norm_eps": .double(normEpsilon),
            "id2label": .labels(classNames), "dtype": "float32",
        ]
    }
}
