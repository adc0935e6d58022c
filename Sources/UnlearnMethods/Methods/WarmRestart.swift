// Warm restart: the model goes back towards a random start, and is brought up again on retain alone, by the labels and
// by what the original says. This project's own method; see docs/PAPERS.md for what it aims at.

public import UnlearnData
internal import UnlearnEngine

/// A share of every weight is replaced by a fresh draw, which forgets and makes runs differ as retrained models do; then
/// CE and distillation from the original on retain, from a learning rate as high as that of the first training.
public struct WarmRestart: ClassifierMethod {
    public static let card = Card(
        name: "warm-restart", summary: "Mixes fresh weights in, then learns retain again with the original as teacher.",
        paper: "this project; weights as in Ash and Adams 2020, arXiv 1910.08475",
        needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 0.05, epochs: 4, schedule: Schedule(.cosine, warmupSteps: 10))

    /// The share of each convolution and linear weight that is drawn anew.
    public var renewal = 0.25
    /// The weight of the distillation term.
    public var distillationWeight = 1.0
    public var temperature = 2.0

    public init() {}

    public func unlearn(_ session: ClassifierSession) throws(MethodError) {
        guard !session.retain.isEmpty else { throw .needsRetain(method: Self.card.name) }
        try session.readOriginal()
        var generator = session.generator("warm restart")
        session.mixFresh(renewal, using: &generator)
        try session.descend("retain", session.phase, over: session.retain) { step in
            let batch = step.batches[0]
            let nll = Term("retain-nll", crossEntropy(step.logits(), batch.labels))
            if distillationWeight == 0 { return [nll] }
            // Images as they are were read once; changed ones have to be read again.
            let teacher =
                session.phase.augmentation == Augmentation()
                ? session.originalLogits(batch.ids) : session.originalLogits(of: batch.inputs)
            let kl = distillation(step.logits(), from: teacher, temperature: temperature)
            return [nll, Term("retain-kl", weight: distillationWeight, kl)]
        }
    }
}
