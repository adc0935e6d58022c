// GPT-2. Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".

internal import UnlearnEngine
internal import UnlearnFormats

/// The numbers of a GPT-2 model, as its config.json states them.
struct GPT2Configuration: Sendable, Equatable {
    var vocabularyCount: Int
    var width: Int
    var feedForwardWidth: Int
    var layerCount: Int
    var headCount: Int
    var contextLength: Int
    var normEpsilon: Double
    var activation: Activation
    var tiesEmbeddings: Bool

    init(_ file: ConfigurationFile) throws(ModelError) {
        for (key, supported) in [("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false)] {
            guard try file.flag(key, default: supported) == supported else {
                throw .unsupported("\(key) \(!supported)", path: file.path, advice: "GPT-2 models use \(supported).")
            }
        }
        vocabularyCount = try file.count("vocab_size")
        width = try file.count("n_embd")
        feedForwardWidth = try file.count("n_inner", default: 4 * width)
        layerCount = try file.count("n_layer")
        headCount = try file.count("n_head")
        guard width % headCount == 0 else {
            throw .key("n_head", path: file.path, expected: "a divisor of n_embd, which is \(width)")
        }
        contextLength = try file.count("n_positions", default: 1024)
        normEpsilon = try file.number("layer_norm_epsilon", default: 1e-5)
        activation = try Activation(file, key: "activation_function", default: "gelu_new")
        tiesEmbeddings = try file.flag("tie_word_embeddings", default: true)
    }
}

/// A decoder of pre-normalised blocks with learnt positions; its linear layers store `[in, out]`.
enum GPT2 {
    static let architecture = Architecture(
        name: "gpt2", modelTypes: ["gpt2"], summary: "GPT-2, DistilGPT-2, DialoGPT",
        check: { (file) throws(ModelError) in _ = try GPT2Configuration(file) },
        build: { (file, weights) throws(ModelError) in
            let configuration = try GPT2Configuration(file)
            return try ModelError.building { () throws(CheckpointError) in try decoder(configuration, weights) }
        })

    private static func decoder(_ c: GPT2Configuration, _ weights: Weights) throws(CheckpointError) -> Transformer {
        // The first checkpoints were saved without the head, and without the prefix that it brings.
        let prefix = weights.holds("wte.weight") ? "" : "transformer."
        let model = prefix.isEmpty ? weights : weights["transformer"]
        let table = Initializer.normal(deviation: 0.02)
        let tokens = try model["wte"].parameter("weight", [c.vocabularyCount, c.width], or: table)
        let positions = try model["wpe"].parameter("weight", [c.contextLength, c.width], or: table)
        var blocks: [any DecoderBlock] = []
        for layer in 0..<c.layerCount { blocks.append(try Block(c, layer, model["h"][layer])) }
        let norm = try LayerNorm(model["ln_f"], width: c.width, epsilon: c.normEpsilon)
        if !c.tiesEmbeddings {
            _ = try weights["lm_head"].parameter("weight", [c.vocabularyCount, c.width], or: table)
        }
        let parameters = try weights.finish { name in
            // Old checkpoints store the causal mask; tied ones may store the head a second time.
            name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias")
                || (c.tiesEmbeddings && name == "lm_head.weight")
        }
        let parts = Transformer.Parts(
            vocabularyCount: c.vocabularyCount, contextLength: c.contextLength,
            headName: c.tiesEmbeddings ? prefix + "wte.weight" : "lm_head.weight", blockPrefix: prefix + "h.",
            embed: { ids, places in
                let shape = [places.count, places.first?.count ?? 0]
                let places = Tensor(places.joined().map(Int64.init), shape: shape)
                return tokens.embedding(ids) + positions.embedding(places)
            },
            blocks: blocks, norm: { norm($0) }, rotary: nil)
        return Transformer(parts, parameters)
    }
}

private struct Block: DecoderBlock {
    let attentionNorm: LayerNorm
    let queryKeyValue: TransposedLinear
    let output: TransposedLinear
    let feedForwardNorm: LayerNorm
    let up: TransposedLinear
    let down: TransposedLinear
    let activation: Activation
    let mix: HeadMixer

    init(_ c: GPT2Configuration, _ layer: Int, _ weights: Weights) throws(CheckpointError) {
        let (attention, feedForward) = (weights["attn"], weights["mlp"])
        attentionNorm = try LayerNorm(weights["ln_1"], width: c.width, epsilon: c.normEpsilon)
        queryKeyValue = try TransposedLinear(attention["c_attn"], in: c.width, out: 3 * c.width)
        output = try TransposedLinear(attention["c_proj"], in: c.width, out: c.width)
        feedForwardNorm = try LayerNorm(weights["ln_2"], width: c.width, epsilon: c.normEpsilon)
        up = try TransposedLinear(feedForward["c_fc"], in: c.width, out: c.feedForwardWidth)
        down = try TransposedLinear(feedForward["c_proj"], in: c.feedForwardWidth, out: c.width)
        activation = c.activation
        mix = HeadMixer(layer: layer, heads: c.headCount)
    }

    func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        let x = x + attention(attentionNorm(x), pass)
        return x + down(activation(up(feedForwardNorm(x))))
    }

    private func attention(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        let (rows, time, width) = (x.shape[0], x.shape[1], x.shape[2])
        let all = queryKeyValue(x)  // [rows, time, 3 · width]: queries, keys, values
        func part(_ index: Int) -> Tensor {  // → [rows, heads, time, headWidth]
            all.narrow(2, from: index * width, count: width).reshape([rows, time, mix.heads, -1]).transpose(1, 2)
        }
        return output(mix(part(0), part(1), part(2), pass))
    }
}
