// What the original model says at every labelled token: computed once, before anything changes.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

/// The final states of a frozen model at the labelled tokens of each example, by example id. A state is some eighty
/// times smaller than the distribution that the head makes of it, so states are kept and distributions made anew.
public final class Reference {
    private let head: Tensor
    private var states: [Int: Tensor] = [:]
    private var sums: [Int: Float] = [:]

    /// Reads all examples, sorted by length, in one pass.
    /// - Parameter headIsTrained: whether the head will change, so that a copy of it is kept.
    public init(
        _ examples: [TokenExample], _ model: any CausalLM, headIsTrained: Bool, onProgress: (Int) -> Void = { _ in }
    ) {
        let head = model.parameters[model.headName]
        self.head = headIsTrained ? withoutRecording { head + 0 } : head
        var done = 0
        for indices in LanguageModel.batches(examples, tokens: 1024) {
            let batch = TokenBatch(indices.map { examples[$0] })
            let hidden = withoutRecording { model.finalHidden(batch) }
            for (index, range) in zip(indices, batch.targetRanges) {
                // A copy of its own: a view would keep the whole batch alive.
                let rows = hidden.narrow(0, from: range.lowerBound, count: range.count)
                states[examples[index].id] = withoutRecording { rows + 0 }
            }
            done += indices.count
            onProgress(done)
        }
    }

    /// log p of the vocabulary at each labelled token of these examples in order, `[targets, vocabulary]`.
    public func logDistributions(_ examples: [TokenExample]) -> Tensor {
        withoutRecording { logits(examples).logSoftmax() }
    }

    /// The frozen model's scores, `[targets, vocabulary]`.
    func logits(_ examples: [TokenExample]) -> Tensor {
        withoutRecording { finalStates(examples).linear(head) }
    }

    /// KL(original ‖ model) per labelled token of these examples, averaged; `states` and `head` are the model's.
    func divergence(_ examples: [TokenExample], to states: Tensor, _ head: Tensor) -> Tensor {
        states.divergence(head, fromStates: finalStates(examples), self.head)
    }

    /// The frozen model's normalised last states at each labelled token, `[targets, width]`.
    func finalStates(_ examples: [TokenExample]) -> Tensor {
        withoutRecording {
            Tensor.concatenate(
                examples.map { example in
                    guard let state = states[example.id] else {
                        preconditionFailure("Reference: example \(example.id) was not read")
                    }
                    return state
                })
        }
    }

    /// S of each example: the sum of log p over its labelled tokens, `[examples]`. Computed when it is first asked for.
    public func sums(_ examples: [TokenExample]) -> Tensor {
        Tensor(
            examples.map { example in
                let sum = sums[example.id] ?? self.sum(example)
                sums[example.id] = sum
                return sum
            })
    }

    private func sum(_ example: TokenExample) -> Float {
        withoutRecording {
            let targets = Tensor(example.targets.map { Int64(example.tokens[$0]) }, shape: [example.targets.count])
            return finalStates([example]).targetLogProbabilities(head, targets).sum().item
        }
    }
}
