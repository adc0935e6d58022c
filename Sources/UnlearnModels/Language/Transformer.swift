// The transformer that every architecture here is: an embedding, a stack of blocks, a norm and a head.

public import UnlearnData
public import UnlearnEngine

/// What the blocks of one forward pass share.
struct ForwardPass {
    /// What a token may look at.
    enum Context {
        /// The tokens before it in its own sequence. The row holds one layout behind another.
        case packed([PackedLayout])
        /// What the cache holds and the tokens of this pass, as far as the mask allows.
        case cached(KeyValueCache, mask: Tensor?)
    }

    let rotation: Rotation?
    let context: Context
}

/// One layer of a decoder.
protocol DecoderBlock {
    /// `[rows, time, width]` → the same shape.
    func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor
}

/// A language model, put together from what its architecture made of a checkpoint.
public final class Transformer: CausalLM {
    /// What the architectures differ in.
    struct Parts {
        var vocabularyCount: Int
        var contextLength: Int
        var headName: String
        /// What block names begin with: "model.layers.".
        var blockPrefix: String
        /// Tokens and their positions `[rows, time]` → `[rows, time, width]`.
        var embed: (Tensor, [[Int]]) -> Tensor
        var blocks: [any DecoderBlock]
        var norm: (Tensor) -> Tensor
        var rotary: Rotary?
        /// Query heads that share a key head and are laid out as further time steps.
        var groups = 1
    }

    public let parameters: ParameterStore
    private let parts: Parts

    init(_ parts: Parts, _ parameters: ParameterStore) {
        self.parts = parts
        self.parameters = parameters
    }

    public var vocabularyCount: Int { parts.vocabularyCount }
    public var layerCount: Int { parts.blocks.count }
    public var contextLength: Int { parts.contextLength }
    public var headName: String { parts.headName }
    public var blockPrefix: String { parts.blockPrefix }

    public func makeCache() -> KeyValueCache { KeyValueCache(layerCount: layerCount) }

    public func hidden(_ batch: TokenBatch, after layer: Int, from start: Int, _ states: Tensor?) -> Tensor {
        let x = states ?? parts.embed(batch.inputs, batch.positions)
        let blocks = parts.blocks[(states == nil ? 0 : start)..<layer]
        return hidden(x, batch.positions, .packed([batch.layout]), blocks)
    }

    public func finalHidden(_ batch: TokenBatch) -> Tensor {
        let states = hidden(batch, after: layerCount)
        return parts.norm(states.reshape([-1, states.shape[2]]).select(batch.predictors))
    }

    public func finalHidden(_ batch: ReadingBatch) -> Tensor {
        let x = parts.embed(batch.inputs, batch.positions)
        let states = hidden(x, batch.positions, .packed(batch.layouts), parts.blocks[...])
        return parts.norm(states.reshape([-1, states.shape[2]]).select(batch.predictors))
    }

    public func next(
        _ tokens: Tensor, positions: [[Int]], mask: Tensor?, cache: KeyValueCache, after count: Int
    ) -> Tensor {
        let x = parts.embed(tokens, positions)
        let context = ForwardPass.Context.cached(cache, mask: mask.map(foldedOverGroups))
        let states = hidden(x, positions, context, parts.blocks[...])
        let (time, width) = (states.shape[1], states.shape[2])
        cache.advance(by: time)
        let last = parts.norm(states.narrow(1, from: time - count, count: count).reshape([-1, width]))
        return logits(last)
    }

    private func hidden(
        _ x: Tensor, _ positions: [[Int]], _ context: ForwardPass.Context, _ blocks: ArraySlice<any DecoderBlock>
    ) -> Tensor {
        let pass = ForwardPass(rotation: parts.rotary?.rotation(at: positions), context: context)
        return blocks.reduce(x) { $1($0, pass) }  // [rows, time, width]
    }

    /// `[rows, 1, time, context]` → `[rows, 1, groups · time, context]`.
    private func foldedOverGroups(_ mask: Tensor) -> Tensor {
        guard parts.groups > 1 else { return mask }
        let (rows, time, context) = (mask.shape[0], mask.shape[2], mask.shape[3])
        return mask.expand([rows, parts.groups, time, context]).reshape([rows, 1, parts.groups * time, context])
    }
}

/// What is left of attention once queries, keys and values are there. Groups of query heads may share a key and a value
/// head (Ainslie et al. 2023, arXiv 2305.13245).
struct HeadMixer {
    let layer: Int
    let heads: Int

    /// Query `[rows, heads, time, headWidth]`, key and value `[rows, sharedHeads, time, headWidth]`
    /// → `[rows, time, heads · headWidth]`.
    func callAsFunction(_ query: Tensor, _ key: Tensor, _ value: Tensor, _ pass: ForwardPass) -> Tensor {
        switch pass.context {
        case .packed(let layouts):
            return packed(query, key, value, layouts)
        case .cached(let cache, let mask):
            let (rows, time, width) = (query.shape[0], query.shape[2], query.shape[3])
            let sharedHeads = key.shape[1]
            let (key, value) = cache.append(layer: layer, key: key, value: value)
            // The queries of a group are laid out as further time steps: keys and values are never copied per head.
            let folded = query.reshape([rows, sharedHeads, heads / sharedHeads * time, width])
            let mixed = Tensor.attention(query: folded, key: key, value: value, mask: mask)
            return mixed.reshape([rows, heads, time, width]).transpose(1, 2).reshape([rows, time, heads * width])
        }
    }

    private func packed(_ query: Tensor, _ key: Tensor, _ value: Tensor, _ layouts: [PackedLayout]) -> Tensor {
        var start = 0
        let mixed = layouts.map { layout in
            defer { start += layout.count }
            func part(_ x: Tensor) -> Tensor { layouts.count == 1 ? x : x.narrow(2, from: start, count: layout.count) }
            return Tensor.packedAttention(
                query: part(query), key: part(key), value: part(value), prefix: layout.prefix, lengths: layout.lengths)
        }
        return mixed.count == 1 ? mixed[0] : Tensor.concatenate(mixed, along: 1)
    }
}
