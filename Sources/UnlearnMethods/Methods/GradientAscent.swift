// Gradient ascent on the forget set, alone or with a term that keeps the rest.
// Golatkar et al. 2020; Maini et al. 2024 (arXiv 2401.06121), "gradient ascent" and "gradient difference".

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// Raises the loss of the forget set: term −ℓ̄, the token-mean log-likelihood.
public struct GradientAscent: ObjectiveMethod {
    public static let card = Card(
        name: "gradient-ascent", summary: "Raises the loss of the forget set; breaks the model if run for long.",
        paper: "Maini et al. 2024, arXiv 2401.06121", needs: [.losses])
    public static let trainingDefaults = TrainingOptions()
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 1)

    public init() {}

    public func objective(_ step: any LikelihoodStep) throws -> [Term] { [Self.forgetTerm(step)] }

    static func forgetTerm(_ step: any LikelihoodStep, weight: Double = 1) -> Term {
        Term("forget-ascent", weight: weight, -step.forgetTargetMean())
    }
}

/// Gradient ascent on the forget set and descent on the retain set.
public struct GradientDifference: ObjectiveMethod {
    public static let card = Card(
        name: "gradient-difference",
        summary: "Raises the loss of the forget set while lowering that of the retain set.",
        paper: "Maini et al. 2024, arXiv 2401.06121", needs: [.losses, .retainSet])
    public static let trainingDefaults = TrainingOptions()
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 5)

    @Setting("γ, the weight of the forget term.", .notNegative) public var forgetWeight = 1.0
    @Setting("α, the weight of the retain term.", .notNegative) public var retainWeight = 1.0
    @Setting("What holds the retain set.") public var retainTerm = RetainTerm.nll

    public init() {}

    public var needsRetain: Bool { retainWeight != 0 }

    public var usesReference: Bool { retainTerm.usesReference }

    public func objective(_ step: any LikelihoodStep) throws -> [Term] {
        let forget = GradientAscent.forgetTerm(step, weight: forgetWeight)
        return retainWeight == 0 ? [forget] : [forget, retainTerm.term(step, weight: retainWeight)]
    }
}
