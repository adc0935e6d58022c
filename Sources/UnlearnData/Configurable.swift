// What every method and metric states about itself: its options with their defaults, and its card.

/// A set of options. The stored defaults of `init()` are the documented defaults.
public protocol Configurable: Codable, Sendable, Equatable {
    init()
    /// Why the options cannot be together; what one of them may be is said beside it.
    func problem() -> OptionProblem?
}

extension Configurable {
    public func problem() -> OptionProblem? { nil }
}

/// What is wrong with an option.
public struct OptionProblem: Sendable, Equatable {
    public let path: String
    public let problem: String

    public init(_ path: String, _ problem: String) { (self.path, self.problem) = (path, problem) }
}

/// What a method needs from the model or from the data in order to run.
public enum Need: String, Codable, Sendable, CaseIterable {
    /// Losses and their gradients.
    case losses
    /// Hidden states after a given layer.
    case hiddenStates
    /// Text generation.
    case generation
    /// A set of examples that must not change.
    case retainSet
    /// The subject's own terms.
    case subjectTerms
    /// Class labels.
    case classes
    /// An encoder and a decoder of images.
    case encoder
}

/// The entry of a method or a metric in its catalog: what `unlearn list` and the documentation show.
public struct Card: Codable, Sendable, Equatable {
    /// The name used on the command line: lower-case words joined by hyphens.
    public let name: String
    /// One sentence that says what it does.
    public let summary: String
    /// The publication it comes from, with year; nil for plain practice.
    public let paper: String?
    /// What it needs from the model or the data.
    public let needs: [Need]

    public init(name: String, summary: String, paper: String? = nil, needs: [Need] = []) {
        self.name = name
        self.summary = summary
        self.paper = paper
        self.needs = needs
    }
}
