// Unlearning in models that redraw pictures: the encoder turns the pictures to forget to something that says nothing.
// Li et al. 2024, "Machine unlearning for image-to-image generative models" (arXiv 2402.00351), equation 8 and section 4.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Terms: ‖E(T(x)) − E₀(T(x))‖² on retain and α · ‖E(T(x)) − target‖² on forget, means over features, both divided by the
/// variance of the original's features of retain. Only the encoder changes; the decoder stays bitwise as it is.
///
/// With a budget ε, the forget term falls as far as it does while the retain term stays at ε: a Lagrange multiplier takes the
/// place of α, and rises while the retain term is beyond ε and falls while it is not.
public struct EncoderRedirection: GeneratorMethod {
    /// What the encoder is to make of a picture to forget.
    public enum Target: String, Codable, Sendable, CaseIterable {
        /// What the original makes of noise with the moments of the images, degraded alike; as published.
        case noise
        /// The mean of what it makes of pictures to keep: no output of noise gives away what was forgotten.
        case generic
        /// What it makes of another picture, one to keep, drawn once for each picture to forget: outputs look like those for
        /// any picture.
        case otherContext = "other-context"
    }

    public static let card = Card(
        name: "encoder-redirection", summary: "Turns the encoder's features of the forget set to those of noise.",
        paper: "Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("What the encoder is to make of pictures to forget.") public var target = Target.noise
    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25
    @Setting(
        "ε: how far features of pictures to keep may move, in units of their variance, while as much is forgotten as can be; "
            + "alpha is then only where the weight begins. 0: no budget.", .notNegative)
    public var retainBudget = 0.0

    public init() {}

    public func problem() -> OptionProblem? {
        retainBudget > 0 && alpha == 0 ? OptionProblem("alpha", "a budget needs a weight to begin with") : nil
    }

    public func run(_ session: GeneratorSession) throws {
        let redirection = try Redirection(session, alpha, retainBudget: retainBudget)
        switch target {
        case .noise: try redirection.run { redirection.noise(like: $0) }
        case .generic: try redirection.run { _ in redirection.retainMean }
        case .otherContext: try redirection.run { redirection.otherContext(like: $0) }
        }
    }
}
