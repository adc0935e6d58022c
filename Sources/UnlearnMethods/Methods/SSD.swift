// Selective synaptic dampening: parameters that matter for forget far more than for everything are made smaller.
// Foster, Schoepf and Brintrup 2024 (arXiv 2308.07707), equations 6 and 7. No training.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Where F_forget > α · F_all: θ ← θ · min(λ · F_all / F_forget, 1), with F the diagonal Fisher information.
public struct SSD: ClassifierMethod {
    public static let card = Card(
        name: "ssd", summary: "Shrinks the parameters that matter for forget far more than for all; no training.",
        paper: "Foster et al. 2024, arXiv 2308.07707", needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 1, epochs: 1)

    @Setting("α: how much more a parameter must matter for forget to be chosen.", .notNegative)
    public var selection = 10.0
    @Setting("λ: how strongly the chosen ones are dampened.", .notNegative) public var dampening = 1.0

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        let store = session.model.parameters
        let names = store.trainableNames
        let forget = importances(session, session.forget, names)
        let all = importances(session, session.forget + session.retain, names)
        withoutRecording {
            for (name, (f, a)) in zip(names, zip(forget, all)) {
                let isChosen = Tensor(1) - f.isAtMost(a * selection)
                // 0 / 0 where nothing depends on a parameter; it is never chosen.
                let factor = (a * dampening / f.clamp(atLeast: 1e-30)).minimum(Tensor(1))
                store[name].multiply(inPlace: Tensor(1) + (factor - Tensor(1)) * isChosen)
            }
        }
    }

    /// The mean over batches of squared gradients of the mean cross-entropy, as in the authors' code.
    private func importances(_ session: ClassifierSession, _ examples: [Int], _ names: [String]) -> [Tensor] {
        let sums = names.map { Tensor.zeros(session.model.parameters[$0].shape) }
        session.gradients(
            over: examples, of: names, batchSize: session.phase.batchSize, { crossEntropy($0, $1) },
            each: { gradients, share in
                withoutRecording {
                    for (sum, gradient) in zip(sums, gradients) {
                        if let gradient { sum.add(inPlace: gradient.square(), scaledBy: share) }
                    }
                }
            })
        return sums
    }
}
