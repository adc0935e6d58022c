// Sixth place of the NeurIPS 2023 challenge: first and last layer anew, warmed up by distillation on validation images.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// The first convolution and the classifier are drawn anew; epochs of distillation on the validation set, then epochs of
/// CE, soft CE and KL to the original on retain.
public struct Amnesiacs: ClassifierMethod {
    public static let card = Card(
        name: "amnesiacs", summary: "Draws the first and last layer anew, distils on validation, then on retain.",
        paper: "NeurIPS 2023 challenge, Triantafillou et al. 2024, arXiv 2406.09073",
        needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 3)

    @Setting("Epochs of the warm-up on validation images.", .notNegative) public var warmupEpochs = 3.0
    @Setting("The learning rate of the warm-up.", .notNegative) public var warmupLearningRate = 9e-4
    @Setting("The temperature of the distillation.", .positive) public var temperature = 5.0

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        guard !session.validation.isEmpty else {
            throw MethodError.needsExamples(method: Self.card.name, split: "validation")
        }
        try session.readOriginal()
        var generator = session.generator("amnesiacs")
        session.reinitialize(
            Array(session.model.convolutionNames.prefix(1)) + session.model.headNames, using: &generator)
        let warmup = Phase(
            learningRate: warmupLearningRate, epochs: warmupEpochs, batchSize: session.phase.batchSize,
            schedule: Schedule(.constant))
        try session.descend("warm-up", warmup, over: session.validation) { step in
            [Term("validation-kl", step.distillation(temperature: temperature))]
        }
        try session.descend("retain", session.phase, over: session.retain) { step in
            let batch = step.batches[0]
            let original = withoutRecording { session.originalLogits(batch.ids).softmax() }
            return [
                Term("retain-nll", crossEntropy(step.logits(), batch.labels)),
                Term("retain-soft-nll", softCrossEntropy(step.logits(), original)),
                Term("retain-kl", step.distillation(temperature: temperature)),
            ]
        }
    }
}
