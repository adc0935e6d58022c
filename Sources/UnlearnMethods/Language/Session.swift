// The one training loop. Methods say what is minimised; the session says on what, how long and with which optimizer.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

/// What happened in one step.
public struct StepEvent: Sendable, Codable, Equatable {
    public let step: Int
    public let learningRate: Double
    public let gradientNorm: Double
    public let seconds: Double
    public let terms: [String: Double]
    /// The mean cross-entropy on the validation set, where it was measured after the step.
    public let validation: Double?

    public init(
        step: Int, learningRate: Double, gradientNorm: Double, seconds: Double, terms: [String: Double],
        validation: Double? = nil
    ) {
        (self.step, self.learningRate, self.gradientNorm) = (step, learningRate, gradientNorm)
        (self.seconds, self.terms, self.validation) = (seconds, terms, validation)
    }

    /// Without a `validation` that was not measured.
    public func encode(to encoder: any Encoder) throws {
        var row = encoder.container(keyedBy: CodingKeys.self)
        try row.encode(step, forKey: .step)
        try row.encode(learningRate, forKey: .learningRate)
        try row.encode(gradientNorm, forKey: .gradientNorm)
        try row.encode(seconds, forKey: .seconds)
        try row.encode(terms, forKey: .terms)
        if let validation { try row.encode(validation, forKey: .validation) }
    }
}

/// What a subject is, for methods that read its texts as if they were about somebody else.
public struct SubjectTexts: Sendable, Equatable {
    public var terms: SubjectTerms
    public var forget: [ForgetExample]

    public init(terms: SubjectTerms, forget: [ForgetExample]) {
        self.terms = terms
        self.forget = forget
    }
}

/// A model, what it is to forget and to keep, and how it is trained. Lives in one isolation domain.
public final class Session {
    public let model: LanguageModel
    public let forget: [TokenExample]
    /// Groups of examples to keep; each step draws equally from all.
    public let retain: [[TokenExample]]
    public let subject: SubjectTexts?
    public let options: TrainingOptions
    public let seed: UInt64
    private let onProgress: (ProgressEvent) -> Void
    private let onStep: (StepEvent) -> Void
    private let resumption: Resumption?
    var storedReference: Reference?

    /// - Parameter retain: ids must differ between all retain examples and from the forget examples' ids.
    public init(
        model: LanguageModel, forget: [TokenExample], retain: [[TokenExample]], subject: SubjectTexts? = nil,
        options: TrainingOptions, seed: UInt64, resumption: Resumption? = nil,
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }, onStep: @escaping (StepEvent) -> Void = { _ in }
    ) {
        self.model = model
        self.forget = forget.filter { !$0.targets.isEmpty }
        self.retain = retain.map { $0.filter { !$0.targets.isEmpty } }.filter { !$0.isEmpty }
        self.subject = subject
        self.options = options
        self.seed = seed
        self.onProgress = onProgress
        self.onStep = onStep
        self.resumption = resumption
    }

    /// The original model's view of the examples. Read before the first step, so that it is the original's.
    var reference: Reference {
        guard let storedReference else { preconditionFailure("Session: the reference was not read before training") }
        return storedReference
    }

    /// Whether less than a quarter of the model's numbers are trained.
    func gradientsAreFew() throws -> Bool {
        let store = model.model.parameters
        let trained = try trainedNames().reduce(0) { $0 + store[$1].count }
        return 4 * trained < store.scalarCount
    }

    func readReference(_ examples: [TokenExample]) throws {
        storedReference = try read(examples, "reading the original")
    }

    /// The same without examples to keep, for an objective that does not look at them.
    func withoutRetain() -> Session {
        Session(
            model: model, forget: forget, retain: [], subject: subject, options: options, seed: seed,
            resumption: resumption, onProgress: onProgress, onStep: onStep)
    }

    /// The model as it is now, at every labelled token of the examples.
    func read(_ examples: [TokenExample], _ stage: String) throws -> Reference {
        let headIsTrained = try trainedNames().contains(model.model.headName)
        return Reference(examples, model.model, headIsTrained: headIsTrained) {
            note(stage, $0, of: examples.count, "examples")
        }
    }

    /// The examples that the plan will come to: reading the others would be work for nothing.
    func used(forgetCount: Int) throws -> (forget: [Int], retain: [TokenExample]) {
        let steps = try plan(forgetCount: forgetCount).steps
        let forget = Set(steps.flatMap { $0[0] }).sorted()
        let kept = retain.enumerated().flatMap { group, examples in
            Set(steps.flatMap { $0[group + 1] }).sorted().map { examples[$0] }
        }
        return (forget, kept)
    }

    /// The names of the parameters that change: those that the pattern names, as far as they belong to `blocks`; where
    /// the model holds low-rank additions, the additions to these in place of the weights themselves.
    func trainedNames(in blocks: ClosedRange<Int>? = nil) throws -> [String] {
        let store = model.model.parameters
        func isInside(_ name: String) -> Bool {
            blocks.map { model.model.block(of: name).map($0.contains) ?? false } ?? true
        }
        let names = try ParameterStore.select(options.parameters, from: store.names.filter(isInside))
        guard !store.attached.isEmpty else { return names }
        return store.attached.filter { names.contains($0.weightName) }.flatMap { [$0.downName, $0.upName] }
    }

    /// How many of the first blocks stay as they are, with the embedding.
    func firstTrainedBlock(in blocks: ClosedRange<Int>? = nil) throws -> Int {
        let names = try trainedNames(in: blocks)
        let numbers = names.compactMap(model.model.block)
        // What belongs to no block may be the embedding, which everything depends on.
        return numbers.count == names.count ? numbers.min() ?? 0 : 0
    }

    func note(_ stage: String, _ done: Int, of total: Int, _ unit: String) {
        onProgress(ProgressEvent(stage: stage, done: done, total: total, unit: unit))
    }

    /// Minimises what `objective` returns for each step of the plan.
    /// - Parameters:
    ///   - examples: what is learnt from in place of the forget set as it stands.
    ///   - blocks: the only blocks whose parameters may change; nil: all that the pattern names.
    ///   - stage: what progress is called.
    ///   - partSize: how many examples are read together; nil: all of a step. Parts count by their labelled tokens.
    ///   - watch: measures now and then, and may end the training.
    /// - Returns: how many steps were done.
    @discardableResult
    func descend(
        over examples: [TokenExample]? = nil, in blocks: ClosedRange<Int>? = nil, stage: String = "forgetting",
        partSize: Int? = nil, watch: Validation? = nil, _ objective: (Step) throws -> [Term]
    ) throws -> Int {
        let examples = examples ?? forget
        guard !examples.isEmpty else { throw MethodError.noTargets(split: "forget") }
        precondition(partSize == nil || retain.isEmpty, "descend: steps with a retain part are read in one")
        let store = model.model.parameters
        let names = try trainedNames(in: blocks)
        let parameters = store.train(Set(names))
        defer { store.train([]) }
        let optimizer = AdamW(parameters, options.optimizer)
        let plan = try self.plan(forgetCount: examples.count)
        var course = try TrainingCourse(
            names, parameters, optimizer, watch?.begin(names, parameters) ?? [], resumption,
            every: options.checkpointSeconds)
        var done = course.done
        for (index, groups) in plan.steps.enumerated().dropFirst(done) {
            if watch?.isOver == true { break }
            let start = ContinuousClock.now
            let steps = try parts(of: groups, size: partSize).map { groups in
                try Step(index: index, session: self, forget: groups[0].map { examples[$0] }, groups: groups)
            }
            let (gradients, values) = try self.gradients(of: parameters, steps, objective)
            let norm = clip(gradients, toNorm: options.gradientNormLimit)
            let rate = options.learningRate * options.schedule.factor(at: index, of: plan.steps.count)
            optimizer.step(gradients, learningRate: rate)
            done = index + 1
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            onStep(
                StepEvent(
                    step: index, learningRate: rate, gradientNorm: norm, seconds: seconds, terms: values,
                    validation: watch?.measure(after: done)))
            try course.advanced(to: done, of: plan.steps.count)
            note(stage, done, of: plan.steps.count, "steps")
        }
        watch?.finish()
        if let last = plan.steps.last, done > course.done {
            try checkResult(of: last.map { Array($0.prefix(1)) }, examples, after: done, objective)
        }
        return done
    }

    /// That the objective is still a number for an example or two. What the last step did is seen by no later one.
    private func checkResult(
        of groups: [[Int]], _ examples: [TokenExample], after done: Int,
        _ objective: (Step) throws -> [Term]
    ) throws {
        let step = try Step(index: done, session: self, forget: groups[0].map { examples[$0] }, groups: groups)
        _ = try withoutRecording {
            try objective(step).values(step: done, examples: step.forget.map(\.id))
        }
    }

    /// The examples of a step in parts that are read one after another.
    private func parts(of groups: [[Int]], size: Int?) -> [[[Int]]] {
        guard let size, groups[0].count > size else { return [groups] }
        return stride(from: 0, to: groups[0].count, by: size).map { [Array(groups[0][$0...].prefix(size))] }
    }

    /// The gradients of a step's parts together, each weighted by its share of the labelled tokens, and its terms.
    func gradients(
        of parameters: [Tensor], _ parts: [Step], _ objective: (Step) throws -> [Term]
    ) throws -> ([Tensor?], [String: Double]) {
        let targets = parts.reduce(0) { $0 + $1.batch.targets.count }
        var sums = [Tensor?](repeating: nil, count: parameters.count)
        var sum: [String: Double] = [:]
        for part in parts {
            let share = Double(part.batch.targets.count) / Double(targets)
            let terms = try objective(part)
            for group in terms.inPasses(of: part) {
                (parts.count == 1 ? group.total : group.total * share).addGradients(of: parameters, to: &sums)
                part.finishForget()
            }
            for (name, value) in try terms.values(step: part.index, examples: part.forget.map(\.id)) {
                sum[name, default: 0] += parts.count == 1 ? value : value * share
            }
        }
        return (sums, sum)
    }

    private func plan(forgetCount: Int) throws -> BatchPlan {
        let perStep = [options.batchSize] + retain.indices.map { share(of: options.retainBatchSize, group: $0) }
        let epochs = (forgetCount + options.batchSize - 1) / options.batchSize * options.epochs
        let steps = options.steps ?? epochs
        try MethodError.checkLength(steps: steps, perStep: perStep.reduce(0, +))
        return BatchPlan(counts: [forgetCount] + retain.map(\.count), perStep: perStep, steps: steps, seed: seed)
    }

    private func share(of total: Int, group: Int) -> Int {
        total * (group + 1) / retain.count - total * group / retain.count
    }
}

/// The examples of one step: read by the model in one pass, or, if they are many and little is trained, in
/// one for what is to be forgotten and one for what is to be kept, of which never both are in memory.
public final class Step {
    public let index: Int
    public let forget: [TokenExample]
    public let retain: [TokenExample]
    let session: Session
    /// Forget examples first, then retain examples.
    let batch: TokenBatch
    let isInTwoPasses: Bool
    private static let tokensInOnePass = 480
    private let forgetTargets: Int
    private let model: any CausalLM
    private let forgetBatch: TokenBatch
    private let retainBatch: TokenBatch
    private var forgetPass: Tensor?
    private var retainPass: Tensor?

    /// - Parameter isInTwoPasses: nil: where it saves memory that is worth it.
    init(index: Int, session: Session, forget: [TokenExample], groups: [[Int]], isInTwoPasses: Bool? = nil)
        throws
    {
        self.index = index
        self.session = session
        self.forget = forget
        let retain = zip(session.retain, groups.dropFirst()).flatMap { examples, indices in
            indices.map { examples[$0] }
        }
        let batch = TokenBatch(forget + retain)
        (self.retain, self.batch, model) = (retain, batch, session.model.model)
        forgetTargets = forget.reduce(0) { $0 + $1.targets.count }
        // Reading the weights twice would take longer than what few tokens save; and with all weights trained, the
        // gradients of the first pass would take more than the second pass saves.
        let pays = batch.tokenCount > Self.tokensInOnePass ? try session.gradientsAreFew() : false
        self.isInTwoPasses = !retain.isEmpty && (isInTwoPasses ?? pays)
        forgetBatch = self.isInTwoPasses ? TokenBatch(forget) : batch
        retainBatch = self.isInTwoPasses ? TokenBatch(retain) : batch
    }

    /// Lets go of what the forget examples' pass made, once its gradients are there.
    func finishForget() { if isInTwoPasses { forgetPass = nil } }

    /// The normalised states from which labelled tokens are predicted, `[targets, width]`, recorded.
    private var forgetFinalStates: Tensor {
        let states = forgetPass ?? model.finalHidden(forgetBatch)
        forgetPass = states
        return forgetPart(of: states)
    }

    var retainFinalStates: Tensor {
        if !isInTwoPasses {
            _ = forgetFinalStates
            retainPass = forgetPass
        }
        let states = retainPass ?? model.finalHidden(retainBatch)
        retainPass = states
        return retainPart(of: states)
    }

    private var head: Tensor { model.parameters[model.headName] }

    /// log q of the whole vocabulary at each labelled token, `[targets, vocabulary]`, recorded.
    var forgetLogDistributions: Tensor { model.logits(forgetFinalStates).logSoftmax() }

    public var retainLogDistributions: Tensor { model.logits(retainFinalStates).logSoftmax() }

    public func retainDivergence() -> Tensor { session.reference.divergence(retain, to: retainFinalStates, head) }

    /// The rows of the forget examples' labelled tokens.
    func forgetPart(of perTarget: Tensor) -> Tensor { perTarget.narrow(0, from: 0, count: forgetTargets) }

    /// The rows of the retain examples' labelled tokens, in what their pass made.
    private func retainPart(of perTarget: Tensor) -> Tensor {
        let count = batch.targets.count - forgetTargets
        return perTarget.narrow(0, from: perTarget.shape[0] - count, count: count)
    }

    /// log q of the labelled tokens, `[targets]`, recorded.
    private var forgetLogProbabilities: Tensor {
        forgetFinalStates.targetLogProbabilities(head, forgetPart(of: forgetBatch.targets))
    }

    /// S of each forget example: the sum of log q over its labelled tokens.
    public func forgetSums() -> Tensor { Self.sums(forget, forgetLogProbabilities, from: 0) }

    /// Mean cross-entropy per labelled token of the forget examples together.
    func forgetTokenMean() -> Tensor { -forgetLogProbabilities.mean() }

    func retainTokenMean() -> Tensor {
        -retainFinalStates.targetLogProbabilities(head, retainPart(of: retainBatch.targets)).mean()
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

extension Step: ObjectiveStep {
    public var hasRetain: Bool { !retain.isEmpty }
    public func originalForgetSums() -> Tensor { session.reference.sums(forget) }
    public func forgetTargetMean() -> Tensor { forgetTokenMean() }
    public func retainTargetMean() -> Tensor { retainTokenMean() }
    public func originalRetainLogDistributions() -> Tensor { session.reference.logDistributions(retain) }
    public var forgetTargetCounts: [Int] { forget.map(\.targets.count) }
    public var retainStates: Tensor { retainFinalStates }
    public func originalRetainStates() -> Tensor { session.reference.finalStates(retain) }
}
