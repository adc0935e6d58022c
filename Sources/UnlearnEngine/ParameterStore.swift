// The named parameters of a model: the only mutable state of a run.

/// Ordered name → tensor.
public final class ParameterStore {
    /// Names in the order of registration: the order of checkpoints, optimizers and reports.
    public private(set) var names: [String] = []
    private var tensors: [String: Tensor] = [:]

    public init() {}

    /// Adds a parameter; a name that is already taken is a programmer's error.
    public func add(_ name: String, _ tensor: Tensor) {
        precondition(tensors[name] == nil, "ParameterStore: '\(name)' is registered twice")
        names.append(name)
        tensors[name] = tensor
    }

    /// The parameter of that name; an unknown name is a programmer's error.
    public subscript(_ name: String) -> Tensor {
        guard let tensor = tensors[name] else { preconditionFailure("ParameterStore: no parameter '\(name)'") }
        return tensor
    }

    public func contains(_ name: String) -> Bool { tensors[name] != nil }

    /// How many scalars all parameters hold together.
    public var scalarCount: Int { names.reduce(0) { $0 + self[$1].count } }

    /// Makes exactly these parameters trainable, in store order; the rest is frozen and not recorded.
    public func train(_ selected: Set<String>) -> [Tensor] {
        names.compactMap { name in
            let parameter = self[name]
            parameter.requiresGradient = selected.contains(name)
            return selected.contains(name) ? parameter : nil
        }
    }
}
