// Unlearn, noise, distil on outputs: Lee et al. 2025, "Distillation Robustifies Unlearning" (arXiv 2506.06278), section 4.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// What another method unlearned is disturbed, θ ← (1 − s) · θ + s · σ · N(0, 1), σ the root mean square of each matrix; then
/// the disturbed model learns the distributions of the undisturbed one on what is to be kept, KL(unlearned ‖ model) per
/// token. What is to be forgotten is not among it, so that what was merely hidden is not learnt again.
public struct UNDO: LanguageMethod {
    /// What unlearns.
    public enum Inner: String, Codable, Sendable, CaseIterable {
        case translatedDistillation = "translated-distillation"
        case npo
    }

    public static let card = Card(
        name: "undo",
        summary: "Disturbs what another method unlearned, and repairs it by its own answers to what is kept.",
        paper: "Lee et al. 2025, arXiv 2506.06278", needs: [.losses, .retainSet])
    public static var trainingDefaults: TrainingOptions { TranslatedDistillation.trainingDefaults }

    @Setting("What unlearns, before it is disturbed and repaired; translated-distillation needs a subject.")
    public var inner = Inner.translatedDistillation
    @Setting("s, the share of each matrix that noise takes the place of.", .within(0.0...1)) public var noise = 0.05
    /// How the disturbed model is repaired.
    public var repair = Repair()
    /// The options of the inner methods.
    public var distillation = TranslatedDistillation()
    public var npo = NPO()

    public init() {}

    public func problem(beside training: TrainingOptions, additionRank: Int) -> OptionProblem? {
        if additionRank > 0 {
            return OptionProblem(
                "lora.rank",
                "the method 'undo' disturbs the weights themselves, which low-rank additions leave as they are")
        }
        guard training.stop.divergence != nil else { return nil }
        return OptionProblem(
            "stop.divergence",
            "the method 'undo' disturbs the model after it has unlearned, and no step of the repair is within it before the "
                + "last; leave it out")
    }

    public func run(_ session: Session) throws {
        let store = session.model.model.parameters
        let names = try session.trainedNames()
        // What is unlearned is kept with every state of the repair, which reads it: at first these are the model's own.
        let unlearned = ParameterStore()
        for name in names { unlearned.add("unlearned.\(name)", store[name]) }
        let first = session.part(session.forget, keeping: unlearned) {}
        switch inner {
        case .translatedDistillation: try distillation.run(first)
        case .npo: try npo.run(first)
        }
        for name in names {
            unlearned.replace("unlearned.\(name)", by: withoutRecording { store[name] + 0 })
        }
        let last = session.last(
            after: unlearned, over: session.retain.flatMap(\.self), options: repair.options(session))
        try repair.run(last) {
            for name in names where store[name].rank > 1 {
                var generator = Generator(seed: session.seed, purpose: "undo \(name)")
                Self.disturb(store[name], share: noise, using: &generator)
            }
        }
    }

    /// θ ← (1 − s) · θ + s · σ · N(0, 1), σ² = mean θ², entries drawn in row order.
    static func disturb(_ matrix: Tensor, share: Double, using generator: inout Generator) {
        withoutRecording {
            let deviation = matrix.square().mean().sqrt()
            let noise = Tensor.normal(matrix.shape, using: &generator) * deviation
            matrix.copy(from: matrix * (1 - share) + noise * share)
        }
    }
}

/// How a disturbed model learns again what it said before.
public struct Repair: Configurable {
    @Setting("The peak learning rate.", .positive) public var learningRate = 1e-4
    @Setting("Steps.", .within(1...1_000_000)) public var steps = 60
    @Setting("Examples to keep in each step.", .within(1...1_000_000)) public var batchSize = 8

    public init() {}

    fileprivate func options(_ session: Session) -> TrainingOptions {
        var options = session.options
        // No step reads an example twice.
        let most = session.retain.reduce(0) { $0 + $1.count }
        (options.learningRate, options.steps, options.batchSize) = (learningRate, steps, min(batchSize, most))
        return options
    }

    /// - Parameter disturb: called when the model was read.
    fileprivate func run(_ session: Session, _ disturb: () -> Void) throws {
        let used = try session.used(forgetCount: session.forget.count).forget
        let teacher = try session.read(used.map { session.forget[$0] }, "Reading the unlearned model")
        disturb()
        try session.descend { step in [Term("repair-kl", step.forgetDivergence(from: teacher))] }
    }
}
