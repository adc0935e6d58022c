// The training of image classifiers. Methods say what is minimised; the session says on what.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

/// A classifier, what it is to forget and to keep, and how it is trained. Lives in one isolation domain.
public final class ClassifierSession {
    public let model: any Classifier
    public let images: ImageSet
    /// Places in `images`.
    public let forget: [Int]
    public let retain: [Int]
    public let validation: [Int]
    /// The main phase of the method, as the user wants it.
    public let phase: Phase
    public let seed: UInt64
    private let recorder: StepRecorder
    /// The parameters of the whole model, of which this may be a part.
    private let whole: ParameterStore
    /// The model before the first change; see ``readOriginal()``.
    var original: (any Classifier)?
    /// What the original says about each image as it is, `[classes]`.
    private var storedLogits: [Int: Tensor] = [:]

    public convenience init(
        model: any Classifier, images: ImageSet, forget: [Int], retain: [Int], validation: [Int] = [], phase: Phase,
        seed: UInt64, resumption: Resumption? = nil, checkpointSeconds: Double = 120, stage: String = "Forgetting",
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }, onStep: @escaping (StepEvent) -> Void = { _ in }
    ) {
        self.init(
            model, images, forget, retain, validation, phase, seed,
            StepRecorder(stage, resumption, every: checkpointSeconds, onProgress: onProgress, onStep: onStep),
            of: model.parameters)
    }

    private init(
        _ model: any Classifier, _ images: ImageSet, _ forget: [Int], _ retain: [Int], _ validation: [Int],
        _ phase: Phase, _ seed: UInt64, _ recorder: StepRecorder, of whole: ParameterStore
    ) {
        (self.model, self.images, self.forget, self.retain) = (model, images, forget, retain)
        (self.validation, self.phase, self.seed, self.recorder) = (validation, phase, seed, recorder)
        self.whole = whole
    }

    /// A session on a part of the model and of its retain images.
    func part(_ model: any Classifier, retain: [Int], seed: UInt64) -> ClassifierSession {
        ClassifierSession(model, images, [], retain, [], phase, seed, recorder, of: whole)
    }

    /// Random numbers for one purpose.
    func generator(_ purpose: String) -> Generator { Generator(seed: seed, purpose: purpose) }

    /// Keeps a copy of the model as it is now. Call before the first change.
    func readOriginal() throws {
        original = try model.copy()
    }

    /// The original's scores of the images as they are, `[images, classes]`: each image is read once.
    func originalLogits(_ ids: [Int]) -> Tensor {
        guard let original else { preconditionFailure("ClassifierSession: the original was not read before training") }
        let missing = ids.filter { storedLogits[$0] == nil }
        if !missing.isEmpty {
            let rows = original.logits(of: images, missing)
            for (place, id) in missing.enumerated() {
                // A copy of its own: a view would keep the whole batch alive.
                storedLogits[id] = withoutRecording { rows.narrow(0, from: place, count: 1) + 0 }
            }
        }
        return withoutRecording { Tensor.concatenate(ids.compactMap { storedLogits[$0] }) }
    }

    /// The original's scores of changed images.
    func originalLogits(of inputs: Tensor) -> Tensor {
        guard let original else { preconditionFailure("ClassifierSession: the original was not read before training") }
        return withoutRecording { original.logits(inputs, training: false) }
    }

    /// An optimizer on the named parameters (nil: all), for as many steps as the phase takes over `count` examples.
    func descent(_ phase: Phase, over count: Int, parameters: [String]? = nil) throws -> PhaseDescent<ImageStep> {
        try descent(phase, steps: phase.steps(over: count), parameters: parameters)
    }

    /// The same for a number of steps.
    func descent(_ phase: Phase, steps: Int, parameters: [String]? = nil) throws -> PhaseDescent<ImageStep> {
        let store = model.parameters
        let selected = Set(parameters ?? store.trainableNames)
        let descent = try Descent(
            store.trainableNames.filter(selected.contains), of: store,
            // The recipes have no limit.
            Pace(learningRate: phase.learningRate, schedule: phase.schedule), totalSteps: steps, recorder,
            keeping: whole, optimizer: phase.makeOptimizer)
        return PhaseDescent(phase: phase, steps: descent, images: images, generator: generator) { [self] batches, _ in
            ImageStep(self, batches)
        }
    }

    /// Minimises `objective` for one phase over batches of `examples`.
    func descend(
        _ purpose: String, _ phase: Phase, over examples: [Int], parameters: [String]? = nil,
        _ objective: @escaping (ImageStep) throws -> [Term]
    ) throws {
        let descent = try descent(phase, over: examples.count, parameters: parameters)
        try descent.run(purpose, [examples], count: descent.totalSteps, objective)
    }
}

/// The batches of one step, read by the model in one pass.
public final class ImageStep {
    let session: ClassifierSession
    /// One for each group: for objectives, forget first, then retain.
    let batches: [ImageBatch]

    init(_ session: ClassifierSession, _ batches: [ImageBatch]) {
        (self.session, self.batches) = (session, batches)
    }

    /// Scores of all batches together, `[images, classes]`, recorded.
    private lazy var joint: Tensor = session.model.logits(
        batches.count == 1 ? batches[0].inputs : Tensor.concatenate(batches.map(\.inputs)), training: true)

    /// Scores of one batch, `[images, classes]`, recorded.
    func logits(_ group: Int = 0) -> Tensor {
        let start = batches[..<group].reduce(0) { $0 + $1.ids.count }
        return joint.narrow(0, from: start, count: batches[group].ids.count)
    }

    /// T² · KL(original ‖ model) on the first batch, mean over images.
    func distillation(temperature: Double) -> Tensor {
        UnlearnMethods.distillation(
            logits(), from: session.originalLogits(batches[0].ids), temperature: temperature)
    }
}

extension ImageStep: LikelihoodStep {
    public var exampleIDs: [Int] { batches.flatMap(\.ids) }
    public var hasRetain: Bool { batches.count > 1 }
    public func forgetSums() -> Tensor { -crossEntropies(logits(0), batches[0].labels) }
    public func originalForgetSums() -> Tensor {
        withoutRecording { -crossEntropies(session.originalLogits(batches[0].ids), batches[0].labels) }
    }
    public func forgetTargetMean() -> Tensor { crossEntropy(logits(0), batches[0].labels) }
    public func retainTargetMean() -> Tensor { crossEntropy(logits(1), batches[1].labels) }
    public var retainLogDistributions: Tensor { logits(1).logSoftmax() }
    public func originalRetainLogDistributions() -> Tensor {
        withoutRecording { session.originalLogits(batches[1].ids).logSoftmax() }
    }
    public var forgetTargetCounts: [Int] { batches[0].ids.map { _ in 1 } }
    public var retainStates: Tensor { logits(1) }
    public func originalRetainStates() -> Tensor { session.originalLogits(batches[1].ids) }
}
