// Third place of the NeurIPS 2023 challenge: noise on the convolutions, then repair.

internal import Foundation
public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Noise is added to all convolution weights; four epochs on retain with classes weighted, and a little noise before the last.
public struct Seif: ClassifierMethod {
    public static let card = Card(
        name: "seif", summary: "Adds noise to the convolutions, then repairs on retain with classes weighted.",
        paper: "NeurIPS 2023 challenge, Triantafillou et al. 2024, arXiv 2406.09073",
        needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 7e-4, epochs: 4)

    @Setting("The deviation of the noise on convolutions.", .notNegative) public var noise = 0.6
    @Setting("Noise before the last epoch.", .notNegative) public var lastNoise = 0.005

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        var generator = session.generator("seif")
        let names = session.model.convolutionNames
        let weights = session.images.classWeights(session.retain, power: -1)
        session.disturb(names, deviation: Float(noise), using: &generator)
        let descent = try session.descent(session.phase, over: session.retain.count)
        let pass = min(
            descent.totalSteps,
            Phase(learningRate: 1, epochs: 1, batchSize: session.phase.batchSize)
                .steps(over: session.retain.count))
        func train(_ count: Int) throws {
            try descent.run("retain", [session.retain], count: count) { step in
                [Term("retain-nll", crossEntropy(step.logits(), step.batches[0].labels, classWeights: weights))]
            }
        }
        if descent.totalSteps > pass { try train(descent.totalSteps - pass) }
        session.disturb(names, deviation: Float(lastNoise), using: &generator)
        try train(pass)
    }
}

extension ImageSet {
    /// count^power of each class among `indices`, `[classes]`; 0 for a class without images.
    func classWeights(_ indices: [Int], power: Double) -> Tensor {
        Tensor(classCounts(indices).map { $0 == 0 ? 0 : Float(pow(Double($0), power)) })
    }
}
