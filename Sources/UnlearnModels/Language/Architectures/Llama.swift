// The Llama family: Llama 2, Llama 3, SmolLM2. Touvron et al. 2023 (arXiv 2307.09288), Dubey et al. 2024 (2407.21783).
// Mistral, Qwen2 and Qwen3 are built from the same blocks.

public import UnlearnEngine

/// The numbers of a Llama model, as its config.json states them.
public struct LlamaConfiguration: Sendable, Equatable {
    public var vocabularyCount: Int
    public var width: Int
    public var feedForwardWidth: Int
    public var layerCount: Int
    public var headCount: Int
    public var sharedHeadCount: Int
    public var headWidth: Int
    public var normEpsilon: Double
    public var rotaryBase: Double
    public var rotaryScaling: RotaryScaling?
    public var contextLength: Int
    public var tiesEmbeddings: Bool
    /// Whether queries, keys and values have a bias, as in Qwen2.
    public var hasAttentionBias = false
    /// Whether each head's queries and keys are normalised, as in Qwen3.
    public var normalizesHeads = false
}

/// A decoder of pre-normalised blocks: x + attention(norm x), then x + feedForward(norm x).
enum Llama {
    static func decoder(_ c: LlamaConfiguration, _ weights: Weights) throws(CheckpointError) -> Transformer {
        let model = weights["model"]
        let table = Initializer.normal(deviation: 0.02)
        let embedding = try model["embed_tokens"].parameter("weight", [c.vocabularyCount, c.width], or: table)
        var blocks: [any DecoderBlock] = []
        for layer in 0..<c.layerCount { blocks.append(try Block(c, layer, model["layers"][layer])) }
        let norm = try RMSNorm(model["norm"], width: c.width, epsilon: c.normEpsilon)
        if !c.tiesEmbeddings {
            _ = try weights["lm_head"].parameter("weight", [c.vocabularyCount, c.width], or: table)
        }
        let parameters = try weights.finish { name in
            // Old checkpoints store the rotary table; tied ones may store the head a second time.
            name.hasSuffix("rotary_emb.inv_freq") || (c.tiesEmbeddings && name == "lm_head.weight")
        }
        let parts = Transformer.Parts(
            vocabularyCount: c.vocabularyCount, contextLength: c.contextLength,
            headName: c.tiesEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight",
            blockPrefix: "model.layers.", embed: { tokens, _ in embedding.embedding(tokens) }, blocks: blocks,
            norm: { norm($0) }, rotary: Rotary(width: c.headWidth, base: c.rotaryBase, scaling: c.rotaryScaling),
            groups: c.headCount / c.sharedHeadCount)
        return Transformer(parts, parameters)
    }
}

private struct Block: DecoderBlock {
    let attentionNorm: RMSNorm
    let attention: Attention
    let feedForwardNorm: RMSNorm
    let feedForward: FeedForward

    init(_ c: LlamaConfiguration, _ layer: Int, _ weights: Weights) throws(CheckpointError) {
        attentionNorm = try RMSNorm(weights["input_layernorm"], width: c.width, epsilon: c.normEpsilon)
        attention = try Attention(c, layer, weights["self_attn"])
        feedForwardNorm = try RMSNorm(weights["post_attention_layernorm"], width: c.width, epsilon: c.normEpsilon)
        feedForward = try FeedForward(c, weights["mlp"])
    }

    func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        let x = x + attention(attentionNorm(x), pass)
        return x + feedForward(feedForwardNorm(x))
    }
}

/// Attention in which groups of query heads may share a key and a value head.
private struct Attention {
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let queryNorm: RMSNorm?
    let keyNorm: RMSNorm?
    let sharedHeads: Int
    let headWidth: Int
    let mix: HeadMixer

    init(_ c: LlamaConfiguration, _ layer: Int, _ weights: Weights) throws(CheckpointError) {
        let (queryWidth, sharedWidth) = (c.headCount * c.headWidth, c.sharedHeadCount * c.headWidth)
        let bias = c.hasAttentionBias
        query = try Linear(weights["q_proj"], in: c.width, out: queryWidth, bias: bias)
        key = try Linear(weights["k_proj"], in: c.width, out: sharedWidth, bias: bias)
        value = try Linear(weights["v_proj"], in: c.width, out: sharedWidth, bias: bias)
        output = try Linear(weights["o_proj"], in: queryWidth, out: c.width)
        func norm(_ name: String) throws(CheckpointError) -> RMSNorm? {
            c.normalizesHeads ? try RMSNorm(weights[name], width: c.headWidth, epsilon: c.normEpsilon) : nil
        }
        (queryNorm, keyNorm) = (try norm("q_norm"), try norm("k_norm"))
        (sharedHeads, headWidth) = (c.sharedHeadCount, c.headWidth)
        mix = HeadMixer(layer: layer, heads: c.headCount)
    }

    func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        let (rows, time) = (x.shape[0], x.shape[1])
        func rotated(_ y: Tensor) -> Tensor { pass.rotation.map { $0(y) } ?? y }
        func split(_ y: Tensor, _ heads: Int, _ norm: RMSNorm?) -> Tensor {  // → [rows, heads, time, headWidth]
            let y = y.reshape([rows, time, heads, headWidth]).transpose(1, 2)
            return norm.map { $0(y) } ?? y
        }
        let q = rotated(split(query(x), mix.heads, queryNorm))
        let k = rotated(split(key(x), sharedHeads, keyNorm))
        return output(mix(q, k, split(value(x), sharedHeads, nil), pass))
    }
}

/// SwiGLU (Shazeer 2020, arXiv 2002.05202).
private struct FeedForward {
    let gate: Linear
    let up: Linear
    let down: Linear

    init(_ c: LlamaConfiguration, _ weights: Weights) throws(CheckpointError) {
        gate = try Linear(weights["gate_proj"], in: c.width, out: c.feedForwardWidth)
        up = try Linear(weights["up_proj"], in: c.width, out: c.feedForwardWidth)
        down = try Linear(weights["down_proj"], in: c.feedForwardWidth, out: c.width)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { down(gate: gate(x), up: up(x)) }
}
