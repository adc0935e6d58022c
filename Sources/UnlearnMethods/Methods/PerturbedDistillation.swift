// Unlearning in models that redraw pictures, decoder and all: both ends are drawn anew in part, and taught again by the
// original what it draws of pictures to keep. A method of this project; its parts are Ash and Adams 2020, "On warm-starting
// neural network training" (arXiv 1910.08475), for the perturbation, and distillation after it as Lee et al. 2025,
// "Distillation robustifies unlearning" (arXiv 2506.06278), do for language models.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// θ ← (1 − s) · θ + s · fresh, with a share s for each end; then, of pictures to keep, terms: the absolute error to what
/// the original draws, and the squared distance to its features; of pictures to forget, the distance of the encoder's
/// features to the mean of those of pictures to keep. Distances are divided by the variance of the original's features.
///
/// The decoder is never asked for a forgotten picture, and what it knew of them went with the perturbation: a little
/// further training brings back no more than a model learns that never saw them. The aim is the retrained model, at a
/// share of its cost, as features teach faster than pictures alone.
public struct PerturbedDistillation: GeneratorMethod {
    public static let card = Card(
        name: "perturbed-distillation",
        summary:
            "Draws encoder and decoder anew in part, and teaches both what the original draws of pictures to keep.",
        paper: "this project; perturbation as in Ash and Adams 2020, arXiv 1910.08475", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Phase(
        .adam, learningRate: 2e-3, epochs: 1, leastSteps: 200, batchSize: 128, weightDecay: 0,
        schedule: Schedule(.cosine, warmupSteps: 20))

    @Setting("The share of the encoder that is drawn anew.", .within(0.0...1.0)) public var encoderShare = 0.3
    @Setting("The share of the decoder that is drawn anew.", .within(0.0...1.0)) public var decoderShare = 0.3
    @Setting("The weight of the distance to the original's features.", .notNegative) public var featureWeight = 1.0
    @Setting("How much whole pictures count beside the part that is drawn.", .notNegative) public var wholeWeight = 0.25
    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        let redirection = try Redirection(session, alpha)
        try session.mixFresh(encoder: encoderShare, decoder: decoderShare)
        let descent = try session.descent(
            session.phase, over: session.forget.count, session.model.parameters.trainableNames)
        let groups = [session.forget, session.retain]
        try descent.run("distil", groups, count: descent.totalSteps) { step in
            let features = step.originalFeatures(1)
            let drawn = redirection.originalDrawn(features, for: step.degraded[1])
            return [
                Term("forget-features", weight: alpha, redirection.distance(step.features(0), redirection.retainMean)),
                Term("retain-features", weight: featureWeight, redirection.distance(step.features(1), features)),
                Term("retain-pictures", step.error(1, to: drawn, wholeWeight: wholeWeight)),
            ]
        }
    }
}

extension GeneratorSession {
    /// θ ← (1 − s) · θ + s · fresh, fresh as the parameters of a new model are drawn.
    func mixFresh(encoder: Double, decoder: Double) throws {
        let fresh = try GeneratorDirectory.make(model.configuration, using: generator("fresh parameters"))
        for name in model.parameters.trainableNames {
            let share = model.isEncoder(name) ? encoder : decoder
            let parameter = model.parameters[name]
            withoutRecording { parameter.copy(from: parameter * (1 - share) + fresh.parameters[name] * share) }
        }
    }
}

extension Redirection {
    /// What the original draws from its features of degraded pictures, not recorded.
    fileprivate func originalDrawn(_ features: [Tensor], for input: DegradedImages) -> Tensor {
        withoutRecording {
            original.decode(
                ImageFeatures(features[features.count - 1], skips: Array(features.dropLast())), for: input)
        }
    }
}

extension PictureStep {
    /// The mean absolute error of what is drawn for one group, and of whole pictures, to `pictures`.
    fileprivate func error(_ group: Int, to pictures: Tensor, wholeWeight: Double) -> Tensor {
        let errors = (drawn(group) - pictures).abs()
        let mask = degraded[group].mask
        let share = withoutRecording { mask.mean().item }
        return (errors * mask).mean() * (1 / Double(max(share, 1e-6))) + errors.mean() * wholeWeight
    }
}
