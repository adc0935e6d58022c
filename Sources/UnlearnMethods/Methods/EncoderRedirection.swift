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

/// Terms: the squared error of what is drawn of pictures to forget, raised, beside the retain term of the method above.
public struct MaxLoss: GeneratorMethod {
    public static let card = Card(
        name: "max-loss", summary: "Trains the encoder so that pictures to forget are redrawn ever worse.",
        paper: "baseline of Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.1

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        try Redirection(session, -alpha).runOnPictures { $0.batches[0].inputs }
    }
}
