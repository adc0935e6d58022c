// Fourth place of the NeurIPS 2023 challenge: nearly all weights are drawn anew, and repair matches entropies.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// The 99 % of all convolution and linear weights of the smallest magnitude are drawn anew, evenly within √(1 / fan-in);
/// then retain with CE, classes weighted count^−0.1, and the squared difference of output entropies from the original's.
public struct Sebastian: ClassifierMethod {
    public static let card = Card(
        name: "sebastian", summary: "Draws nearly all weights anew, then repairs on retain, matching entropies.",
        paper: "NeurIPS 2023 challenge, Triantafillou et al. 2024, arXiv 2406.09073",
        needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 5e-4, epochs: 3.2)

    @Setting("The share of the weights that is drawn anew, over all layers.", .notNegative) public var share = 0.99
    @Setting("The weight of the entropies’ distance to the original’s.", .notNegative) public var entropyWeight = 1.0
    @Setting("The power of a class’s count by which its images count.") public var classWeightPower = -0.1

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        try session.readOriginal()
        var generator = session.generator("sebastian")
        let store = session.model.parameters
        let names = store.trainableNames.filter { store[$0].rank > 1 }
        let magnitudes = names.map { store[$0].abs() }
        let threshold = Tensor(magnitudes.quantile(share))
        for (name, magnitude) in zip(names, magnitudes) {
            let fanIn = store[name].shape.dropFirst().reduce(1, *)
            let initial = Initializer.uniform(bound: (1 / Float(fanIn)).squareRoot())
            session.reinitialize(name, where: magnitude.isAtMost(threshold), initial, using: &generator)
        }
        let weights = session.images.classWeights(session.retain, power: classWeightPower)
        try session.descend("retain", session.phase, over: session.retain) { step in
            let batch = step.batches[0]
            let original = withoutRecording { entropies(session.originalLogits(batch.ids)) }
            return [
                Term("retain-nll", crossEntropy(step.logits(), batch.labels, classWeights: weights)),
                Term("entropy", weight: entropyWeight, (entropies(step.logits()) - original).square().mean()),
            ]
        }
    }
}
