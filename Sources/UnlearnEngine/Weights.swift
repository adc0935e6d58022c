// A cursor over a checkpoint while a model is built: the model's code is also the checkpoint's schema.

/// What is wrong with a checkpoint, for a person who has the file.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
    case missing(name: String, source: String)
    case shape(name: String, found: Shape, expected: Shape)
    case unread(names: [String], source: String)
    case unreadable(name: String, reason: String)
    case nothingMatches(pattern: String, examples: [String])
    case notLinear(pattern: String, examples: [String])

    public var description: String {
        switch self {
        case .missing(let name, let source):
            "Parameter '\(name)' is missing from \(source). Check that the checkpoint is complete and that "
                + "config.json belongs to it."
        case .shape(let name, let found, let expected):
            "Parameter '\(name)' has shape \(found); config.json implies \(expected). Check that config.json belongs "
                + "to the checkpoint."
        case .unread(let names, let source):
            "\(source) holds \(names.count) parameter(s) that this architecture does not have, the first is "
                + "'\(names[0])'. Check model_type in config.json."
        case .unreadable(let name, let reason):
            "Parameter '\(name)' cannot be read: \(reason)"
        case .nothingMatches(let pattern, let examples):
            "No parameter matches '\(pattern)'. Names look like \(examples.joined(separator: ", ")); * stands for any text."
        case .notLinear(let pattern, let examples):
            "No weight of a linear layer matches '\(pattern)', and only these can be changed by low-rank additions. "
                + "Their names look like \(examples.joined(separator: ", "))."
        }
    }
}

/// Where the parameters of a model come from.
public protocol TensorSource {
    /// How error messages call it: a path.
    var title: String { get }
    var names: [String] { get }
    func shape(of name: String) -> Shape?
    /// The tensor in memory of its own, in the given precision as far as the source has it.
    func load(_ name: String, as precision: Precision) throws(CheckpointError) -> Tensor
}

/// How precisely a model's matrices are kept in memory.
public enum Precision: String, Codable, Sendable, CaseIterable {
    /// In four bytes a number.
    case single
    /// As they are stored, in two bytes where the checkpoint has two; each is widened while it is used, and for good
    /// when it is to be trained.
    case stored
}

/// The tensors of a source whose names begin with a prefix, without it.
private struct PartialSource: TensorSource {
    let source: any TensorSource
    let prefix: String

    var title: String { source.title }
    var names: [String] { source.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) } }
    func shape(of name: String) -> Shape? { source.shape(of: prefix + name) }
    func load(_ name: String, as precision: Precision) throws(CheckpointError) -> Tensor {
        try source.load(prefix + name, as: precision)
    }
}

/// How a parameter starts when there is no checkpoint.
public enum Initializer: Sendable {
    case ones
    case zeros
    case normal(deviation: Float)
    /// Evenly between −bound and bound.
    case uniform(bound: Float)
}

extension Tensor {
    /// A new parameter.
    public static func initial(_ shape: Shape, _ kind: Initializer, using generator: inout Generator) -> Tensor {
        switch kind {
        case .ones: Tensor.zeros(shape) + 1
        case .zeros: .zeros(shape)
        case .normal(let deviation): .normal(shape, deviation: deviation, using: &generator)
        case .uniform(let bound): .uniform(shape, bound: bound, using: &generator)
        }
    }
}

extension Tensor {
    /// That a parameter which was read holds numbers alone: one that is none would spread through all results.
    public func checkNumbers(of name: String) throws(CheckpointError) {
        // The sum is read off in one pass. It may overflow where every number is finite, so that it only acquits.
        guard withoutRecording({ sum().item.isFinite || isFinite }) else {
            throw .unreadable(
                name: name,
                reason: "it holds values that are not finite (NaN or infinity), with which nothing can be computed. "
                    + "Get the file again, or use an earlier version of the model.")
        }
    }
}

/// A position in a checkpoint: `weights["model"]["layers"][3]`. Loads, or initialises, and checks every shape.
public struct Weights {
    private final class Session {
        let source: (any TensorSource)?
        var generator: Generator
        let precision: Precision
        let store = ParameterStore()

        init(source: (any TensorSource)?, generator: Generator, precision: Precision = .single) {
            self.source = source
            self.generator = generator
            self.precision = precision
        }
    }

    private let session: Session
    private let path: String

    /// Reads from a checkpoint.
    /// - Parameter precision: of matrices; everything else is in single precision.
    public init(_ source: any TensorSource, precision: Precision = .single) {
        let unused = Generator(seed: 0, purpose: "unused")
        session = Session(source: source, generator: unused, precision: precision)
        path = ""
    }

    /// Initialises at random.
    public init(using generator: Generator) {
        session = Session(source: nil, generator: generator)
        path = ""
    }

    private init(session: Session, path: String) {
        self.session = session
        self.path = path
    }

    public subscript(_ component: String) -> Weights {
        Weights(session: session, path: path.isEmpty ? component : path + "." + component)
    }

    public subscript(_ index: Int) -> Weights { self[String(index)] }

    /// Whether the checkpoint holds a parameter of that name here; without a checkpoint, none.
    public func holds(_ name: String) -> Bool { session.source?.shape(of: self[name].path) != nil }

    /// The same place as a checkpoint, or as a source of random parameters, of its own: for a model within a model.
    public func isolated(_ component: String) -> Weights {
        guard let source = session.source else {
            return Weights(using: Generator(seed: session.generator.next(), purpose: component))
        }
        return Weights(
            PartialSource(source: source, prefix: self[component].path + "."), precision: session.precision)
    }

    /// The parameter of that name here, registered in the model's store.
    public func parameter(
        _ name: String, _ shape: Shape, or initial: Initializer
    ) throws(CheckpointError) -> Tensor {
        try register(name, shape, or: initial, isBuffer: false)
    }

    /// The same for what is stored but never trained.
    public func buffer(
        _ name: String, _ shape: Shape, or initial: Initializer
    ) throws(CheckpointError) -> Tensor {
        try register(name, shape, or: initial, isBuffer: true)
    }

    private func register(
        _ name: String, _ shape: Shape, or initial: Initializer, isBuffer: Bool
    ) throws(CheckpointError) -> Tensor {
        let name = self[name].path
        let tensor: Tensor
        if let source = session.source {
            guard let found = source.shape(of: name) else {
                throw .missing(name: name, source: source.title)
            }
            guard found == shape else { throw .shape(name: name, found: found, expected: shape) }
            tensor = try source.load(name, as: shape.count == 2 ? session.precision : .single)
            try tensor.checkNumbers(of: name)
        } else {
            tensor = .initial(shape, initial, using: &session.generator)
        }
        session.store.add(name, tensor, isBuffer: isBuffer)
        return tensor
    }

    /// The place for a low-rank addition to the weight of that name here, registered in the model's store.
    func slot(_ name: String, in inputs: Int, out outputs: Int, isTransposed: Bool = false) -> LowRankSlot {
        let slot = LowRankSlot(
            weightName: self[name].path, inputs: inputs, outputs: outputs, isTransposed: isTransposed)
        session.store.add(slot)
        return slot
    }

    /// The store of everything read so far; throws if the checkpoint holds parameters that nobody asked for.
    /// - Parameter ignoring: whether a left-over name is harmless, such as a stored table of rotary frequencies.
    public func finish(ignoring isHarmless: (String) -> Bool) throws(CheckpointError) -> ParameterStore {
        if let source = session.source {
            let unread = source.names.filter { !session.store.contains($0) && !isHarmless($0) }
            guard unread.isEmpty else { throw .unread(names: unread, source: source.title) }
        }
        return session.store
    }
}
