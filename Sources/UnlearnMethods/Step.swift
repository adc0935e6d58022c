// What a step of training offers to whoever says what is minimised.

public import UnlearnEngine

/// The examples of one step, as a model reads them.
public protocol Step: AnyObject {
    /// The examples that are learnt from or forgotten, by which a value that is no number is reported.
    var exampleIDs: [Int] { get }
    /// The terms whose gradients are taken together: as a rule all.
    func passes(of terms: [Term]) -> [[Term]]
    /// Lets go of what a pass made, once its gradients are there.
    func finishPass()
}

extension Step {
    public func passes(of terms: [Term]) -> [[Term]] { [terms] }
    public func finishPass() {}
}

/// A step of a model that offers states, be they those of a generator of images.
public protocol StateStep: Step {
    var hasRetain: Bool { get }
    /// What retain targets are predicted from, `[targets, width]`: a language model's states, a classifier's scores.
    var retainStates: Tensor { get }
    /// The same by the original model.
    func originalRetainStates() -> Tensor
}

/// A step of a model that gives choices their probabilities. Targets are labelled tokens, or labels.
public protocol LikelihoodStep: StateStep {
    /// S of each forget example: the sum of log q over its targets, recorded.
    func forgetSums() -> Tensor
    /// The same by the original model.
    func originalForgetSums() -> Tensor
    /// How many targets each forget example has.
    var forgetTargetCounts: [Int] { get }
    /// Mean cross-entropy per target.
    func forgetTargetMean() -> Tensor
    func retainTargetMean() -> Tensor
    /// log q of all choices at each retain target, `[targets, choices]`, recorded.
    var retainLogDistributions: Tensor { get }
    /// The same by the original model.
    func originalRetainLogDistributions() -> Tensor
    /// KL(original ‖ model) per retain target, averaged.
    func retainDivergence() -> Tensor
}

extension LikelihoodStep {
    public func retainDivergence() -> Tensor {
        divergence(from: originalRetainLogDistributions(), to: retainLogDistributions)
    }
}
