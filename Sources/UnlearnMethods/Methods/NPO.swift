// Negative preference optimisation.
// Zhang et al. 2024 (arXiv 2404.05868), equation 3. S are sums of log-probabilities over labelled tokens.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// Term −(2/β) · mean log σ(−β (S − S_ref)): gradient ascent that fades as an example is forgotten.
public struct NPO: ObjectiveMethod {
    public static let card = Card(
        name: "npo", summary: "Lowers the forget set's likelihood relative to the original model, ever more gently.",
        paper: "Zhang et al. 2024, arXiv 2404.05868", needs: [.losses, .retainSet])
    public static let trainingDefaults = TrainingOptions()
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 5)

    @Setting("β, how soon the forget term fades.", .positive) public var beta = 0.1
    @Setting("γ, the weight of the forget term.", .notNegative) public var forgetWeight = 1.0
    @Setting("α, the weight of the retain term; 0 needs no retain set.", .notNegative) public var retainWeight = 1.0
    @Setting("What holds the retain set.") public var retainTerm = RetainTerm.nll

    public init() {}

    public var needsRetain: Bool { retainWeight != 0 }

    public var usesReference: Bool { true }

    public func objective(_ step: any LikelihoodStep) throws -> [Term] {
        let ratios = step.forgetSums() - step.originalForgetSums()
        let forget = (ratios * -beta).logSigmoid().mean() * (-2 / beta)
        let terms = [Term("forget-npo", weight: forgetWeight, forget)]
        return retainWeight == 0 ? terms : terms + [retainTerm.term(step, weight: retainWeight)]
    }
}
