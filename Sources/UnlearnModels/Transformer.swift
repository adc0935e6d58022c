// The transformer that every architecture here is: an embedding, a stack of blocks, a norm and a head.

public import UnlearnData
public import UnlearnEngine

/// What the blocks of one forward pass share.
struct ForwardPass {
    let rotation: Rotation?
    let mask: Tensor?
    let cache: KeyValueCache?
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
        /// The same architecture over other weights.
        var rebuild: (Weights) throws(CheckpointError) -> Transformer
    }

    public let parameters: ParameterStore
    private let parts: Parts
    /// The head of a draft.
    private var roundedHead: RoundedMatrix?

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
        return hidden(x, batch.positions, mask: batch.mask, cache: nil, blocks)
    }

    public func finalHidden(_ batch: TokenBatch) -> Tensor {
        let states = hidden(batch, after: layerCount)
        return parts.norm(states.reshape([-1, states.shape[2]]).select(batch.predictors))
    }

    public func next(
        _ tokens: Tensor, positions: [[Int]], mask: Tensor?, cache: KeyValueCache, after count: Int
    ) -> Tensor {
        let x = parts.embed(tokens, positions)
        let states = hidden(x, positions, mask: mask, cache: cache, parts.blocks[...])
        let (time, width) = (states.shape[1], states.shape[2])
        cache.advance(by: time)
        let last = parts.norm(states.narrow(1, from: time - count, count: count).reshape([-1, width]))
        return roundedHead?(last, bias: nil) ?? logits(last)
    }

    public func draft() -> any CausalLM {
        do throws(CheckpointError) {
            let draft = try parts.rebuild(Weights(draftOf: parameters))
            draft.roundedHead = RoundedMatrix(parameters.merged(headName))
            return draft
        } catch { preconditionFailure("draft: the model's own parameters do not fit it: \(error)") }
    }

    private func hidden(
        _ x: Tensor, _ positions: [[Int]], mask: Tensor?, cache: KeyValueCache?, _ blocks: ArraySlice<any DecoderBlock>
    ) -> Tensor {
        let pass = ForwardPass(
            rotation: parts.rotary?.rotation(at: positions), mask: mask.map(foldedOverGroups), cache: cache)
        return blocks.reduce(x) { $1($0, pass) }  // [rows, time, width]
    }

    /// `[rows, 1, time, context]` → `[rows, 1, groups · time, context]`.
    private func foldedOverGroups(_ mask: Tensor) -> Tensor {
        guard parts.groups > 1 else { return mask }
        let (rows, time, context) = (mask.shape[0], mask.shape[2], mask.shape[3])
        return mask.expand([rows, parts.groups, time, context]).reshape([rows, 1, parts.groups * time, context])
    }
}

/// Attention by whole heads: what is left of it once queries, keys and values are there.
struct HeadMixer {
    let layer: Int
    let heads: Int

    /// Query, key and value `[rows, heads, time, headWidth]` → `[rows, time, heads · headWidth]`.
    func callAsFunction(_ query: Tensor, _ key: Tensor, _ value: Tensor, _ pass: ForwardPass) -> Tensor {
        let (rows, time) = (query.shape[0], query.shape[2])
        var (key, value) = (key, value)
        if let cache = pass.cache { (key, value) = cache.append(layer: layer, key: key, value: value) }
        let mixed = Tensor.attention(query: query, key: key, value: value, mask: pass.mask)
        return mixed.transpose(1, 2).reshape([rows, time, -1])
    }
}
