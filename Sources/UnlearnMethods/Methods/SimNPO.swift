// Negative preference optimisation without a reference model.
// Fan et al. 2024 (arXiv 2410.07163), equation 4. S are sums of log-probabilities over L labelled tokens.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// Term −(2/β) · mean log σ(−β S/L − δ): what an example weighs depends on its own likelihood per token alone.
public struct SimNPO: ObjectiveMethod {
    public static let card = Card(
        name: "simnpo", summary: "Lowers the forget set's likelihood per token, ever more gently, without a reference.",
        paper: "Fan et al. 2024, arXiv 2410.07163", needs: [.losses, .retainSet])
    public static let trainingDefaults = TrainingOptions()
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 5)

    @Setting("β, how soon the forget term fades.", .positive) public var beta = 4.5
    @Setting("δ: how far beyond even odds an answer's likelihood is pushed; the paper's margin.", .notNegative)
    public var margin = 0.0
    @Setting("γ, the weight of the forget term.", .notNegative) public var forgetWeight = 0.125
    @Setting("α, the weight of the retain term; 0 needs no retain set.", .notNegative) public var retainWeight = 1.0
    @Setting("What holds the retain set.") public var retainTerm = RetainTerm.nll

    public init() {}

    public var needsRetain: Bool { retainWeight != 0 }

    public var usesReference: Bool { retainWeight != 0 && retainTerm.usesReference }

    public func objective(_ step: any LikelihoodStep) throws -> [Term] {
        let means = step.forgetSums() / Tensor(step.forgetTargetCounts.map(Float.init))
        let forget = (means * -beta + -margin).logSigmoid().mean() * (-2 / beta)
        let terms = [Term("forget-simnpo", weight: forgetWeight, forget)]
        return retainWeight == 0 ? terms : terms + [retainTerm.term(step, weight: retainWeight)]
    }
}
