// First place of the NeurIPS 2023 challenge: outputs on forget are flattened, then pushed apart from those on retain.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// 1: one pass over forget, KL(softmax ‖ uniform). 2: epochs that alternate a pass over forget, which makes forget
/// outputs unlike retain ones, with a pass of ordinary training on retain.
public struct Fanchuan: ClassifierMethod {
    public static let card = Card(
        name: "fanchuan", summary: "Flattens the outputs on forget, then alternates contrast to retain with repair.",
        paper: "NeurIPS 2023 challenge, Triantafillou et al. 2024, arXiv 2406.09073",
        needs: [.losses, .retainSet, .classes])
    /// The retain passes of the second part; its learning rate is 1e-3 for each 64 images.
    public static let phaseDefaults = Phase(
        learningRate: 4e-3, epochs: 8, batchSize: 256, weightDecay: 1e-2, schedule: Schedule(.constant))

    @Setting("The learning rate of flattening.", .notNegative) public var flattenLearningRate = 5e-3
    @Setting("The learning rate of the contrast.", .notNegative) public var contrastLearningRate = 3e-4
    @Setting("The temperature of the contrast.", .positive) public var temperature = 1.15

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        let flatten = Phase(learningRate: flattenLearningRate, epochs: 1, schedule: Schedule(.constant))
        try session.descend("flatten", flatten, over: session.forget) { step in
            [Term("forget-uniform", divergenceToUniform(step.logits()))]
        }
        let epochs = max(1, Int(session.phase.epochs.rounded()))
        let batchSize = session.phase.batchSize
        // Cosine to 1e-6.
        let contrastPhase = Phase(
            learningRate: contrastLearningRate, epochs: session.phase.epochs, batchSize: batchSize,
            schedule: Schedule(.cosine, finalShare: 1e-6 / contrastLearningRate))
        let contrastDescent = try session.descent(contrastPhase, over: session.forget.count)
        let repairDescent = try session.descent(session.phase, over: session.retain.count)
        for _ in 0..<epochs {
            try contrastDescent.run(
                "contrast", [session.forget, session.retain], count: contrastDescent.totalSteps / epochs
            ) {
                step in
                [
                    Term(
                        "forget-contrast",
                        contrast(step.logits(0), with: step.logits(1).detached(), temperature: temperature))
                ]
            }
            try repairDescent.run("repair", [session.retain], count: repairDescent.totalSteps / epochs) { step in
                [Term("retain-nll", crossEntropy(step.logits(), step.batches[0].labels))]
            }
        }
    }
}
