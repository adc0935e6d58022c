// Ordinary training of a classifier: the recipe of the NeurIPS 2023 challenge, and the usual one.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// How a classifier is trained from the start, or further.
public struct ClassifierTraining: Configurable {
    @Setting("How gradients change parameters: gradient descent with momentum, or Adam.")
    public var optimizer = Phase.OptimizerKind.sgd
    @Setting("The peak learning rate.", .positive) public var learningRate = 0.05
    @Setting("Passes over the images.", .above(0, upTo: 100_000)) public var epochs = 20.0
    @Setting("Images in each step.", .within(1...1_000_000)) public var batchSize = 64
    @Setting("The momentum of gradient descent.", .notNegative) public var momentum = 0.9
    @Setting("Weight decay, as a part of the gradient.", .notNegative) public var weightDecay = 5e-4
    public var schedule = Schedule(.cosine)
    public var augmentation = Augmentation(cropBorder: 4, flips: true)
    @Setting("Whether rare classes count more: each image by 1 / the number of images of its class.")
    public var weighsClasses = false

    @Setting(
        "Seconds after which the state of a training is kept again, so that it can go on after an interruption.",
        .notNegative)
    public var checkpointSeconds = 120.0

    public init() {}

    /// The recipe by which the challenge's models were trained.
    public static var challenge: ClassifierTraining {
        var training = ClassifierTraining()
        training.optimizer = .adam
        training.learningRate = 1e-4
        training.epochs = 30
        training.weightDecay = 5e-3
        training.augmentation = Augmentation()
        training.weighsClasses = true
        return training
    }

    public var phase: Phase {
        var phase = Phase(
            optimizer, learningRate: learningRate, epochs: epochs, batchSize: batchSize, weightDecay: weightDecay,
            schedule: schedule, augmentation: augmentation)
        phase.momentum = momentum
        return phase
    }

    /// Trains the session's model on its retain set. Of a model of several networks each sees its own images alone.
    public func train(_ session: ClassifierSession) throws {
        if let sharded = session.model as? Sharded {
            for shard in sharded.members.indices { try train(shard, of: sharded, session) }
            return
        }
        let weights = weighsClasses ? session.images.classWeights(session.retain, power: -1) : nil
        try session.descend("train", phase, over: session.retain) { step in
            [Term("nll", crossEntropy(step.logits(), step.batches[0].labels, classWeights: weights))]
        }
    }

    /// Trains one network on those of the session's retain images that are its own.
    func train(_ shard: Int, of sharded: Sharded, _ session: ClassifierSession) throws {
        var generator = session.generator("shard \(shard)")
        let own = session.retain.filter { sharded.shard(of: $0) == shard }
        try train(session.part(sharded.members[shard], retain: own, seed: generator.next()))
    }
}
