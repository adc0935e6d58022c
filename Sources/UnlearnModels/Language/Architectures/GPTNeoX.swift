// GPT-NeoX and Pythia. Black et al. 2022 (arXiv 2204.06745), Biderman et al. 2023 (arXiv 2304.01373).

internal import UnlearnEngine
internal import UnlearnFormats

/// The numbers of a GPT-NeoX model, as its config.json states them.
struct GPTNeoXConfiguration: Sendable, Equatable {
    var vocabularyCount: Int
    var width: Int
    var feedForwardWidth: Int
    var layerCount: Int
    var headCount: Int
    var contextLength: Int
    var normEpsilon: Double
    var activation: Activation
    /// How many features of each head are rotated.
    var rotaryWidth: Int
    var rotaryBase: Double
    var rotaryScaling: RotaryScaling?
    /// Whether attention and feed-forward layer both read the block's input.
    var isParallel: Bool
    var hasAttentionBias: Bool
    var tiesEmbeddings: Bool

    init(_ file: ConfigurationFile) throws(ModelError) {
        vocabularyCount = try file.count("vocab_size")
        width = try file.count("hidden_size")
        feedForwardWidth = try file.count("intermediate_size")
        layerCount = try file.count("num_hidden_layers")
        headCount = try file.count("num_attention_heads")
        guard width % headCount == 0 else {
            throw .key("num_attention_heads", path: file.path, expected: "a divisor of hidden_size, which is \(width)")
        }
        contextLength = try file.count("max_position_embeddings", default: 2048)
        normEpsilon = try file.number("layer_norm_eps", default: 1e-5)
        activation = try Activation(file, key: "hidden_act", default: "gelu")
        let rotary = try RotaryConfiguration(file, named: ("rotary_emb_base", "rotary_pct"), share: 0.25)
        (rotaryBase, rotaryScaling) = (rotary.base, rotary.scaling)
        rotaryWidth = Int(Double(width / headCount) * min(rotary.share, 1))
        guard rotary.share <= 1, rotaryWidth > 0, rotaryWidth % 2 == 0 else {
            throw .key("rotary_pct", path: file.path, expected: "a share of the head's width that is an even number")
        }
        isParallel = try file.flag("use_parallel_residual", default: true)
        hasAttentionBias = try file.flag("attention_bias", default: true)
        tiesEmbeddings = try file.flag("tie_word_embeddings", default: false)
    }
}

/// A decoder of pre-normalised blocks in which part of each head is rotated.
enum GPTNeoX {
    static let architecture = Architecture(
        name: "gpt-neox", modelTypes: ["gpt_neox"], summary: "GPT-NeoX, Pythia",
        check: { (file) throws(ModelError) in _ = try GPTNeoXConfiguration(file) },
        build: { (file, weights) throws(ModelError) in
            let configuration = try GPTNeoXConfiguration(file)
            return try ModelError.building { () throws(CheckpointError) in try decoder(configuration, weights) }
        })

    private static func decoder(_ c: GPTNeoXConfiguration, _ weights: Weights) throws(CheckpointError) -> Transformer {
        let model = weights["gpt_neox"]
        let table = Initializer.normal(deviation: 0.02)
        let tokens = try model["embed_in"].parameter("weight", [c.vocabularyCount, c.width], or: table)
        var blocks: [any DecoderBlock] = []
        for layer in 0..<c.layerCount { blocks.append(try Block(c, layer, model["layers"][layer])) }
        let norm = try LayerNorm(model["final_layer_norm"], width: c.width, epsilon: c.normEpsilon)
        // The head of published checkpoints is called embed_out; transformers 5 writes lm_head.
        let head = weights.holds("lm_head.weight") ? "lm_head" : "embed_out"
        if !c.tiesEmbeddings {
            _ = try weights[head].parameter("weight", [c.vocabularyCount, c.width], or: table)
        }
        let parameters = try weights.finish { name in
            // Old checkpoints store the causal mask and the rotary table; tied ones may store the head a second time.
            [".attention.bias", ".attention.masked_bias", "rotary_emb.inv_freq"].contains { name.hasSuffix($0) }
                || (c.tiesEmbeddings && name == head + ".weight")
        }
        let parts = Transformer.Parts(
            vocabularyCount: c.vocabularyCount, contextLength: c.contextLength,
            headName: c.tiesEmbeddings ? "gpt_neox.embed_in.weight" : head + ".weight",
            blockPrefix: "gpt_neox.layers.", embed: { ids, _ in tokens.embedding(ids) }, blocks: blocks,
            norm: { norm($0) }, rotary: Rotary(width: c.rotaryWidth, base: c.rotaryBase, scaling: c.rotaryScaling))
        return Transformer(parts, parameters)
    }
}

private struct Block: DecoderBlock {
    let attentionNorm: LayerNorm
    let queryKeyValue: Linear
    let output: Linear
    let feedForwardNorm: LayerNorm
    let up: Linear
    let down: Linear
    let activation: Activation
    let rotaryWidth: Int
    let isParallel: Bool
    let mix: HeadMixer

    init(_ c: GPTNeoXConfiguration, _ layer: Int, _ weights: Weights) throws(CheckpointError) {
        let (attention, feedForward) = (weights["attention"], weights["mlp"])
        attentionNorm = try LayerNorm(weights["input_layernorm"], width: c.width, epsilon: c.normEpsilon)
        feedForwardNorm = try LayerNorm(weights["post_attention_layernorm"], width: c.width, epsilon: c.normEpsilon)
        let bias = c.hasAttentionBias
        queryKeyValue = try Linear(attention["query_key_value"], in: c.width, out: 3 * c.width, bias: bias)
        output = try Linear(attention["dense"], in: c.width, out: c.width, bias: bias)
        up = try Linear(feedForward["dense_h_to_4h"], in: c.width, out: c.feedForwardWidth, bias: true)
        down = try Linear(feedForward["dense_4h_to_h"], in: c.feedForwardWidth, out: c.width, bias: true)
        (activation, rotaryWidth, isParallel) = (c.activation, c.rotaryWidth, c.isParallel)
        mix = HeadMixer(layer: layer, heads: c.headCount)
    }

    func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        let attended = x + attention(attentionNorm(x), pass)
        return attended + down(activation(up(feedForwardNorm(isParallel ? x : attended))))
    }

    private func attention(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        let (rows, time, width) = (x.shape[0], x.shape[1], x.shape[2])
        let headWidth = width / mix.heads
        // [rows, heads, time, 3 · headWidth]: queries, keys and values of each head side by side.
        let all = queryKeyValue(x).reshape([rows, time, mix.heads, 3 * headWidth]).transpose(1, 2)
        func part(_ index: Int) -> Tensor { all.narrow(3, from: index * headWidth, count: headWidth) }
        return output(mix(rotated(part(0), pass), rotated(part(1), pass), part(2), pass))
    }

    /// The first features of each head are rotated, the others stay.
    private func rotated(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        guard let rotation = pass.rotation else { return x }
        let width = x.shape[3]
        let turned = rotation(x.narrow(3, from: 0, count: rotaryWidth))
        if rotaryWidth == width { return turned }
        return .concatenate([turned, x.narrow(3, from: rotaryWidth, count: width - rotaryWidth)], along: 3)
    }
}
