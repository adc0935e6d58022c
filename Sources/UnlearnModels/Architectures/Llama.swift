// The Llama family: Llama 2, Llama 3, SmolLM2. Touvron et al. 2023 (arXiv 2307.09288), Dubey et al. 2024 (2407.21783).

public import UnlearnData
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
}

/// A decoder of pre-normalised blocks: x + attention(norm x), then x + feedForward(norm x).
public final class Llama: CausalLM {
    public let configuration: LlamaConfiguration
    public let parameters: ParameterStore
    private let embedding: Tensor
    private let blocks: [Block]
    private let norm: RMSNorm
    private let rotary: Rotary

    public init(_ c: LlamaConfiguration, _ weights: Weights) throws(CheckpointError) {
        configuration = c
        let model = weights["model"]
        let table = Initializer.normal(deviation: 0.02)
        embedding = try model["embed_tokens"].parameter("weight", [c.vocabularyCount, c.width], or: table)
        var blocks: [Block] = []
        for layer in 0..<c.layerCount { blocks.append(try Block(c, layer, model["layers"][layer])) }
        self.blocks = blocks
        norm = try RMSNorm(model["norm"], width: c.width, epsilon: c.normEpsilon)
        if !c.tiesEmbeddings {
            _ = try weights["lm_head"].parameter("weight", [c.vocabularyCount, c.width], or: table)
        }
        rotary = Rotary(width: c.headWidth, base: c.rotaryBase, scaling: c.rotaryScaling)
        parameters = try weights.finish { name in
            // Old checkpoints store the rotary table; tied ones may store the head a second time.
            name.hasSuffix("rotary_emb.inv_freq") || (c.tiesEmbeddings && name == "lm_head.weight")
        }
    }

    public var vocabularyCount: Int { configuration.vocabularyCount }
    public var layerCount: Int { configuration.layerCount }
    public var headName: String { configuration.tiesEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight" }
    public var contextLength: Int { configuration.contextLength }

    public func makeCache() -> KeyValueCache { KeyValueCache(layerCount: layerCount) }

    public var blockPrefix: String { "model.layers." }

    public func hidden(_ batch: TokenBatch, after layer: Int, from start: Int, _ states: Tensor?) -> Tensor {
        let x = states ?? embedding.embedding(batch.inputs)
        return hidden(x, batch.positions, mask: batch.mask, cache: nil, blocks[(states == nil ? 0 : start)..<layer])
    }

    public func finalHidden(_ batch: TokenBatch) -> Tensor {
        let states = hidden(batch, after: layerCount)
        return norm(states.reshape([-1, configuration.width]).select(batch.predictors))
    }

    public func next(_ tokens: Tensor, positions: [[Int]], mask: Tensor?, cache: KeyValueCache) -> Tensor {
        let states = hidden(embedding.embedding(tokens), positions, mask: mask, cache: cache, blocks[...])
        let (rows, time) = (states.shape[0], states.shape[1])
        cache.advance(by: time)
        let last = states.narrow(1, from: time - 1, count: 1).reshape([rows, configuration.width])
        return logits(norm(last))
    }

    private func hidden(
        _ x: Tensor, _ positions: [[Int]], mask: Tensor?, cache: KeyValueCache?, _ blocks: ArraySlice<Block>
    ) -> Tensor {
        let rotation = rotary.rotation(at: positions)
        let mask = mask.map(foldedOverGroups)
        return blocks.reduce(x) { $1($0, rotation, mask: mask, cache: cache) }  // [rows, time, width]
    }

    /// `[rows, 1, time, context]` → `[rows, 1, groups · time, context]`: see ``Attention``.
    private func foldedOverGroups(_ mask: Tensor) -> Tensor {
        let groups = configuration.headCount / configuration.sharedHeadCount
        let (rows, time, context) = (mask.shape[0], mask.shape[2], mask.shape[3])
        return mask.expand([rows, groups, time, context]).reshape([rows, 1, groups * time, context])
    }
}

private struct Block {
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

    func callAsFunction(_ x: Tensor, _ rotation: Rotation, mask: Tensor?, cache: KeyValueCache?) -> Tensor {
        let x = x + attention(attentionNorm(x), rotation, mask: mask, cache: cache)
        return x + feedForward(feedForwardNorm(x))
    }
}

/// Attention in which groups of query heads share a key and a value head (Ainslie et al. 2023, arXiv 2305.13245).
/// The queries of a group are laid out as further time steps, so that keys and values are never copied per head.
private struct Attention {
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let layer: Int
    let heads: Int
    let sharedHeads: Int
    let headWidth: Int

    init(_ c: LlamaConfiguration, _ layer: Int, _ weights: Weights) throws(CheckpointError) {
        let (queryWidth, sharedWidth) = (c.headCount * c.headWidth, c.sharedHeadCount * c.headWidth)
        query = try Linear(weights["q_proj"], in: c.width, out: queryWidth)
        key = try Linear(weights["k_proj"], in: c.width, out: sharedWidth)
        value = try Linear(weights["v_proj"], in: c.width, out: sharedWidth)
        output = try Linear(weights["o_proj"], in: queryWidth, out: c.width)
        (self.layer, heads, sharedHeads, headWidth) = (layer, c.headCount, c.sharedHeadCount, c.headWidth)
    }

    func callAsFunction(_ x: Tensor, _ rotation: Rotation, mask: Tensor?, cache: KeyValueCache?) -> Tensor {
        let (rows, time) = (x.shape[0], x.shape[1])
        let groups = heads / sharedHeads
        func split(_ y: Tensor, _ heads: Int) -> Tensor {  // → [rows, heads, time, headWidth]
            y.reshape([rows, time, heads, headWidth]).transpose(1, 2)
        }
        let q = rotation(split(query(x), heads)).reshape([rows, sharedHeads, groups * time, headWidth])
        var k = rotation(split(key(x), sharedHeads))
        var v = split(value(x), sharedHeads)
        if let cache { (k, v) = cache.append(layer: layer, key: k, value: v) }
        let mixed = Tensor.attention(query: q, key: k, value: v, mask: mask)
        return output(mixed.reshape([rows, heads, time, headWidth]).transpose(1, 2).reshape([rows, time, -1]))
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

    func callAsFunction(_ x: Tensor) -> Tensor { down(gate(x).silu() * up(x)) }
}
