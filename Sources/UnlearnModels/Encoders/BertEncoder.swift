// BERT: Devlin et al. 2019 (arXiv 1810.04805); RoBERTa: Liu et al. 2019 (arXiv 1907.11692), the same blocks with other
// positions. Parameters are named as transformers does.

internal import UnlearnEngine

/// Embeddings and post-normalised blocks that look in both directions.
struct BertEncoder {
    let numbers: BertConfiguration
    private let words: Tensor
    private let positions: Tensor
    private let kinds: Tensor
    private let norm: LayerNorm
    private let blocks: [BertBlock]

    init(_ c: BertConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        let (tables, initial) = (weights["embeddings"], Initializer.normal(deviation: 0.02))
        words = try tables["word_embeddings"].parameter("weight", [c.vocabularyCount, c.width], or: initial)
        positions = try tables["position_embeddings"].parameter("weight", [c.positionCount, c.width], or: initial)
        kinds = try tables["token_type_embeddings"].parameter("weight", [c.kindCount, c.width], or: initial)
        norm = try LayerNorm(tables["LayerNorm"], width: c.width, epsilon: c.normEpsilon)
        var blocks: [BertBlock] = []
        for layer in 0..<c.layerCount { blocks.append(try BertBlock(c, weights["encoder"]["layer"][layer])) }
        self.blocks = blocks
    }

    /// The states after `layer` blocks at every token, `[tokens, width]`; later blocks are not computed.
    func states(_ batch: EncoderBatch, after layer: Int) -> Tensor {
        let places = Tensor(batch.places.map { Int64($0 + numbers.firstPosition) })
        let kind = kinds.narrow(0, from: 0, count: 1)
        let embedded = norm(words.embedding(batch.inputs) + positions.embedding(places) + kind)
        return blocks.prefix(layer).reduce(embedded) { $1.states($0, batch) }
    }

    func states(_ batch: EncoderBatch) -> Tensor { states(batch, after: blocks.count) }

    /// The last states of each sequence's first token, `[sequences, width]`; the last block computes no others.
    func firstStates(_ batch: EncoderBatch) -> Tensor {
        let before = states(batch, after: blocks.count - 1)
        return blocks[blocks.count - 1].firstStates(before, batch)
    }
}

/// x = norm(x + attention x), then norm(x + feedForward x).
private struct BertBlock {
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let attentionNorm: LayerNorm
    let up: Linear
    let down: Linear
    let outputNorm: LayerNorm
    let activation: Activation
    let headCount: Int

    init(_ c: BertConfiguration, _ weights: Weights) throws(CheckpointError) {
        let (mixing, mixed) = (weights["attention"]["self"], weights["attention"]["output"])
        query = try Linear(mixing["query"], in: c.width, out: c.width, bias: true)
        key = try Linear(mixing["key"], in: c.width, out: c.width, bias: true)
        value = try Linear(mixing["value"], in: c.width, out: c.width, bias: true)
        output = try Linear(mixed["dense"], in: c.width, out: c.width, bias: true)
        attentionNorm = try LayerNorm(mixed["LayerNorm"], width: c.width, epsilon: c.normEpsilon)
        up = try Linear(weights["intermediate"]["dense"], in: c.width, out: c.feedForwardWidth, bias: true)
        down = try Linear(weights["output"]["dense"], in: c.feedForwardWidth, out: c.width, bias: true)
        outputNorm = try LayerNorm(weights["output"]["LayerNorm"], width: c.width, epsilon: c.normEpsilon)
        activation = c.activation
        headCount = c.headCount
    }

    /// `[tokens, width]` → the same shape.
    func states(_ x: Tensor, _ batch: EncoderBatch) -> Tensor {
        forward(x, asking: x, batch) { ($0.start, $0.length) }
    }

    /// `[tokens, width]` → `[sequences, width]`: what becomes of the first tokens.
    func firstStates(_ x: Tensor, _ batch: EncoderBatch) -> Tensor {
        forward(x, asking: x.select(batch.firstTokens), batch) { ($0.first, 1) }
    }

    /// - Parameters:
    ///   - asking: the states whose successors are wanted.
    ///   - part: of a run: which of them is its first, and how many each of its sequences has.
    private func forward(
        _ x: Tensor, asking: Tensor, _ batch: EncoderBatch, _ part: (EncoderBatch.Run) -> (start: Int, length: Int)
    ) -> Tensor {
        let (queries, keys, values) = (query(asking), key(x), value(x))
        let width = x.shape[1]
        let mixed = batch.runs.map { run in
            func heads(_ states: Tensor, _ part: (start: Int, length: Int)) -> Tensor {
                // → [sequences, heads, length, headWidth]
                states.narrow(0, from: part.start, count: run.count * part.length)
                    .reshape([run.count, part.length, headCount, width / headCount]).transpose(1, 2)
            }
            let (asked, all) = (part(run), (run.start, run.length))
            let attended = Tensor.attention(
                query: heads(queries, asked), key: heads(keys, all), value: heads(values, all), mask: nil)
            return attended.transpose(1, 2).reshape([run.count * asked.length, width])
        }
        let y = attentionNorm(output(Tensor.concatenate(mixed)) + asking)
        return outputNorm(down(activation(up(y))) + y)
    }
}
