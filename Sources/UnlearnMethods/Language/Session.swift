// The training of language models. Methods say what is minimised; the session says on what, how long and with which
// optimizer.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

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
    let recorder: StepRecorder
    let budget: DivergenceBudget?
    var storedReference: Reference?
    /// Of trainings in a row, what all of them change: kept with every state.
    private var whole: ParameterStore?
    /// Whether this training changes something beside it, which is put back no sooner than at its own first step.
    private var changesMore = false
    /// What comes just before the first step, once the original was read.
    private var begin: () -> Void = {}

    /// λ, where the method scales its change of the weights.
    public internal(set) var scale: Double?
    /// What a training with a limit came to; nil without one.
    public var kept: KeptState? { budget?.kept }

    /// - Parameters:
    ///   - retain: ids must differ between all retain examples and from the forget examples' ids.
    ///   - watched: those of them on which the divergence from the original is limited; nil: all.
    public convenience init(
        model: LanguageModel, forget: [TokenExample], retain: [[TokenExample]], watched: [[TokenExample]]? = nil,
        subject: SubjectTexts? = nil, options: TrainingOptions, seed: UInt64, resumption: Resumption? = nil,
        stage: String = "Forgetting",
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }, onStep: @escaping (StepEvent) -> Void = { _ in }
    ) {
        self.init(
            model, forget, retain, subject, options, seed,
            StepRecorder(stage, resumption, every: options.checkpointSeconds, onProgress: onProgress, onStep: onStep),
            DivergenceBudget(options.stop, watched ?? retain, of: model.model))
    }

    private init(
        _ model: LanguageModel, _ forget: [TokenExample], _ retain: [[TokenExample]], _ subject: SubjectTexts?,
        _ options: TrainingOptions, _ seed: UInt64, _ recorder: StepRecorder, _ budget: DivergenceBudget?
    ) {
        self.model = model
        self.forget = forget.filter { !$0.targets.isEmpty }
        self.retain = retain.map { $0.filter { !$0.targets.isEmpty } }.filter { !$0.isEmpty }
        self.subject = subject
        self.options = options
        self.seed = seed
        (self.recorder, self.budget) = (recorder, budget)
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
        storedReference = try read(examples, "Reading the original")
    }

    /// The same without examples to keep, for an objective that does not look at them.
    func withoutRetain() -> Session {
        let session = Session(model, forget, [], subject, options, seed, recorder, budget)
        (session.whole, session.begin, session.changesMore) = (whole, begin, changesMore)
        return session
    }

    /// One of several trainings in a row, each on examples of its own.
    /// - Parameters:
    ///   - whole: what all of them change.
    ///   - begin: called just before the first step. Until then the model must be the original, also where a state is put
    ///     back later: methods read it.
    ///   - options: how this one goes; nil: like the others.
    func part(
        _ forget: [TokenExample], keeping whole: ParameterStore, options: TrainingOptions? = nil,
        begin: @escaping () -> Void
    ) -> Session {
        // What is trained here is to go far, and is changed again before it becomes the model: no budget watches it.
        let part = Session(model, forget, retain, subject, options ?? self.options, seed, recorder, nil)
        (part.whole, part.begin) = (whole, begin)
        return part
    }

    /// The training after others that changed `whole`, which the model does not hold any more. It changes the model itself;
    /// until its first step that is the original, or what the others made of it, also where a state is put back.
    /// - Parameters:
    ///   - examples: what it learns from in place of both sets; no budget watches it then. nil: it reads what they read.
    ///   - options: how it goes; nil: like the others.
    func last(
        after whole: ParameterStore, over examples: [TokenExample]? = nil, options: TrainingOptions? = nil
    ) -> Session {
        let last = Session(
            model, examples ?? forget, examples == nil ? retain : [], subject, options ?? self.options, seed, recorder,
            examples == nil ? budget : nil)
        (last.whole, last.changesMore) = (whole, true)
        return last
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
        recorder.note(stage, done, of: total, unit)
    }

    /// Minimises what `objective` returns for each step of the plan.
    /// - Parameters:
    ///   - examples: what is learnt from in place of the forget set as it stands.
    ///   - others: read beside the examples, where there is one; a step holds them behind its examples.
    ///   - blocks: the only blocks whose parameters may change; nil: all that the pattern names.
    ///   - partSize: how many examples are read together; nil: all of a step. Parts count by their labelled tokens.
    ///   - watch: measures now and then, and may end the training; nil: the divergence from the original, if it has a limit.
    /// - Returns: how many steps were done.
    @discardableResult
    func descend(
        over examples: [TokenExample]? = nil, beside others: [TokenExample?] = [], in blocks: ClosedRange<Int>? = nil,
        partSize: Int? = nil,
        watch: (any Watch)? = nil, _ objective: @escaping (TokenStep) throws -> [Term]
    ) throws -> Int {
        let examples = examples ?? forget
        guard !examples.isEmpty else { throw MethodError.noTargets(split: "forget") }
        precondition(partSize == nil || retain.isEmpty, "descend: steps with a retain part are read in one")
        precondition(others.isEmpty || others.count == examples.count, "descend: others are as many as the examples")
        func read(_ indices: [Int]) -> [TokenExample] {
            indices.map { examples[$0] } + (others.isEmpty ? [] : indices.compactMap { others[$0] })
        }
        begin()
        let names = try trainedNames(in: blocks)
        let watch: (any Watch)? = watch ?? budget
        let plan = try self.plan(forgetCount: examples.count)
        let pace = Pace(
            learningRate: options.learningRate, schedule: options.schedule,
            gradientNormLimit: options.gradientNormLimit, flatness: options.flatness.rho, rounding: options.rounding)
        let descent = try Descent(
            names, of: model.model.parameters, pace, totalSteps: plan.steps.count, recorder,
            keeping: whole,
            others: { [changesMore] parameters in
                let own = changesMore ? zip(names, parameters).map { ("parameter.\($0)", $1) } : []
                return own + (watch?.begin(names, parameters) ?? [])
            }, optimizer: { AdamW($0, options.optimizer) })
        let before = descent.done
        try descent.training {
            for groups in plan.steps.dropFirst(before) where watch?.isOver != true {
                try descent.step(measure: { watch?.measure(after: $0) }) {
                    try parts(of: groups, size: partSize, reading: read, objective)
                }
            }
            watch?.finish(after: descent.done)
            if let last = plan.steps.last, descent.done > before {
                try checkResult(of: last.map { Array($0.prefix(1)) }, reading: read, objective)
            }
        }
        return descent.done
    }

    /// That the objective is still a number for an example or two. What the last step did is seen by no later one.
    private func checkResult(
        of groups: [[Int]], reading examples: ([Int]) -> [TokenExample], _ objective: (TokenStep) throws -> [Term]
    ) throws {
        let step = try TokenStep(self, forget: examples(groups[0]), groups: groups)
        _ = try withoutRecording { try objective(step).values(step: recorder.count, examples: step.exampleIDs) }
    }

    /// The examples of a step in parts that are read one after another, each weighted by its labelled tokens.
    private func parts(
        of groups: [[Int]], size: Int?, reading examples: ([Int]) -> [TokenExample],
        _ objective: @escaping (TokenStep) throws -> [Term]
    ) throws -> [StepPart] {
        let size = size ?? groups[0].count
        let steps = try stride(from: 0, to: groups[0].count, by: max(1, size)).map { start -> TokenStep in
            let part = Array(groups[0][start...].prefix(size))
            // Flat steps read what is to be kept once, and what is to be forgotten twice.
            return try TokenStep(
                self, forget: examples(part), groups: [part] + groups.dropFirst(),
                isInTwoPasses: options.flatness.rho > 0 ? true : nil)
        }
        let targets = steps.reduce(0) { $0 + $1.batch.targets.count }
        return steps.map { step in
            let share = steps.count == 1 ? 1.0 : Double(step.batch.targets.count) / Double(targets)
            return StepPart(step: step, share: share) { try objective(step) }
        }
    }

    private func plan(forgetCount: Int) throws -> BatchPlan {
        let perStep = [options.batchSize] + retain.indices.map { share(of: options.retainBatchSize, group: $0) }
        let steps = options.steps(over: forgetCount)
        try MethodError.checkLength(steps: steps, perStep: perStep.reduce(0, +))
        return BatchPlan(counts: [forgetCount] + retain.map(\.count), perStep: perStep, steps: steps, seed: seed)
    }

    private func share(of total: Int, group: Int) -> Int {
        total * (group + 1) / retain.count - total * group / retain.count
    }
}
