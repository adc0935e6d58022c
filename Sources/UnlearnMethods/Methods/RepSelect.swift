// Selective unlearning of representations: "RepSelect" (arXiv 2606.17168), the single-shot form of its public code.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// One direction for each matrix, found beforehand: the gradient of the forget set's mean log-probability where low-rank
/// additions have learnt it once more, with its largest components damped, which are shared with much else and come back
/// first, and the retain set's taken out. W ← W − η · direction, η growing as long as the divergence allows.
public struct RepSelect: LanguageMethod {
    public static let card = Card(
        name: "repselect",
        summary:
            "Goes along what of the forget set's gradient is its alone, and would still be after learning it again.",
        paper: "arXiv 2606.17168", needs: [.losses, .retainSet])
    public static let trainingDefaults: TrainingOptions = {
        var options = TrainingOptions()
        (options.learningRate, options.steps) = (0.1, 60)
        options.parameters =
            "model.layers.*.mlp.*_proj.weight,*h.*.mlp.c_*.weight,gpt_neox.layers.*.mlp.dense*.weight"
        (options.stop.divergence, options.stop.every) = (0.01, 1)
        return options
    }()
    public static let bringsAdditions = true

    @Setting(
        "How many of each matrix's singular values are damped, the largest; in the paper 512 for a width of 4096.",
        .within(1...100_000))
    public var components = 64
    @Setting(
        "How many directions of the retain set's gradient are taken out of each matrix's change, on both sides; 0: none.",
        .within(0...100_000))
    public var retainComponents = 32
    /// How the forget set is learnt once more before its gradient is taken.
    public var relearner: Reinforcement = {
        var relearner = Reinforcement()
        (relearner.epochs, relearner.leastSteps) = (1, 10)
        return relearner
    }()

    /// How much farther each step goes than the one before.
    static let growth = 1.15

    public init() {}

    public func problem(beside training: TrainingOptions, additionRank: Int) -> OptionProblem? {
        let path = training.rounding != .none ? "rounding" : training.flatness.rho > 0 ? "flatness.rho" : nil
        return path.map {
            OptionProblem(
                $0,
                "the method 'repselect' goes along directions found beforehand and takes no gradient on its way; leave it out"
            )
        }
    }

    public func run(_ session: Session) throws {
        guard !session.forget.isEmpty else { throw MethodError.noTargets(split: "forget") }
        let store = session.model.model.parameters
        let additions = try relearner.additions(to: store, session)
        try relearner.learn(session.forget, additions, session)
        let names = additions.weightNames
        additions.attach(to: store)
        let forget = try session.likelihoodGradients(session.forget, of: names, "Reading the forget set")
        let retain =
            retainComponents == 0
            ? nil : try session.likelihoodGradients(session.retain.flatMap(\.self), of: names, "Reading the retain set")
        store.detachAll()
        var directions: [Tensor] = []
        for index in names.indices {
            directions.append(filtered(forget[index], without: retain?[index]))
            session.note("Filtering the gradients", index + 1, of: names.count, "matrices")
        }
        Self.stretch(directions, to: names.map { store[$0] })
        try session.walk(
            along: WeightChange(of: names, in: store, directions: directions), of: names, growth: Self.growth)
    }

    /// Where a matrix is to go: against its gradient. One that the examples do not reach stays.
    func filtered(_ gradient: Tensor, without retain: Tensor?) -> Tensor {
        guard gradient.abs().max().item > 0 else { return gradient }
        let damped = SingularVectors(of: gradient, count: components).damped(gradient)
        guard let retain, retain.abs().max().item > 0 else { return -damped }
        return -SingularVectors(of: retain, count: retainComponents).removed(from: damped)
    }

    /// Brings the directions together to the length of the matrices together, so that a rate is a share of these.
    private static func stretch(_ directions: [Tensor], to matrices: [Tensor]) {
        let (length, whole) = (clip(directions, toNorm: .infinity), clip(matrices, toNorm: .infinity))
        guard length > 0 else { return }
        withoutRecording { for direction in directions { direction.multiply(inPlace: whole / length) } }
    }
}
