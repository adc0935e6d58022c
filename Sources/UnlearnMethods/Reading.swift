// What a model makes of some examples in one recorded pass, each part of it computed when it is first asked for.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// One pass over a batch. What it holds stays in memory until it is let go.
final class Reading {
    let batch: TokenBatch
    private let model: any CausalLM
    private var states: Tensor?
    private var distributions: Tensor?
    private var probabilities: Tensor?

    init(_ batch: TokenBatch, _ model: any CausalLM) { (self.batch, self.model) = (batch, model) }

    /// The normalised states from which labelled tokens are predicted, `[targets, width]`.
    var finalStates: Tensor { kept(&states) { model.finalHidden(batch) } }

    /// log q of the whole vocabulary at each labelled token, `[targets, vocabulary]`.
    var logDistributions: Tensor { kept(&distributions) { model.logits(finalStates).logSoftmax() } }

    /// log q of the labelled tokens, `[targets]`.
    var logProbabilities: Tensor {
        kept(&probabilities) {
            let count = batch.targets.count
            return logDistributions.gather(batch.targets.reshape([count, 1]), along: 1).reshape([count])
        }
    }

    /// Lets go of everything, once its gradients are there.
    func finish() { (states, distributions, probabilities) = (nil, nil, nil) }

    private func kept(_ value: inout Tensor?, _ compute: () -> Tensor) -> Tensor {
        if let value { return value }
        let computed = compute()
        value = computed
        return computed
    }
}
