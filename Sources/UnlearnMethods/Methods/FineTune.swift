// Fine-tuning on what is to stay, in the hope that the rest fades. Warnecke et al. and Golatkar et al. use it as a
// baseline; the NeurIPS 2023 starting kit trains five epochs.

public import UnlearnData
internal import UnlearnEngine

/// Term: mean cross-entropy on retain.
public struct FineTune: ClassifierMethod {
    public static let card = Card(
        name: "fine-tune", summary: "Trains on the retain set alone.",
        paper: "baseline, as in Golatkar et al. 2020, arXiv 1911.04933", needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 5)

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        try session.descend("retain", session.phase, over: session.retain, terms)
    }

    func terms(_ step: ImageStep) -> [Term] {
        [Term("retain-nll", crossEntropy(step.logits(), step.batches[0].labels))]
    }
}
