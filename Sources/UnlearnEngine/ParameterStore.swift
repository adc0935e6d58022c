// The named parameters of a model: the only mutable state of a run.

/// Ordered name → tensor.
public final class ParameterStore {
    /// Names in the order of registration: the order of checkpoints, optimizers and reports. What low-rank additions
    /// brought is not among them: see ``additionNames``.
    public private(set) var names: [String] = []
    /// Where low-rank additions may be attached, in the order of the layers.
    public private(set) var slots: [LowRankSlot] = []
    /// The names of what is stored with the parameters but never trained, such as running means.
    public private(set) var bufferNames: Set<String> = []
    private var tensors: [String: Tensor] = [:]

    public init() {}

    /// Adds a parameter; a name that is already taken is a programmer's error.
    public func add(_ name: String, _ tensor: Tensor, isBuffer: Bool = false) {
        precondition(tensors[name] == nil, "ParameterStore: '\(name)' is registered twice")
        names.append(name)
        if isBuffer { bufferNames.insert(name) }
        tensors[name] = tensor
    }

    /// Puts another tensor in the place of a parameter, for whoever asks for it by its name from now on.
    public func replace(_ name: String, by tensor: Tensor) {
        precondition(tensors[name] != nil, "ParameterStore: no parameter '\(name)'")
        tensors[name] = tensor
    }

    func add(_ slot: LowRankSlot) { slots.append(slot) }

    /// Keeps and gives up the tensors of additions.
    func hold(_ name: String, _ tensor: Tensor) { tensors[name] = tensor }
    func release(_ name: String) { tensors[name] = nil }

    /// The parameter of that name; an unknown name is a programmer's error.
    public subscript(_ name: String) -> Tensor {
        guard let tensor = tensors[name] else { preconditionFailure("ParameterStore: no parameter '\(name)'") }
        return tensor
    }

    public func contains(_ name: String) -> Bool { tensors[name] != nil }

    /// The names of what can be trained.
    public var trainableNames: [String] { names.filter { !bufferNames.contains($0) } }

    /// How many scalars all parameters hold together, buffers left out.
    public var scalarCount: Int { trainableNames.reduce(0) { $0 + self[$1].count } }

    /// Copies of all tensors, to be handed to ``restore(_:)``.
    public func snapshot() -> [Tensor] { withoutRecording { names.map { self[$0] + 0 } } }

    /// Puts back what ``snapshot()`` kept, here or in a store of the same architecture.
    public func restore(_ snapshot: [Tensor]) {
        precondition(snapshot.count == names.count, "ParameterStore: the snapshot is of another architecture")
        withoutRecording { for (name, tensor) in zip(names, snapshot) { self[name].copy(from: tensor) } }
    }

    /// The trainable names that match any of the comma-separated patterns, in store order; `*` stands for any text.
    public func select(_ pattern: String) throws(CheckpointError) -> [String] {
        try Self.select(pattern, from: trainableNames)
    }

    /// The same for names that are not yet in a store.
    public static func select(_ pattern: String, from names: [String]) throws(CheckpointError) -> [String] {
        let patterns = pattern.split(separator: ",").map { part in
            let trimmed = part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
            return String(trimmed)[...].split(separator: "*", omittingEmptySubsequences: false)
        }
        let found = names.filter { name in patterns.contains { matches(name, $0) } }
        guard !found.isEmpty else { throw .nothingMatches(pattern: pattern, examples: Array(names.prefix(3))) }
        return found
    }

    /// Whether the pieces between the stars occur in `name` in order, the first at its start, the last at its end.
    private static func matches(_ name: String, _ pieces: [Substring]) -> Bool {
        guard let first = pieces.first, let last = pieces.last else { return false }
        if pieces.count == 1 { return name == first }
        guard name.hasPrefix(first), name.dropFirst(first.count).hasSuffix(last) else { return false }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }

    /// Makes exactly these parameters trainable, in store order, additions last; the rest is frozen and not recorded.
    /// What is trained is in single precision from now on.
    @discardableResult
    public func train(_ selected: Set<String>) -> [Tensor] {
        (trainableNames + additionNames).compactMap { name in
            let parameter = self[name]
            if selected.contains(name) { parameter.widen() }
            parameter.requiresGradient = selected.contains(name)
            return selected.contains(name) ? parameter : nil
        }
    }
}
