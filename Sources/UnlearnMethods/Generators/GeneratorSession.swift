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
    private var keptFeatures = KeptTensors()

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

    /// Whether two looks at one picture differ: in what is missing, in the noise that a diffusion model is shown, or
    /// because pictures are changed at random.
    func looksVary(_ pictures: DegradedImages) -> Bool {
        degradation.isRandom || pictures.noised != nil || phase.augmentation != Augmentation()
    }

    /// Pictures degraded, and as training shows them to the model.
    func look(at originals: Tensor, using generator: inout Generator) -> DegradedImages {
        model.shown(degradation(originals, using: &generator), of: originals, using: &generator)
    }

    /// The original's features of degraded pictures, each `[pictures, …]`. Where all looks at a picture are alike, each
    /// picture is read once.
    func originalFeatures(_ ids: [Int], _ pictures: DegradedImages) -> [Tensor] {
        guard let original else { preconditionFailure("GeneratorSession: the original was not read before training") }
        if looksVary(pictures) { return withoutRecording { original.encode(pictures).all } }
        return keptFeatures(ids, most: phase.batchSize) { missing in
            var unused = generator("looks that are alike")
            return original.encode(look(at: images.batch(missing).inputs, using: &unused)).all
        }
    }

    /// Steps on the named parameters, as many as the phase takes over `count` pictures.
    /// - Parameter others: what else has to be kept, of the parameters that change.
    func descent(
        _ phase: Phase, over count: Int, _ names: [String], keeping others: ([Tensor]) -> [NamedTensor] = { _ in [] }
    ) throws -> PhaseDescent<PictureStep> {
        let descent = try Descent(
            names, of: model.parameters, Pace(learningRate: phase.learningRate, schedule: phase.schedule),
            totalSteps: phase.steps(over: count), recorder, keeping: model.parameters, others: others,
            optimizer: phase.makeOptimizer)
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
        degraded = batches.map { session.look(at: $0.inputs, using: &generator) }
    }

    private lazy var joint = session.model.encode(DegradedImages.concatenate(degraded))

    /// The encoder's features of one group, deepest last, each `[pictures, …]`, recorded.
    func features(_ group: Int) -> [Tensor] { joint.all.map { part(group, of: $0) } }

    private func imageFeatures(_ group: Int) -> ImageFeatures {
        ImageFeatures(part(group, of: joint.deepest), skips: joint.skips.map { part(group, of: $0) })
    }

    /// What the model draws for one group, `[pictures, channels, height, width]`, recorded.
    func drawn(_ group: Int) -> Tensor { session.model.decode(imageFeatures(group), for: degraded[group]) }

    /// How far that is from what it should be for pictures, pixel by pixel.
    func errors(_ group: Int, of pictures: Tensor) -> Tensor {
        session.model.errors(drawn(group), of: pictures, for: degraded[group])
    }

    /// What the training of the model's kind minimises, on one group.
    func losses(_ group: Int, wholeWeight: Double) -> [Term] {
        session.model.losses(
            imageFeatures(group), of: batches[group].inputs, for: degraded[group], wholeWeight: wholeWeight
        ).map { Term($0.name, weight: $0.weight, $0.value) }
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
    public func originalRetainStates() -> Tensor {
        let features = originalFeatures(1)
        return features[features.count - 1]
    }
}
