// What keeps the rest of the model as it was.

internal import UnlearnEngine

/// The retain part of an objective, composed with any forget part.
public enum RetainTerm: String, Codable, Sendable, CaseIterable {
    /// Mean cross-entropy per labelled token.
    case nll
    /// KL(original ‖ model) per labelled token, averaged.
    case kl
    /// Mean squared distance of the states from which labelled tokens are predicted to the original's.
    case hidden

    var usesReference: Bool { self != .nll }

    func term(_ step: any LikelihoodStep, weight: Double) -> Term {
        switch self {
        case .nll:
            Term(ofRetain: "retain-nll", weight: weight) { step.retainTargetMean() }
        case .kl:
            Term(ofRetain: "retain-kl", weight: weight) { step.retainDivergence() }
        case .hidden:
            Term(ofRetain: "retain-hidden", weight: weight) {
                (step.retainStates - step.originalRetainStates()).square().mean()
            }
        }
    }
}

/// KL(p ‖ q) averaged over rows; p may give no mass to some tokens (log p = −∞).
/// - Parameters:
///   - logP: `[rows, vocabulary]`, not recorded.
///   - logQ: `[rows, vocabulary]`, recorded.
func divergence(from logP: Tensor, to logQ: Tensor) -> Tensor {
    let rows = Double(max(1, logP.shape[0]))
    let (p, negativeEntropy) = withoutRecording {
        let p = logP.exp()
        return (p, (p * logP.clamp(atLeast: -1e4)).sum())
    }
    return (negativeEntropy - (p * logQ).sum()) * (1 / rows)
}
