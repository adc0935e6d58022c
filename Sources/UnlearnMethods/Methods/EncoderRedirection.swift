// Unlearning in models that redraw pictures: the encoder turns the pictures to forget to something that says nothing.
// Li et al. 2024, "Machine unlearning for image-to-image generative models" (arXiv 2402.00351), equation 8 and section 4.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Terms: ‖E(T(x)) − E₀(T(x))‖² on retain and α · ‖E(T(x)) − target‖² on forget, means over features, both divided by the
/// variance of the original's features of retain. Only the encoder changes; the decoder stays bitwise as it is.
public struct EncoderRedirection: GeneratorMethod {
    /// What the encoder is to make of a picture to forget.
    public enum Target: String, Codable, Sendable, CaseIterable {
        /// What the original makes of noise with the moments of the images, degraded alike; as published.
        case noise
        /// The mean of what it makes of pictures to keep: no output of noise gives away what was forgotten.
        case generic
    }

    public static let card = Card(
        name: "encoder-redirection", summary: "Turns the encoder's features of the forget set to those of noise.",
        paper: "Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("What the encoder is to make of pictures to forget.") public var target = Target.noise
    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        let redirection = try Redirection(session, alpha)
        switch target {
        case .noise: try redirection.run { redirection.noise(like: $0) }
        case .generic: try redirection.run { _ in redirection.retainMean }
        }
    }
}

/// The forget features are driven away from the original's, as far as they go.
public struct MaxLoss: GeneratorMethod {
    public static let card = Card(
        name: "max-loss", summary: "Drives the encoder's features of the forget set away from the original's.",
        paper: "baseline of Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.1

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        try Redirection(session, -alpha).run { $0.originalFeatures(0) }
    }
}

/// The forget features become normal noise with the mean and the deviation of the original's.
public struct RandomEncoder: GeneratorMethod {
    public static let card = Card(
        name: "random-encoder", summary: "Turns the encoder's features of the forget set to random ones.",
        paper: "baseline of Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        let redirection = try Redirection(session, alpha)
        var generator = session.generator("random encoder")
        try redirection.run { step in
            zip(redirection.retainMoments, step.features(0)).map { moments, features in
                withoutRecording {
                    .normal(features.shape, deviation: moments.deviation, using: &generator) + moments.mean
                }
            }
        }
    }
}

/// Pictures to forget are to be redrawn as noise.
public struct NoisyLabel: GeneratorMethod {
    public static let card = Card(
        name: "noisy-label", summary: "Trains the encoder so that pictures to forget are redrawn as noise.",
        paper: "baseline of Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        let redirection = try Redirection(session, alpha)
        try redirection.runOnPictures { redirection.noisePictures($0) }
    }
}

/// Pictures to forget are to be redrawn as pictures to keep.
public struct RetainLabel: GeneratorMethod {
    public static let card = Card(
        name: "retain-label", summary: "Trains the encoder so that pictures to forget are redrawn as some to keep.",
        paper: "baseline of Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        try Redirection(session, alpha).runOnPictures { step in
            let kept = step.batches[1].inputs
            // The last batch of a pass may have fewer pictures to keep than to forget.
            let rows = (0..<step.batches[0].ids.count).map { Int64($0 % kept.shape[0]) }
            return withoutRecording { kept.select(Tensor(rows)) }
        }
    }
}
