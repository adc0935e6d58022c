// SISA: exact unlearning. Only the networks that saw a forgotten image are trained again, without it.
// Bourtoule et al. 2021, "Machine unlearning" (arXiv 1912.03817), section IV.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// For models that were trained in shards. The main phase is the one by which they were trained.
public struct SISA: ClassifierMethod {
    public static let card = Card(
        name: "sisa", summary: "Trains anew, without the forget set, the shards that saw any of it: exact.",
        paper: "Bourtoule et al. 2021, arXiv 1912.03817", needs: [.losses, .retainSet, .classes])
    public static var phaseDefaults: Phase { ClassifierTraining().phase }

    @Setting("Whether rare classes count more, as in the training of the shards.") public var weighsClasses = false

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        guard let sharded = session.model as? Sharded else { throw MethodError.needsShards(method: Self.card.name) }
        var training = ClassifierTraining(session.phase)
        training.weighsClasses = weighsClasses
        for shard in Set(session.forget.map(sharded.shard)).sorted() {
            let member = sharded.members[shard]
            let fresh = try member.remade(Weights(using: session.generator("parameters of shard \(shard)")))
            member.parameters.restore(fresh.parameters.snapshot())
            try training.train(shard, of: sharded, session)
        }
    }
}

extension ClassifierTraining {
    /// The training that consists of this phase.
    init(_ phase: Phase) {
        self.init()
        (optimizer, learningRate, epochs, batchSize) = (
            phase.optimizer, phase.learningRate, phase.epochs, phase.batchSize
        )
        (momentum, weightDecay, schedule, augmentation) = (
            phase.momentum, phase.weightDecay, phase.schedule, phase.augmentation
        )
    }
}
