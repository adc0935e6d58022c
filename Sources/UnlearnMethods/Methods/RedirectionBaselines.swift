// What Li et al. 2024 (arXiv 2402.00351) compare their method with, each beside its retain term. Unlike in the published code,
// every forget term looks at pictures to forget alone.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// Terms: the squared error of what is drawn of pictures to forget, raised, and the retain term.
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

/// Terms: the squared distance of what is drawn of a picture to forget from a picture of noise, one draw for each, and the
/// retain term.
public struct NoisyLabel: GeneratorMethod {
    public static let card = Card(
        name: "noisy-label", summary: "Trains the encoder so that pictures to forget are redrawn as noise.",
        paper: "baseline of Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        let redirection = try Redirection(session, alpha)
        try redirection.runOnPictures { redirection.noisePictures($0.batches[0].ids) }
    }
}

/// Terms: the squared distance of what is drawn of a picture to forget from what the original draws of one to keep, drawn
/// once for each, and the retain term.
public struct RetainLabel: GeneratorMethod {
    public static let card = Card(
        name: "retain-label", summary: "Trains the encoder so that pictures to forget are redrawn as others to keep.",
        paper: "baseline of Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        let redirection = try Redirection(session, alpha)
        try redirection.runOnPictures { redirection.otherPictures(like: $0) }
    }
}

/// Terms: the squared distance of the features of a picture to forget from normal noise with the moments of the original's
/// features, one draw for each, and the retain term.
public struct RandomEncoder: GeneratorMethod {
    public static let card = Card(
        name: "random-encoder", summary: "Turns the encoder's features of the forget set to random ones.",
        paper: "baseline of Li et al. 2024, arXiv 2402.00351", needs: [.encoder, .retainSet])
    public static let phaseDefaults = Redirection.phase

    @Setting("α, the weight of the forget term.", .notNegative) public var alpha = 0.25

    public init() {}

    public func run(_ session: GeneratorSession) throws {
        let redirection = try Redirection(session, alpha)
        try redirection.run { redirection.randomFeatures(like: $0) }
    }
}
