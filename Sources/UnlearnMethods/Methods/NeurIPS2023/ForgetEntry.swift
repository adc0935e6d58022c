// The entry "forget" of the NeurIPS 2023 challenge: layers drawn by lot are erased and re-learnt from the original's outputs.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// In each cycle some layers, drawn with replacement, are drawn anew; then the model's scores on slightly noisy retain
/// images are brought to the original's by their squared difference.
public struct ForgetEntry: ClassifierMethod {
    public static let card = Card(
        name: "forget", summary: "Draws layers anew in cycles and re-learns the original's scores on retain.",
        paper: "NeurIPS 2023 challenge, Triantafillou et al. 2024, arXiv 2406.09073",
        needs: [.losses, .retainSet, .classes])
    /// Epochs are those of the cycles.
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 1)

    @Setting("The epochs of each cycle.", .notNegative) public var cycleEpochs = [1.0, 2.0, 2.0]
    @Setting("Layers drawn for each cycle; neither the classifier nor shortcuts.", .notNegative)
    public var layerCount = 6
    @Setting("The deviation of the noise on images.", .notNegative) public var noise = 0.01

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        try session.readOriginal()
        var generator = session.generator("forget")
        let layers = session.model.convolutionNames.filter { !session.model.isShortcut($0) }
        for (cycle, epochs) in cycleEpochs.enumerated() {
            let count = layers.isEmpty ? 0 : layerCount
            let drawn = (0..<count).map { _ in layers[Int(generator.next(upperBound: UInt64(layers.count)))] }
            session.reinitialize(layers.filter(drawn.contains), using: &generator)
            var phase = session.phase
            phase.epochs = epochs
            try session.descend("cycle \(cycle)", phase, over: session.retain) { step in
                let batch = step.batches[0]
                let inputs =
                    batch.inputs + .normal(batch.inputs.shape, deviation: Float(noise), using: &generator)
                let logits = session.model.logits(inputs, training: true)
                return [Term("retain-mse", (logits - session.originalLogits(batch.ids)).square().mean())]
            }
        }
    }
}
