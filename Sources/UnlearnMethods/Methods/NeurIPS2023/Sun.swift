// Seventh place of the NeurIPS 2023 challenge: a new classifier, and training of a few layers drawn by lot.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// The classifier is drawn anew. In each of the first epochs noise is added to some parameters drawn by lot, and only
/// some others, and all norms, are trained on retain; in the last epochs everything is.
public struct Sun: ClassifierMethod {
    public static let card = Card(
        name: "sun", summary: "Draws the classifier anew, then trains few layers with noise on others, then all.",
        paper: "NeurIPS 2023 challenge, Triantafillou et al. 2024, arXiv 2406.09073",
        needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 9)

    @Setting("Epochs that train a part.", .notNegative) public var partialEpochs = 5
    @Setting("Parameters that such an epoch trains beside the norms.", .notNegative)
    public var trainedCount = 9
    @Setting("Parameters that get noise.", .notNegative) public var noisyCount = 6
    @Setting("The deviation of the noise.", .notNegative) public var noise = 0.04

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        var generator = session.generator("sun")
        session.reinitialize(session.model.headNames, using: &generator)
        let store = session.model.parameters
        let norms = session.model.normNames
        let others = store.trainableNames.filter { !norms.contains($0) }
        let epochs = max(1, Int(session.phase.epochs.rounded()))
        for epoch in 0..<epochs {
            var names: [String]?
            if epoch < partialEpochs {
                let drawn = others.shuffled(using: &generator)
                let trained = Array(drawn.prefix(trainedCount))
                session.disturb(
                    Array(drawn.dropFirst(trained.count).prefix(noisyCount)), deviation: Float(noise), using: &generator
                )
                names = norms + trained
            }
            var phase = session.phase
            phase.epochs = 1
            // Each epoch has an optimizer of its own; the rate follows one schedule over all.
            phase.learningRate *= phase.schedule.factor(at: epoch, of: epochs + 1)
            phase.schedule = Schedule(.constant)
            try session.descend("retain \(epoch)", phase, over: session.retain, parameters: names) { step in
                [Term("retain-nll", crossEntropy(step.logits(), step.batches[0].labels))]
            }
        }
    }
}
