// The one place that takes a step: gradients, their length, the optimizer, and what is told and kept of it.

internal import UnlearnEngine
internal import UnlearnModels

/// What is minimised in a part of a step that is read for itself.
struct StepPart {
    let step: any Step
    /// The part's share of the step: 1 where it is all of it.
    var share = 1.0
    let objective: () throws -> [Term]
}

/// How far a descent goes with each step.
struct Pace {
    /// The peak learning rate.
    let learningRate: Double
    let schedule: Schedule
    /// The largest norm that the gradient of all parameters together may have.
    var gradientNormLimit = Double.infinity
    /// ρ of sharpness-aware steps; 0: ordinary ones.
    var flatness = 0.0
    /// At which of the model's forms every second step's gradient is taken.
    var rounding = RoundedTraining.none
}

/// One optimizer's way down: it keeps its state and its place in the schedule from plan to plan. The only place where
/// gradients are taken, clipped, recorded and kept.
final class Descent {
    let totalSteps: Int
    /// How many of this descent's steps are done; those of the whole training are the recorder's to count.
    private(set) var done: Int
    /// How many of them were come to since the process began, whether they were taken or passed over.
    private(set) var ran = 0
    /// Changes gradients before they are used, by parameter name.
    var onGradient: ((String, Tensor) -> Void)?
    /// Called after each step.
    var afterStep: (() -> Void)?
    let names: [String]
    let parameters: [Tensor]
    private let store: ParameterStore
    private let optimizer: any Optimizer
    let pace: Pace
    let recorder: StepRecorder
    /// What is rounded in every second step.
    private let rounded: [RoundedMatrix]

    /// - Parameters:
    ///   - names: the parameters that change.
    ///   - whole: what a training outlives its process with beside the optimizer's state; nil: the parameters that change.
    ///   - others: what else has to be kept, of the parameters that change.
    init(
        _ names: [String], of store: ParameterStore, _ pace: Pace, totalSteps: Int, _ recorder: StepRecorder,
        keeping whole: ParameterStore? = nil, others: ([Tensor]) -> [NamedTensor] = { _ in [] },
        optimizer: ([Tensor]) -> any Optimizer
    ) throws {
        (self.names, self.store, self.pace, self.totalSteps, self.recorder) = (names, store, pace, totalSteps, recorder)
        parameters = store.train(Set(names))
        store.train([])
        rounded = try pace.rounding.matrices(changedBy: names, of: store)
        self.optimizer = optimizer(parameters)
        let model = whole.map { whole in whole.names.map { ($0, whole[$0]) } } ?? Array(zip(names, parameters))
        let state = self.optimizer.state.flatMap { kind, tensors in zip(names, tensors).map { ("\(kind).\($0)", $1) } }
        done = try recorder.begin(
            totalSteps, model: model.map { ("parameter.\($0)", $1) }, others: state + others(parameters))
    }

    /// Lets the parameters be trained while `body` runs.
    func training<Value>(_ body: () throws -> Value) rethrows -> Value {
        store.train(Set(names))
        defer { store.train([]) }
        return try body()
    }

    /// Takes one step on the parts together.
    /// - Parameter measure: looks at the model after so many steps, now and then.
    func step(measure: (Int) throws -> Look? = { _ in nil }, _ parts: () throws -> [StepPart]) throws {
        let start = ContinuousClock.now
        let (gradients, values) = try gradients(parts)
        if let onGradient {
            for (name, gradient) in zip(names, gradients) { if let gradient { onGradient(name, gradient) } }
        }
        let norm = clip(gradients, toNorm: pace.gradientNormLimit)
        let rate = pace.learningRate * pace.schedule.factor(at: done, of: totalSteps)
        optimizer.step(gradients, learningRate: rate)
        afterStep?()
        (done, ran) = (done + 1, ran + 1)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let look = try measure(done)
        try recorder.record(
            StepEvent(
                step: recorder.count, learningRate: rate, gradientNorm: norm, seconds: seconds, terms: values,
                validation: look?.validation, divergence: look?.divergence),
            done, of: totalSteps)
    }

    /// Passes over the next step if it was taken before the training was interrupted: what it did has been put back.
    func passesOver() -> Bool {
        guard ran < done else { return false }
        ran += 1
        return true
    }

    /// The next step's, taken where the pace says.
    private func gradients(_ parts: () throws -> [StepPart]) throws -> ([Tensor?], [String: Double]) {
        if pace.rounding != .none, done % 2 == 1 {
            return try store.rounded(rounded) {
                try Self.gradients(of: parameters, parts(), step: recorder.count)
            }
        }
        return pace.flatness > 0
            ? try flatGradients(parts) : try Self.gradients(of: parameters, parts(), step: recorder.count)
    }

    /// The gradients of a step's parts together, each weighted by its share, and the values of its terms.
    static func gradients(
        of parameters: [Tensor], _ parts: [StepPart], step: Int = 0
    ) throws -> ([Tensor?], [String: Double]) {
        var sums = [Tensor?](repeating: nil, count: parameters.count)
        var values: [String: Double] = [:]
        for part in parts {
            let terms = try part.objective()
            for pass in part.step.passes(of: terms) {
                (part.share == 1 ? pass.total : pass.total * part.share).addGradients(of: parameters, to: &sums)
                part.step.finishPass()
            }
            for (name, value) in try terms.values(step: step, examples: part.step.exampleIDs) {
                values[name, default: 0] += value * part.share
            }
        }
        return (sums, values)
    }
}
