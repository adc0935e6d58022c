// The states after one layer: what lies below the first block that changes is computed once for each example.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// Reads a model up to one of its layers. What the frozen blocks make of an example never changes, so it is kept, and
/// so is the original's state at the labelled tokens, to compare with.
final class HiddenStates {
    private let model: any CausalLM
    private let layer: Int
    private let frozen: Int
    /// By example id: the states `[tokens, width]` after the frozen blocks, if there are any.
    private var lower: [Int: Tensor] = [:]
    /// By example id: the original's states `[tokens, width]` after `layer` blocks.
    private var originals: [Int: Tensor] = [:]
    private(set) var width = 0

    /// Reads all examples once, before anything changes.
    /// - Parameters:
    ///   - compared: the examples whose states will be compared with the original's.
    ///   - others: further examples that will be read.
    ///   - layer: how many blocks the states have gone through.
    ///   - frozen: how many of the first blocks, with the embedding, do not change.
    init(
        comparing compared: [TokenExample], reading others: [TokenExample], _ session: Session, after layer: Int,
        frozenBelow frozen: Int
    ) {
        (model, self.layer, self.frozen) = (session.model.model, layer, min(frozen, layer))
        var done = 0
        for (examples, isCompared) in [(others, false), (compared, true)] {
            for indices in LanguageModel.batches(examples, tokens: 1024) {
                withoutRecording { read(TokenBatch(indices.map { examples[$0] }), isCompared: isCompared) }
                done += indices.count
                session.note("Reading the original", done, of: others.count + compared.count, "examples")
            }
        }
    }

    private func read(_ batch: TokenBatch, isCompared: Bool) {
        let start = model.hidden(batch, after: frozen)
        width = start.shape[2]
        if frozen > 0 { for (example, part) in zip(batch.examples, batch.split(start)) { lower[example.id] = part } }
        guard isCompared else { return }
        let states = model.hidden(batch, after: layer, from: frozen, start)
        for (example, part) in zip(batch.examples, batch.split(states)) { originals[example.id] = part }
    }

    /// The model's states now at every token of the batch, `[rows, time, width]`, recorded.
    func callAsFunction(_ batch: TokenBatch) -> Tensor {
        let start = frozen == 0 ? nil : batch.joined(batch.examples.map { state(lower, $0) })
        return model.hidden(batch, after: layer, from: frozen, start)
    }

    /// The original's states at every token of the examples in order, `[tokens, width]`.
    func original(_ examples: [TokenExample]) -> Tensor {
        withoutRecording { Tensor.concatenate(examples.map { state(originals, $0) }) }
    }

    private func state(_ states: [Int: Tensor], _ example: TokenExample) -> Tensor {
        guard let state = states[example.id] else {
            preconditionFailure("HiddenStates: example \(example.id) was not read")
        }
        return state
    }
}
