// A language model's parameters with its matrices in eight bits: what a second model guesses with.

internal import UnlearnEngine

/// The parameters of a model that is there already, in the same memory, low-rank additions merged; the weights of its
/// linear layers rounded.
struct RoundedSource: TensorSource {
    private let store: ParameterStore
    private let rounded: Set<String>

    let title = "the model itself"
    var names: [String] { store.names }

    /// - Returns: nil where a layer's weights are laid out `[in, out]`, or are too narrow for the product with them.
    init?(_ store: ParameterStore) {
        guard store.slots.allSatisfy({ !$0.isTransposed && $0.inputs.isMultiple(of: 16) }) else { return nil }
        self.store = store
        rounded = Set(store.slots.map(\.weightName))
    }

    func shape(of name: String) -> Shape? { store.contains(name) ? store[name].shape : nil }
    func load(_ name: String, as _: Precision) -> Tensor {
        rounded.contains(name) ? store.merged(name).roundedRows() : store[name]
    }
}
