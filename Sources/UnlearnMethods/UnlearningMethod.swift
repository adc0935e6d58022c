// What a method of unlearning is, and what it works with.

public import UnlearnData
public import UnlearnEngine

/// What stops a method.
public enum MethodError: Error, Equatable, CustomStringConvertible {
    case notFinite(step: Int, term: String, examples: [Int])
    case needsRetain(method: String)
    case needsTerms(method: String)
    case noTargets(split: String)
    case unknownSubject(name: String)
    case unknownMethod(String, known: [String])
    case layer(Int, method: String, layers: Int)
    case foreignState(name: String)
    /// A method that works on a part of the data that is not there, such as a validation set.
    case needsExamples(method: String, split: String)
    /// Answers that admit not knowing, and no questions to answer so.
    case needsQuestions
    /// A method for models of several networks.
    case needsShards(method: String)
    /// Whoever began the training wants no further step.
    case stopped(step: Int)
    /// A training that reads more examples than a plan can hold.
    case tooLong(steps: Int, perStep: Int, most: Int)

    public var description: String {
        switch self {
        case .notFinite(let step, let term, let examples):
            "The \(term) term is not a finite number at step \(step) (examples \(Self.list(examples))). The learning rate is "
                + "probably too high: lower it with --set learningRate=…"
        case .needsRetain(let method):
            "The method '\(method)' needs examples that must not change in each step. Give them with --retain FILE, "
                + "and let retainBatchSize be at least 1."
        case .needsTerms(let method):
            "The method '\(method)' found no terms that belong to the subject alone. Give them with --terms FILE, or "
                + "choose another method with --method."
        case .noTargets(let split): "The \(split) set holds no example with a token to learn from."
        case .unknownSubject(let name):
            "The model wrote nothing about '\(name)' that it does not write about others: it does not seem to know the "
                + "subject. Check the spelling, or give your own examples with --forget FILE."
        case .needsExamples(let method, let split):
            "The method '\(method)' needs a \(split) set, and there is none. Choose another method with --method."
        case .needsQuestions:
            "Not knowing is learnt as the answer to questions, and the forget set holds none, only texts. Give questions with "
                + "--forget FILE, or leave out --answer unknown."
        case .needsShards(let method):
            "The method '\(method)' needs a model that was trained in shards. Train one with --set design.shards=4, or choose "
                + "another method with --method."
        case .unknownMethod(let name, let known):
            "There is no method '\(name)'. Methods are: \(known.joined(separator: ", "))."
        case .layer(let layer, let method, let layers):
            "The method '\(method)' is to work on layer \(layer), but the model's \(layers) layers are counted from 0. "
                + "Choose one with --set layer=…, from 0 to \(layers - 1)."
        case .stopped(let step): "The training was stopped after \(step) steps."
        case .tooLong(let steps, let perStep, let most):
            "\(steps) steps of \(perStep) examples are more than a training can have, which reads at most \(most) examples in "
                + "all. Lower the steps, the epochs or the batch size with --set."
        case .foreignState(let name):
            "The kept state of the training does not fit the model at '\(name)'. Start the run anew with another --output."
        }
    }
}

extension MethodError {
    /// The first of some numbers, and how many others there are.
    private static func list(_ numbers: [Int]) -> String {
        let shown = numbers.prefix(8).map(String.init).joined(separator: ", ")
        return numbers.count > 8 ? "\(shown) and \(numbers.count - 8) more" : shown
    }

    /// That the plan of a training fits into memory: it holds a number for every example of every step.
    static func checkLength(steps: Int, perStep: Int) throws {
        let most = 1 << 28
        guard steps <= most / max(1, perStep) else {
            throw MethodError.tooLong(steps: steps, perStep: perStep, most: most)
        }
    }
}

/// A way to make a model forget. Its stored properties are its options. What it works on is said by the protocols
/// below: a method may be of several.
public protocol UnlearningMethod: Configurable {
    static var card: Card { get }
}

/// A method for language models.
public protocol LanguageMethod: UnlearningMethod {
    /// The training options that suit the method, before the user's own.
    static var trainingDefaults: TrainingOptions { get }
    /// Whether the options fit a model of so many layers; asked before its weights are read.
    func check(layerCount: Int) throws
    /// Changes the session's model.
    func unlearn(_ session: Session) throws
}

extension LanguageMethod {
    public func check(layerCount: Int) throws {}
}

/// A method for image classifiers.
public protocol ClassifierMethod: UnlearningMethod {
    /// How the method trains, before the user's own options.
    static var phaseDefaults: Phase { get }
    /// Changes the session's model.
    func unlearn(_ session: ClassifierSession) throws
}

/// One named part of what is minimised.
public struct Term {
    public let name: String
    public let weight: Double
    /// Whether nothing but retain examples is read for it.
    let isOfRetain: Bool
    private let result: Result

    /// Computed at the first look at it and then kept.
    private final class Result {
        private let compute: () -> Tensor
        lazy var value = compute()

        init(_ compute: @escaping () -> Tensor) { self.compute = compute }
    }

    /// A scalar.
    public var value: Tensor { result.value }

    public init(_ name: String, weight: Double = 1, _ value: Tensor) {
        (self.name, self.weight, isOfRetain) = (name, weight, false)
        result = Result { value }
    }

    /// A term that reads retain examples alone, computed when it is needed: with a long step, after the rest of the
    /// objective is done with, so that never both are in memory.
    init(ofRetain name: String, weight: Double, _ value: @escaping () -> Tensor) {
        (self.name, self.weight, isOfRetain) = (name, weight, true)
        result = Result(value)
    }
}

/// What a step of training offers to an objective, whatever the model. Targets are labelled tokens, or labels.
public protocol ObjectiveStep {
    var hasRetain: Bool { get }
    /// S of each forget example: the sum of log q over its targets, recorded.
    func forgetSums() -> Tensor
    /// The same by the original model.
    func originalForgetSums() -> Tensor
    /// How many targets each forget example has.
    var forgetTargetCounts: [Int] { get }
    /// Mean cross-entropy per target.
    func forgetTargetMean() -> Tensor
    func retainTargetMean() -> Tensor
    /// log q of all choices at each retain target, `[targets, choices]`, recorded.
    var retainLogDistributions: Tensor { get }
    /// The same by the original model.
    func originalRetainLogDistributions() -> Tensor
    /// KL(original ‖ model) per retain target, averaged.
    func retainDivergence() -> Tensor
    /// What retain targets are predicted from, `[targets, width]`: a language model's states, a classifier's scores.
    var retainStates: Tensor { get }
    func originalRetainStates() -> Tensor
}

extension ObjectiveStep {
    public func retainDivergence() -> Tensor {
        divergence(from: originalRetainLogDistributions(), to: retainLogDistributions)
    }
}

/// A method that minimises a sum of named terms, step by step, on any model.
public protocol ObjectiveMethod: LanguageMethod, ClassifierMethod {
    /// Whether the objective compares with the original model, which is then read once before training.
    var usesReference: Bool { get }
    func objective(_ step: any ObjectiveStep) throws -> [Term]
}

extension ObjectiveMethod {
    public var usesReference: Bool { false }

    public func unlearn(_ session: Session) throws {
        let session = Self.card.needs.contains(.retainSet) ? session : session.withoutRetain()
        if usesReference {
            let used = try session.used(forgetCount: session.forget.count)
            try session.readReference(used.forget.map { session.forget[$0] } + used.retain)
        }
        try session.descend { step in try objective(step) }
    }

    public func unlearn(_ session: ClassifierSession) throws {
        if usesReference { try session.readOriginal() }
        let descent = try session.descent(session.phase, over: session.forget.count)
        // A batch that the objective does not look at would still move the statistics of batch normalisation.
        let groups = Self.card.needs.contains(.retainSet) ? [session.forget, session.retain] : [session.forget]
        try descent.run("forget", groups, count: descent.totalSteps) {
            step in try objective(step)
        }
    }
}

extension [Term] {
    /// What is minimised; there must be at least one term.
    var total: Tensor { dropFirst().reduce(self[0].value * self[0].weight) { $0 + $1.value * $1.weight } }

    /// The terms whose gradients are taken together: all, or, of a step in two passes, those of each pass.
    func inPasses(of step: Step) -> [[Term]] {
        guard step.isInTwoPasses else { return [self] }
        return [filter { !$0.isOfRetain }, filter(\.isOfRetain)].filter { !$0.isEmpty }
    }

    /// The value of each term; one that is not finite stops the run, naming the examples.
    func values(step: Int, examples: @autoclosure () -> [Int]) throws -> [String: Double] {
        var values: [String: Double] = [:]
        for term in self {
            let value = Double(term.value.item)
            guard value.isFinite else { throw MethodError.notFinite(step: step, term: term.name, examples: examples()) }
            values[term.name] = value
        }
        return values
    }
}

/// The options of the training loop, common to all methods.
public struct TrainingOptions: Configurable {
    /// The peak learning rate.
    public var learningRate = 1e-5
    /// Steps; nil: as many as `epochs` passes over the forget set take.
    public var steps: Int?
    public var epochs = 5
    /// Forget examples in each step.
    public var batchSize = 4
    /// Retain examples in each step.
    public var retainBatchSize = 4
    /// Which parameters change: patterns separated by commas. The default names the matrices of every block, in the
    /// names of Llama and its kin, of GPT-2, and of GPT-NeoX.
    public var parameters =
        "model.layers.*_proj.weight,*h.*.c_*.weight,gpt_neox.layers.*.query_key_value.weight,gpt_neox.layers.*.dense*.weight"
    /// How what does not change is kept in memory: "stored" halves it for checkpoints in half precision.
    public var frozenPrecision = Precision.single
    public var schedule = Schedule()
    public var optimizer = AdamWOptions()
    /// The largest norm that the gradient of all parameters together may have.
    public var gradientNormLimit = 1.0
    /// Seconds after which the state of a training is kept again, so that it can go on after an interruption.
    public var checkpointSeconds = 120.0

    public init() {}
}
