// Task arithmetic: what a training on the forget set changes is taken off the model.
// Ilharco et al. 2023 (arXiv 2212.04089), section 3: θ' = θ − λ (θ_forget − θ).

public import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// Learns the forget set, mean cross-entropy per labelled token, and goes the other way by λ. With low-rank additions
/// (`lora.rank`) nothing but these is copied.
public struct TaskVector: LanguageMethod {
    public static let card = Card(
        name: "task-vector", summary: "Learns the forget set, then takes what that changed off the original model.",
        paper: "Ilharco et al. 2023, arXiv 2212.04089", needs: [.losses, .retainSet])
    public static let trainingDefaults = TrainingOptions()
    public static let scalesItsChange = true

    /// How far the other way.
    public var scale = ScaleRule()

    public init() {}

    public var needsRetain: Bool { scale.needsRetain }

    public func run(_ session: Session) throws {
        let change = try WeightChange(of: session)
        try Self.learn(session)
        change.finish(negated: true)
        try scale.settle(change, session, method: Self.card.name)
    }

    static func learn(_ session: Session) throws {
        try session.withoutRetain().descend { step in [Term("learn-nll", step.forgetTargetMean())] }
    }
}
