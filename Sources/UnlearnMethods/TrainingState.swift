// The state of a training between two steps: enough to go on later as if nothing had happened.

public import UnlearnEngine

/// The trained parameters and what the optimizer remembers of them after some steps.
public struct TrainingState {
    /// How many steps are done.
    public let step: Int
    /// Parameters under "parameter.NAME", the optimizer's averages under "average.NAME", "square.NAME" and "steps.NAME";
    /// where a validation set is watched, its record under "validation" and the best parameters under "best.NAME".
    public let tensors: [(name: String, tensor: Tensor)]

    public init(step: Int, tensors: [(name: String, tensor: Tensor)]) {
        self.step = step
        self.tensors = tensors
    }
}

/// How a training outlives its process.
public struct Resumption {
    /// Where the interrupted training stood; nil begins at the start.
    public var state: TrainingState?
    /// Keeps a state. Its tensors are those being trained: they change with the next step.
    public var keep: (TrainingState) -> Void
    /// Asked after each step whether the training may go on: not if what it does can no longer be written down.
    public var goesOn: () -> Bool

    public init(
        from state: TrainingState? = nil, goesOn: @escaping () -> Bool = { true },
        keep: @escaping (TrainingState) -> Void
    ) {
        (self.state, self.goesOn, self.keep) = (state, goesOn, keep)
    }
}

/// A training on its way: puts back the state that it goes on from, and has its state kept from time to time.
struct TrainingCourse {
    /// A shorter end than this is not worth keeping: it is repeated sooner than a large model is written.
    private static let worthKeeping = 30.0

    /// How many steps were done before.
    let done: Int
    private let tensors: [(name: String, tensor: Tensor)]
    private let resumption: Resumption?
    private let seconds: Double
    private var lastKept = ContinuousClock.now

    init(
        _ names: [String], _ parameters: [Tensor], _ optimizer: AdamW, _ others: [(name: String, tensor: Tensor)],
        _ resumption: Resumption?, every seconds: Double
    ) throws {
        let kinds = [("parameter", parameters)] + zip(["average", "square", "steps"], optimizer.state)
        tensors = kinds.flatMap { kind, tensors in zip(names, tensors).map { ("\(kind).\($0)", $1) } } + others
        (self.resumption, self.seconds) = (resumption, seconds)
        done = resumption?.state?.step ?? 0
        guard let state = resumption?.state else { return }
        let saved = Dictionary(state.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        for (name, tensor) in tensors {
            guard let old = saved[name], old.shape == tensor.shape else { throw MethodError.foreignState(name: name) }
            withoutRecording { tensor.copy(from: old) }
        }
    }

    /// Called after each step.
    mutating func advanced(to step: Int, of count: Int) throws {
        guard let resumption else { return }
        let elapsed = (ContinuousClock.now - lastKept) / .seconds(1)
        if elapsed >= (step == count ? min(seconds, Self.worthKeeping) : seconds) {
            resumption.keep(TrainingState(step: step, tensors: tensors))
            lastKept = ContinuousClock.now
        }
        guard resumption.goesOn() else { throw MethodError.stopped(step: step) }
    }
}
