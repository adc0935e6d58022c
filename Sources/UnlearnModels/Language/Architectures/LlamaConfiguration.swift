// The configuration of the Llama family as config.json spells it.

internal import UnlearnEngine
internal import UnlearnFormats

extension Llama {
    static let architecture = Architecture(
        name: "llama", modelType: "llama", summary: "Llama 2, Llama 3, 3.1, 3.2, SmolLM, SmolLM2, TinyLlama"
    ) { (file) throws(ModelError) in try LlamaConfiguration(file) }
}

extension Architecture {
    /// A relative of Llama: built from its blocks, with numbers of its own.
    init(
        name: String, modelType: String, summary: String,
        configuration: @escaping @Sendable (ConfigurationFile) throws(ModelError) -> LlamaConfiguration
    ) {
        self.init(
            name: name, modelTypes: [modelType], summary: summary,
            check: { (file) throws(ModelError) in _ = try configuration(file) },
            build: { (file, weights) throws(ModelError) in
                let configuration = try configuration(file)
                return try ModelError.building { () throws(CheckpointError) in
                    try Llama.decoder(configuration, weights)
                }
            }, llama: configuration)
    }
}

extension LlamaConfiguration {
    public init(_ file: ConfigurationFile) throws(ModelError) {
        let width = try file.count("hidden_size")
        let headCount = try file.count("num_attention_heads")
        let sharedHeadCount = try file.count("num_key_value_heads", default: headCount)
        let headWidth = try file.count("head_dim", default: max(1, width / headCount))
        guard headCount % sharedHeadCount == 0 else {
            throw .key(
                "num_key_value_heads", path: file.path,
                expected: "a divisor of num_attention_heads, which is \(headCount)")
        }
        guard headWidth % 2 == 0 else {
            throw .key("head_dim", path: file.path, expected: "an even number, as rotary embedding needs")
        }
        for (key, supported) in [("hidden_act", "silu")] {
            if let value = file.json[key]?.string, value != supported {
                throw .unsupported("\(key) '\(value)'", path: file.path, advice: "Llama models use '\(supported)'.")
            }
        }
        for key in ["attention_bias", "mlp_bias"] where try file.flag(key, default: false) {
            throw .unsupported("\(key) true", path: file.path, advice: "Convert a model without biases.")
        }
        let rotary = try RotaryConfiguration(file)
        guard rotary.share == 1 else {
            throw .unsupported(
                "partial_rotary_factor \(rotary.share)", path: file.path, advice: "Llama models rotate whole heads.")
        }
        self.init(
            vocabularyCount: try file.count("vocab_size"),
            width: width,
            feedForwardWidth: try file.count("intermediate_size"),
            layerCount: try file.count("num_hidden_layers"),
            headCount: headCount,
            sharedHeadCount: sharedHeadCount,
            headWidth: headWidth,
            normEpsilon: try file.number("rms_norm_eps", default: 1e-6),
            rotaryBase: rotary.base,
            rotaryScaling: rotary.scaling,
            contextLength: try file.count("max_position_embeddings", default: 2048),
            tiesEmbeddings: try file.flag("tie_word_embeddings", default: false))
    }
}
