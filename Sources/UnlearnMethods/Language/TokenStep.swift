// What one step of a language model reads.

public import UnlearnData
public import UnlearnEngine
internal import UnlearnModels

/// The examples of one step: read by the model in one pass, or, if they are many and little is trained, in
/// one for what is to be forgotten and one for what is to be kept, of which never both are in memory.
public final class TokenStep {
    public let forget: [TokenExample]
    public let retain: [TokenExample]
    let session: Session
    /// Forget examples first, then retain examples.
    let batch: TokenBatch
    let isInTwoPasses: Bool
    private static let tokensInOnePass = 480
    private let forgetTargets: Int
    private let model: any CausalLM
    private let forgetBatch: TokenBatch
    private let retainBatch: TokenBatch
    private var forgetPass: Tensor?
    private var retainPass: Tensor?

    /// - Parameter isInTwoPasses: nil: where it saves memory that is worth it.
    init(_ session: Session, forget: [TokenExample], groups: [[Int]], isInTwoPasses: Bool? = nil) throws {
        self.session = session
        self.forget = forget
        let retain = zip(session.retain, groups.dropFirst()).flatMap { examples, indices in
            indices.map { examples[$0] }
        }
        let batch = TokenBatch(forget + retain)
        (self.retain, self.batch, model) = (retain, batch, session.model.model)
        forgetTargets = forget.reduce(0) { $0 + $1.targets.count }
        // Reading the weights twice would take longer than what few tokens save; and with all weights trained, the
        // gradients of the first pass would take more than the second pass saves.
        let pays = batch.tokenCount > Self.tokensInOnePass ? try session.gradientsAreFew() : false
        self.isInTwoPasses = !retain.isEmpty && (isInTwoPasses ?? pays)
        forgetBatch = self.isInTwoPasses ? TokenBatch(forget) : batch
        retainBatch = self.isInTwoPasses ? TokenBatch(retain) : batch
    }

    /// The normalised states from which labelled tokens are predicted, `[targets, width]`, recorded.
    private var forgetFinalStates: Tensor {
        let states = forgetPass ?? model.finalHidden(forgetBatch)
        forgetPass = states
        return forgetPart(of: states)
    }

    var retainFinalStates: Tensor {
        if !isInTwoPasses {
            _ = forgetFinalStates
            retainPass = forgetPass
        }
        let states = retainPass ?? model.finalHidden(retainBatch)
        retainPass = states
        return retainPart(of: states)
    }

    private var head: Tensor { model.parameters[model.headName] }

    /// log q of the whole vocabulary at each labelled token, `[targets, vocabulary]`, recorded.
    var forgetLogDistributions: Tensor { model.logits(forgetFinalStates).logSoftmax() }

    public var retainLogDistributions: Tensor { model.logits(retainFinalStates).logSoftmax() }

    public func retainDivergence() -> Tensor { session.reference.divergence(retain, to: retainFinalStates, head) }

    /// KL(frozen ‖ model) per labelled token of the forget examples, averaged.
    func forgetDivergence(from frozen: Reference) -> Tensor { frozen.divergence(forget, to: forgetFinalStates, head) }

    /// The rows of the forget examples' labelled tokens.
    func forgetPart(of perTarget: Tensor) -> Tensor { perTarget.narrow(0, from: 0, count: forgetTargets) }

    /// The rows of the retain examples' labelled tokens, in what their pass made.
    private func retainPart(of perTarget: Tensor) -> Tensor {
        let count = batch.targets.count - forgetTargets
        return perTarget.narrow(0, from: perTarget.shape[0] - count, count: count)
    }

    /// log q of the labelled tokens, `[targets]`, recorded.
    private var forgetLogProbabilities: Tensor {
        forgetFinalStates.targetLogProbabilities(head, forgetPart(of: forgetBatch.targets))
    }

    /// log q of other tokens in place of the labelled ones, `[targets]`, recorded.
    /// - Parameter tokens: ids, int64, `[targets]`.
    func forgetLogProbabilities(of tokens: Tensor) -> Tensor {
        forgetFinalStates.targetLogProbabilities(head, tokens)
    }

    /// S of each forget example: the sum of log q over its labelled tokens.
    public func forgetSums() -> Tensor {
        let (values, ranges) = (forgetLogProbabilities, batch.targetRanges.prefix(forget.count))
        return Tensor.stack(ranges.map { values.narrow(0, from: $0.lowerBound, count: $0.count).sum() })
    }

    /// Mean cross-entropy per labelled token of the forget examples together.
    public func forgetTargetMean() -> Tensor { -forgetLogProbabilities.mean() }

    public func retainTargetMean() -> Tensor {
        -retainFinalStates.targetLogProbabilities(head, retainPart(of: retainBatch.targets)).mean()
    }
}

extension TokenStep: LikelihoodStep {
    public var exampleIDs: [Int] { forget.map(\.id) }

    /// All terms together, or, of a step in two passes, those of each pass.
    public func passes(of terms: [Term]) -> [[Term]] {
        guard isInTwoPasses else { return [terms] }
        return [terms.filter { !$0.isOfRetain }, terms.filter(\.isOfRetain)].filter { !$0.isEmpty }
    }

    /// Lets go of what the forget examples' pass made.
    public func finishPass() { if isInTwoPasses { forgetPass = nil } }

    public var hasRetain: Bool { !retain.isEmpty }
    public func originalForgetSums() -> Tensor { session.reference.sums(forget) }
    public func originalRetainLogDistributions() -> Tensor { session.reference.logDistributions(retain) }
    public var forgetTargetCounts: [Int] { forget.map(\.targets.count) }
    public var retainStates: Tensor { retainFinalStates }
    public func originalRetainStates() -> Tensor { session.reference.finalStates(retain) }
}
