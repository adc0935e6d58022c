// What unlearning and evaluation ask of a language model.

public import UnlearnData
public import UnlearnEngine

/// A model that predicts the next token.
public protocol CausalLM: AnyObject {
    var parameters: ParameterStore { get }
    /// Facts that every architecture has.
    var vocabularyCount: Int { get }
    var layerCount: Int { get }
    var contextLength: Int { get }

    /// The normalised states from which the labelled tokens are predicted, `[targets, width]`.
    func finalHidden(_ batch: TokenBatch) -> Tensor
    /// The normalised states at the predictors of a batch, `[predictors, width]`.
    func finalHidden(_ batch: ReadingBatch) -> Tensor
    /// The states after `layer` blocks at every token, `[rows, time, width]`; later layers are not computed, and
    /// neither are the first `start` ones if `states` are what these have made of the batch.
    func hidden(_ batch: TokenBatch, after layer: Int, from start: Int, _ states: Tensor?) -> Tensor
    /// What the names of a block's parameters begin with, before its number: "model.layers.".
    var blockPrefix: String { get }
    /// The name of the matrix `[vocabulary, width]` that turns states into scores; with tied embeddings, theirs.
    var headName: String { get }

    /// An empty memory of keys and values.
    func makeCache() -> KeyValueCache
    /// Reads `tokens [rows, time]` behind what the cache holds and returns the scores after each of the last `count`,
    /// `[rows · count, vocabulary]`.
    func next(_ tokens: Tensor, positions: [[Int]], mask: Tensor?, cache: KeyValueCache, after count: Int) -> Tensor
}

extension CausalLM {
    /// Reads tokens and returns the scores after the last one, `[rows, vocabulary]`.
    func next(_ tokens: Tensor, positions: [[Int]], mask: Tensor?, cache: KeyValueCache) -> Tensor {
        next(tokens, positions: positions, mask: mask, cache: cache, after: 1)
    }

    /// The states after `layer` blocks at every token, `[rows, time, width]`.
    public func hidden(_ batch: TokenBatch, after layer: Int) -> Tensor { hidden(batch, after: layer, from: 0, nil) }

    /// The block that a parameter belongs to, from 0; nil for those of the embeddings, the last norm and the head.
    public func block(of parameter: String) -> Int? {
        guard parameter.hasPrefix(blockPrefix) else { return nil }
        return Int(parameter.dropFirst(blockPrefix.count).prefix { $0 != "." })
    }

    /// Scores of every token of the vocabulary, `[n, width]` → `[n, vocabulary]`.
    public func logits(_ hidden: Tensor) -> Tensor { hidden.linear(parameters[headName]) }

    /// log p of each labelled token, `[targets]`.
    public func logProbabilities(_ batch: TokenBatch) -> Tensor {
        finalHidden(batch).targetLogProbabilities(parameters[headName], batch.targets)
    }

    /// log-softmax of `logits [n, vocabulary]` at `targets [n]`, without a second copy of the distribution.
    public static func logProbabilities(of targets: Tensor, from logits: Tensor) -> Tensor {
        let rows = targets.count
        return logits.logSoftmax().gather(targets.reshape([rows, 1]), along: 1).reshape([rows])
    }
}
