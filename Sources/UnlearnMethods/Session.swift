// The one training loop. Methods say what is minimised; the session says on what, how long and with which optimizer.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

/// What happened in one step.
public struct StepEvent: Sendable, Codable, Equatable {
    public let step: Int
    public let learningRate: Double
    public let gradientNorm: Double
    public let terms: [String: Double]
}

/// A model, what it is to forget and to keep, and how it is trained. Lives in one isolation domain.
public final class Session {
    public let model: LanguageModel
    public let forget: [TokenExample]
    /// Groups of examples to keep; each step draws equally from all.
    public let retain: [[TokenExample]]
    public let options: TrainingOptions
    public let seed: UInt64
    let onProgress: (ProgressEvent) -> Void
    let onStep: (StepEvent) -> Void
    private var storedReference: Reference?

    public init(
        model: LanguageModel, forget: [TokenExample], retain: [[TokenExample]], options: TrainingOptions, seed: UInt64,
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }, onStep: @escaping (StepEvent) -> Void = { _ in }
    ) {
        self.model = model
        self.forget = forget.filter { !$0.targets.isEmpty }
        self.retain = retain.map { $0.filter { !$0.targets.isEmpty } }.filter { !$0.isEmpty }
        self.options = options
        self.seed = seed
        self.onProgress = onProgress
        self.onStep = onStep
    }

    /// The original model's view of every example. Read before the first step, so that it is the original's.
    var reference: Reference {
        guard let storedReference else { preconditionFailure("Session: the reference was not read before training") }
        return storedReference
    }

    func readReference() {
        let examples = forget + retain.flatMap { $0 }
        storedReference = Reference(examples, model.model) { [onProgress] done in
            onProgress(
                ProgressEvent(stage: "reading the original", done: done, total: examples.count, unit: "examples"))
        }
    }

    /// Minimises what `objective` returns for each step of the plan.
    public func descend(_ objective: (Step) throws(MethodError) -> [Term]) throws(MethodError) {
        guard !forget.isEmpty else { throw .noTargets(split: "forget") }
        let store = model.model.parameters
        let parameters: [Tensor]
        do throws(CheckpointError) {
            parameters = store.train(Set(try store.select(options.parameters)))
        } catch { throw .parameters(error) }
        defer { store.train([]) }
        let optimizer = AdamW(parameters, options.optimizer)
        let plan = self.plan
        for (index, groups) in plan.steps.enumerated() {
            let step = Step(index: index, session: self, groups: groups)
            let terms = try objective(step)
            let total = terms.dropFirst().reduce(terms[0].value * terms[0].weight) { $0 + $1.value * $1.weight }
            let gradients = total.gradients(of: parameters)
            let values = try finite(terms, step)
            let norm = clip(gradients, toNorm: options.gradientNormLimit)
            let rate = options.learningRate * options.schedule.factor(at: index, of: plan.steps.count)
            optimizer.step(gradients, learningRate: rate)
            onStep(StepEvent(step: index, learningRate: rate, gradientNorm: norm, terms: values))
            onProgress(ProgressEvent(stage: "forgetting", done: index + 1, total: plan.steps.count, unit: "steps"))
        }
    }

    var plan: BatchPlan {
        let perStep = [options.batchSize] + retain.indices.map { share(of: options.retainBatchSize, group: $0) }
        let epochs = (forget.count + options.batchSize - 1) / options.batchSize * options.epochs
        return BatchPlan(
            counts: [forget.count] + retain.map(\.count), perStep: perStep, steps: options.steps ?? epochs, seed: seed)
    }

    private func share(of total: Int, group: Int) -> Int {
        total * (group + 1) / retain.count - total * group / retain.count
    }

    private func finite(_ terms: [Term], _ step: Step) throws(MethodError) -> [String: Double] {
        var values: [String: Double] = [:]
        for term in terms {
            let value = Double(term.value.item)
            guard value.isFinite else {
                throw .notFinite(step: step.index, term: term.name, examples: step.forget.map(\.id))
            }
            values[term.name] = value
        }
        return values
    }
}

/// The examples of one step, read by the model in one pass.
public final class Step {
    public let index: Int
    public let forget: [TokenExample]
    public let retain: [TokenExample]
    let session: Session
    /// Forget examples first, then retain examples.
    let batch: TokenBatch
    private let forgetTargets: Int

    init(index: Int, session: Session, groups: [[Int]]) {
        self.index = index
        self.session = session
        forget = groups[0].map { session.forget[$0] }
        retain = zip(session.retain, groups.dropFirst()).flatMap { examples, indices in indices.map { examples[$0] } }
        batch = TokenBatch(forget + retain)
        forgetTargets = forget.reduce(0) { $0 + $1.targets.count }
    }

    /// log q of the whole vocabulary at each labelled token, `[targets, vocabulary]`, recorded.
    private lazy var logDistributions: Tensor = session.model.model
        .logits(session.model.model.finalHidden(batch)).logSoftmax()

    var forgetLogDistributions: Tensor { logDistributions.narrow(0, from: 0, count: forgetTargets) }

    var retainLogDistributions: Tensor {
        logDistributions.narrow(0, from: forgetTargets, count: batch.targets.count - forgetTargets)
    }

    /// log q of the labelled tokens, `[targets]`.
    private lazy var logProbabilities: Tensor = logDistributions
        .gather(batch.targets.reshape([batch.targets.count, 1]), along: 1).reshape([batch.targets.count])

    /// S of each forget example: the sum of log q over its labelled tokens.
    func forgetSums() -> Tensor { Self.sums(forget, logProbabilities, from: 0) }

    /// Mean cross-entropy per labelled token of the forget examples together.
    func forgetTokenMean() -> Tensor { -logProbabilities.narrow(0, from: 0, count: forgetTargets).mean() }

    func retainTokenMean() -> Tensor {
        -logProbabilities.narrow(0, from: forgetTargets, count: batch.targets.count - forgetTargets).mean()
    }

    private static func sums(_ examples: [TokenExample], _ values: Tensor, from start: Int) -> Tensor {
        var start = start
        return Tensor.stack(
            examples.map { example in
                defer { start += example.targets.count }
                return values.narrow(0, from: start, count: example.targets.count).sum()
            })
    }
}
