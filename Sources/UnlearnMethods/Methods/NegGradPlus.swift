// NegGrad+: descent on retain and ascent on forget in one objective.
// Kurmanji et al. 2023 (arXiv 2302.09880), section 4.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// α · CE on retain − (1 − α) · CE on forget. A pass is one over the retain set.
public struct NegGradPlus: ClassifierMethod {
    public static let card = Card(
        name: "neggrad-plus", summary: "Lowers the retain loss and, with little weight, raises the forget loss.",
        paper: "Kurmanji et al. 2023, arXiv 2302.09880", needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 5)

    @Setting("The weight of the retain term; the forget term has the rest.", .notNegative) public var alpha = 0.95

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        let descent = try session.descent(session.phase, over: session.retain.count)
        try descent.run("forget", [session.forget, session.retain], count: descent.totalSteps, terms)
    }

    func terms(_ step: ImageStep) -> [Term] {
        [
            Term("forget-ascent", weight: 1 - alpha, -step.forgetTargetMean()),
            Term("retain-nll", weight: alpha, step.retainTargetMean()),
        ]
    }
}
