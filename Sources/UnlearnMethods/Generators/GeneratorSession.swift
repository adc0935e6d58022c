// The training of models that redraw degraded pictures. Methods say what is minimised; the session says on what.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

/// A model that redraws pictures, what it is to forget and to keep, and how it is trained. Lives in one isolation domain.
public final class GeneratorSession {
    public let model: any ImageToImageModel
    public let images: ImageSet
    /// What the pictures lose before the model sees them.
    public let degradation: Degradation
    /// Places in `images`.
    public let forget: [Int]
    public let retain: [Int]
    public let phase: Phase
    public let seed: UInt64
    private let recorder: StepRecorder
    private var original: (any ImageToImageModel)?
    /// What the original makes of each picture that was asked for, once: `[1, …]` for each of its features.
    private var storedFeatures: [Int: [Tensor]] = [:]

    public init(
        model: any ImageToImageModel, images: ImageSet, degradation: Degradation, forget: [Int], retain: [Int],
        phase: Phase, seed: UInt64, resumption: Resumption? = nil, checkpointSeconds: Double = 120,
        stage: String = "Forgetting", onProgress: @escaping (ProgressEvent) -> Void = { _ in },
        onStep: @escaping (StepEvent) -> Void = { _ in }
    ) {
        (self.model, self.images, self.degradation) = (model, images, degradation)
        (self.forget, self.retain, self.phase, self.seed) = (forget, retain, phase, seed)
        recorder = StepRecorder(stage, resumption, every: checkpointSeconds, onProgress: onProgress, onStep: onStep)
    }

    /// Random numbers for one purpose.
    func generator(_ purpose: String) -> Generator { Generator(seed: seed, purpose: purpose) }

    /// Keeps a copy of the model as it is now. Call before the first change.
    func readOriginal() throws -> any ImageToImageModel {
        let copy = try model.copy()
        original = copy
        return copy
    }

    /// The original's features of degraded pictures, each `[pictures, …]`. Where all looks at a picture are alike, each
    /// picture is read once.
    func originalFeatures(_ ids: [Int], _ pictures: DegradedImages) -> [Tensor] {
        guard let original else { preconditionFailure("GeneratorSession: the original was not read before training") }
        if degradation.isRandom { return withoutRecording { original.encode(pictures).all } }
        if ids.contains(where: { storedFeatures[$0] == nil }) {
            let features = withoutRecording { original.encode(pictures).all }
            for (place, id) in ids.enumerated() {
                // Copies of their own: views would keep the whole batch alive.
                storedFeatures[id] = withoutRecording { features.map { $0.narrow(0, from: place, count: 1) + 0 } }
            }
        }
        let rows = ids.compactMap { storedFeatures[$0] }
        return withoutRecording { rows[0].indices.map { part in Tensor.concatenate(rows.map { $0[part] }) } }
    }

    /// Steps on the named parameters, as many as the phase takes over `count` pictures.
    func descent(_ phase: Phase, over count: Int, _ names: [String]) throws -> PhaseDescent<PictureStep> {
        let descent = try Descent(
            names, of: model.parameters, Pace(learningRate: phase.learningRate, schedule: phase.schedule),
            totalSteps: phase.steps(over: count), recorder, keeping: model.parameters, optimizer: phase.makeOptimizer)
        return PhaseDescent(phase: phase, steps: descent, images: images, generator: generator) {
            [self] batches, generator in PictureStep(self, batches, using: &generator)
        }
    }
}

/// The pictures of one step, whole and degraded, read by the encoder in one pass.
public final class PictureStep {
    let session: GeneratorSession
    /// One for each group: for objectives, forget first, then retain.
    let batches: [ImageBatch]
    let degraded: [DegradedImages]

    init(_ session: GeneratorSession, _ batches: [ImageBatch], using generator: inout Generator) {
        (self.session, self.batches) = (session, batches)
        degraded = batches.map { session.degradation($0.inputs, using: &generator) }
    }

    private lazy var together = DegradedImages(
        images: Tensor.concatenate(degraded.map(\.images)), mask: Tensor.concatenate(degraded.map(\.mask)))
    private lazy var joint = session.model.encode(together)

    /// The encoder's features of one group, deepest last, each `[pictures, …]`, recorded.
    func features(_ group: Int) -> [Tensor] { joint.all.map { part(group, of: $0) } }

    /// What the model draws for one group, `[pictures, channels, height, width]`, recorded.
    func drawn(_ group: Int) -> Tensor {
        let features = ImageFeatures(
            part(group, of: joint.deepest), skips: joint.skips.map { part(group, of: $0) })
        return session.model.decode(features, for: degraded[group])
    }

    /// The original's features of one group.
    func originalFeatures(_ group: Int) -> [Tensor] {
        session.originalFeatures(batches[group].ids, degraded[group])
    }

    private func part(_ group: Int, of all: Tensor) -> Tensor {
        all.narrow(0, from: batches[..<group].reduce(0) { $0 + $1.ids.count }, count: batches[group].ids.count)
    }
}

extension PictureStep: StateStep {
    public var exampleIDs: [Int] { batches.flatMap(\.ids) }
    public var hasRetain: Bool { batches.count > 1 }
    public var retainStates: Tensor { joint.deepest.narrow(0, from: batches[0].ids.count, count: batches[1].ids.count) }
    public func originalRetainStates() -> Tensor { originalFeatures(1)[originalFeatures(1).count - 1] }
}
