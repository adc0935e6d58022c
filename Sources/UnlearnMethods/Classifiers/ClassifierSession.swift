// The one training loop of image classifiers. Methods say what is minimised; the session says on what.

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
    private let onStep: (StepEvent) -> Void
    private let onProgress: (ProgressEvent) -> Void
    /// The model before the first change; see ``readOriginal()``.
    var original: (any Classifier)?
    /// What the original says about each image as it is, `[classes]`.
    private var storedLogits: [Int: Tensor] = [:]

    public init(
        model: any Classifier, images: ImageSet, forget: [Int], retain: [Int], validation: [Int] = [], phase: Phase,
        seed: UInt64, onProgress: @escaping (ProgressEvent) -> Void = { _ in },
        onStep: @escaping (StepEvent) -> Void = { _ in }
    ) {
        self.model = model
        self.images = images
        self.forget = forget
        self.retain = retain
        self.validation = validation
        self.phase = phase
        self.seed = seed
        self.onProgress = onProgress
        self.onStep = onStep
    }

    /// A session on a part of the model and of its retain images.
    func part(_ model: any Classifier, retain: [Int], seed: UInt64) -> ClassifierSession {
        ClassifierSession(
            model: model, images: images, forget: [], retain: retain, phase: phase, seed: seed, onProgress: onProgress,
            onStep: onStep)
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
    func descent(_ phase: Phase, over count: Int, parameters: [String]? = nil) throws -> Descent {
        try Descent(self, phase, parameters: parameters, totalSteps: phase.steps(over: count))
    }

    /// Minimises `objective` for one phase over batches of `examples`.
    func descend(
        _ purpose: String, _ phase: Phase, over examples: [Int], parameters: [String]? = nil,
        _ objective: (ImageStep) throws -> [Term]
    ) throws {
        let descent = try descent(phase, over: examples.count, parameters: parameters)
        try descent.run(purpose, [examples], count: descent.totalSteps, objective)
    }

    func report(_ event: StepEvent, total: Int) {
        onStep(event)
        onProgress(ProgressEvent(stage: "Forgetting", done: event.step + 1, total: total, unit: "steps"))
    }
}

/// One optimizer's way down: keeps its state and its place in the schedule from run to run.
final class Descent {
    let totalSteps: Int
    /// Changes gradients before they are used, by parameter name.
    var onGradient: ((String, Tensor) -> Void)?
    /// Called after each step.
    var afterStep: (() -> Void)?
    private let session: ClassifierSession
    private let phase: Phase
    private let names: [String]
    private let parameters: [Tensor]
    private let optimizer: any Optimizer
    private var step = 0

    init(_ session: ClassifierSession, _ phase: Phase, parameters: [String]?, totalSteps: Int) throws {
        self.session = session
        self.phase = phase
        self.totalSteps = totalSteps
        let store = session.model.parameters
        let selected = Set(parameters ?? store.trainableNames)
        names = store.trainableNames.filter(selected.contains)
        self.parameters = names.map { store[$0] }
        optimizer = phase.makeOptimizer(self.parameters)
    }

    /// Takes `count` steps, each on a batch of every group. Groups are gone through in shuffled passes of their own.
    /// - Parameter batchSizes: nil: the phase's for all.
    func run(
        _ purpose: String, _ groups: [[Int]], batchSizes: [Int]? = nil, count: Int,
        _ objective: (ImageStep) throws -> [Term]
    ) throws {
        guard groups.first?.isEmpty == false else { throw MethodError.noTargets(split: purpose) }
        try MethodError.checkLength(
            steps: count,
            perStep: zip(groups, batchSizes ?? groups.map { _ in phase.batchSize }).reduce(0) {
                $0 + min($1.0.count, $1.1)
            })
        session.model.parameters.train(Set(names))
        defer { session.model.parameters.train([]) }
        var generator = session.generator("\(purpose) \(step)")
        let plan = PassPlan(
            groups, batchSizes ?? groups.map { _ in phase.batchSize }, steps: count, using: &generator)
        for ids in plan.steps {
            let start = ContinuousClock.now
            let batches = ids.map { session.images.batch($0, phase.augmentation, using: &generator) }
            let terms = try objective(ImageStep(session, batches))
            let gradients = terms.total.gradients(of: parameters)
            let values = try terms.values(step: step, examples: ids.joined().map { $0 })
            if let onGradient {
                for (name, gradient) in zip(names, gradients) { if let gradient { onGradient(name, gradient) } }
            }
            // Measured, never clipped: the recipes have no limit.
            let norm = clip(gradients, toNorm: .infinity)
            let rate = phase.learningRate * phase.schedule.factor(at: step, of: totalSteps)
            optimizer.step(gradients, learningRate: rate)
            afterStep?()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            session.report(
                StepEvent(step: step, learningRate: rate, gradientNorm: norm, seconds: seconds, terms: values),
                total: totalSteps)
            step += 1
        }
    }
}

/// Which images each step sees: every pass over a group is shuffled anew, and its last batch may be smaller.
struct PassPlan {
    /// `[steps][groups][places]`; an empty group gives nothing.
    let steps: [[[Int]]]

    init(_ groups: [[Int]], _ batchSizes: [Int], steps count: Int, using generator: inout Generator) {
        var streams: [[[Int]]] = []
        for (group, size) in zip(groups, batchSizes) where !group.isEmpty {
            var batches: [[Int]] = []
            while batches.count < count {
                let order = group.shuffled(using: &generator)
                batches += stride(from: 0, to: order.count, by: size).map {
                    Array(order[$0..<min($0 + size, order.count)])
                }
            }
            streams.append(batches)
        }
        steps = (0..<count).map { step in streams.map { $0[step] } }
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
}

extension ImageStep: ObjectiveStep {
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
