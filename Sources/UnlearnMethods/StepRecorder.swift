// What is told of the steps of a training, and what is kept of it: enough to go on later as if nothing had happened.

public import UnlearnEngine

/// A tensor under the name by which it is kept.
public typealias NamedTensor = (name: String, tensor: Tensor)

/// What happened in one step.
public struct StepEvent: Sendable, Codable, Equatable {
    /// Counted from 0 through all phases of a training.
    public let step: Int
    public let learningRate: Double
    public let gradientNorm: Double
    public let seconds: Double
    public let terms: [String: Double]
    /// Where it was measured after the step: the mean cross-entropy on the validation set, or of models that redraw
    /// pictures the ratio of signal to noise in decibels, on some of its pictures.
    public let validation: Double?
    /// KL(original ‖ model) per token on examples to keep, where it was measured after the step.
    public let divergence: Double?

    /// Without what was not measured.
    public func encode(to encoder: any Encoder) throws {
        var row = encoder.container(keyedBy: CodingKeys.self)
        try row.encode(step, forKey: .step)
        try row.encode(learningRate, forKey: .learningRate)
        try row.encode(gradientNorm, forKey: .gradientNorm)
        try row.encode(seconds, forKey: .seconds)
        try row.encode(terms, forKey: .terms)
        if let validation { try row.encode(validation, forKey: .validation) }
        if let divergence { try row.encode(divergence, forKey: .divergence) }
    }
}

/// The trained parameters and what the optimizer remembers of them after some steps.
public struct TrainingState {
    /// How many steps are done.
    public let step: Int
    /// Parameters under "parameter.NAME"; what the optimizer remembers under "average.NAME", "square.NAME" and
    /// "steps.NAME", or "velocity.NAME"; a running mean of the parameters under "mean.NAME"; where a validation set is
    /// watched, its record under "validation" and the best parameters under "best.NAME".
    public let tensors: [NamedTensor]

    public init(step: Int, tensors: [NamedTensor]) {
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

/// The record of one training, through all descents that it is made of: it counts their steps, tells of them, has their
/// state kept from time to time, and puts back the state that an interrupted training goes on from.
public final class StepRecorder {
    /// A shorter end than this is not worth keeping: it is repeated sooner than a large model is written.
    private static let worthKeeping = 30.0

    /// How many steps are done, in all descents together.
    public private(set) var count = 0
    private let stage: String
    private let resumption: Resumption?
    /// Between two states that are kept.
    private let seconds: Double
    private let onStep: (StepEvent) -> Void
    private let onProgress: (ProgressEvent) -> Void
    private var kept: [NamedTensor] = []
    private var isPutBack = false
    private var lastKept = ContinuousClock.now

    /// - Parameter stage: what progress is called.
    public init(
        _ stage: String, _ resumption: Resumption? = nil, every seconds: Double = 120,
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }, onStep: @escaping (StepEvent) -> Void = { _ in }
    ) {
        (self.stage, self.resumption, self.seconds) = (stage, resumption, seconds)
        (self.onProgress, self.onStep) = (onProgress, onStep)
    }

    /// Begins a descent.
    /// - Parameters:
    ///   - model: the tensors that make the model what it is.
    ///   - others: what this descent alone remembers.
    /// - Returns: how many of its steps were done before.
    func begin(_ total: Int, model: [NamedTensor], others: [NamedTensor]) throws -> Int {
        kept = model + others
        guard let state = resumption?.state else { return 0 }
        let done = min(max(0, state.step - count), total)
        let saved = Dictionary(state.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        // The state is of the descent in which it was kept; the model's tensors are the same in all of them.
        let isOfThis = count < state.step && state.step <= count + total
        for (name, tensor) in (isPutBack ? [] : model) + (isOfThis ? others : []) {
            guard let old = saved[name], old.shape == tensor.shape else { throw MethodError.foreignState(name: name) }
            withoutRecording { tensor.copy(from: old) }
        }
        isPutBack = true
        count += done
        return done
    }

    /// Called after each step: the `done`th of its descent's `total`.
    func record(_ event: StepEvent, _ done: Int, of total: Int) throws {
        count += 1
        onStep(event)
        if let resumption {
            let elapsed = (ContinuousClock.now - lastKept) / .seconds(1)
            if elapsed >= (done == total ? min(seconds, Self.worthKeeping) : seconds) {
                resumption.keep(TrainingState(step: count, tensors: kept))
                lastKept = ContinuousClock.now
            }
        }
        try checkGoesOn()
        note(stage, done, of: total, "steps")
    }

    /// That nobody wants the training to end.
    func checkGoesOn() throws {
        if let resumption, !resumption.goesOn() { throw MethodError.stopped(step: count) }
    }

    func note(_ stage: String, _ done: Int, of total: Int, _ unit: String) {
        onProgress(ProgressEvent(stage: stage, done: done, total: total, unit: unit))
    }
}
