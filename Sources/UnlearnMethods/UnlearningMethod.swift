// What a method of unlearning is, and what it works with.

public import UnlearnData
internal import UnlearnModels

/// A way to make a model forget. Its stored properties are its options. What it works on is said by the protocols
/// below: a method may be of several.
public protocol UnlearningMethod: Configurable {
    static var card: Card { get }
    /// Whether there must be examples to keep; by default as the card says. A term of no weight needs none.
    var needsRetain: Bool { get }
}

extension UnlearningMethod {
    public var needsRetain: Bool { Self.card.needs.contains(.retainSet) }

    /// The one place where it is asked.
    fileprivate func checkRetain(_ isThere: Bool) throws {
        guard isThere || !needsRetain else { throw MethodError.needsRetain(method: Self.card.name) }
    }
}

/// A method for language models.
public protocol LanguageMethod: UnlearningMethod {
    /// The training options that suit the method, before the user's own.
    static var trainingDefaults: TrainingOptions { get }
    /// The member of the forget set's rows by which the method splits it; nil: it reads the set as a whole.
    var splitColumn: String? { get }
    /// Whether the method makes low-rank additions of its own, beside which there can be no others.
    static var bringsAdditions: Bool { get }
    /// Whether the method scales its change of the weights once it is trained, so that what is measured in training does
    /// not bound the result.
    static var scalesItsChange: Bool { get }
    /// What of the training's options, or low-rank additions of that width, does not go with the method.
    func problem(beside training: TrainingOptions, additionRank: Int) -> OptionProblem?
    /// Whether the options fit a model of so many layers; asked before its weights are read.
    func check(layerCount: Int) throws
    /// Changes the session's model. It has what the method needs: see ``unlearn(_:)-(Session)``.
    func run(_ session: Session) throws
}

extension LanguageMethod {
    public var splitColumn: String? { nil }
    public static var bringsAdditions: Bool { false }
    public static var scalesItsChange: Bool { false }
    public func problem(beside training: TrainingOptions, additionRank: Int) -> OptionProblem? { nil }
    public func check(layerCount: Int) throws {}

    /// Makes the session's model forget.
    /// - Throws: `MethodError` if the session lacks what the method needs, or a value is no number.
    public func unlearn(_ session: Session) throws {
        try check(layerCount: session.model.model.layerCount)
        try checkRetain(!session.retain.isEmpty && session.options.retainBatchSize > 0)
        let factor = session.options.extrapolation
        let change = factor == 1 ? nil : try WeightChange(of: session)
        try run(session)
        change?.finish()
        change?.move(to: factor)
    }
}

/// A method for image classifiers.
public protocol ClassifierMethod: UnlearningMethod {
    /// How the method trains, before the user's own options.
    static var phaseDefaults: Phase { get }
    /// Changes the session's model. It has what the method needs: see ``unlearn(_:)-(ClassifierSession)``.
    func run(_ session: ClassifierSession) throws
}

extension ClassifierMethod {
    /// Makes the session's model forget.
    /// - Throws: as for language models.
    public func unlearn(_ session: ClassifierSession) throws {
        try checkRetain(!session.retain.isEmpty)
        try run(session)
    }
}

/// A method for models that redraw pictures.
public protocol GeneratorMethod: UnlearningMethod {
    /// How the method trains, before the user's own options.
    static var phaseDefaults: Phase { get }
    /// Changes the session's model. It has what the method needs: see ``unlearn(_:)-(GeneratorSession)``.
    func run(_ session: GeneratorSession) throws
}

extension GeneratorMethod {
    /// Makes the session's model forget.
    /// - Throws: as for language models.
    public func unlearn(_ session: GeneratorSession) throws {
        try checkRetain(!session.retain.isEmpty)
        try run(session)
    }
}

/// A method that minimises a sum of named terms, step by step, on any model.
public protocol ObjectiveMethod: LanguageMethod, ClassifierMethod {
    /// Whether the objective compares with the original model, which is then read once before training.
    var usesReference: Bool { get }
    func objective(_ step: any LikelihoodStep) throws -> [Term]
}

extension ObjectiveMethod {
    public var usesReference: Bool { false }

    public func run(_ session: Session) throws {
        let session = needsRetain ? session : session.withoutRetain()
        if usesReference {
            let used = try session.used(forgetCount: session.forget.count)
            try session.readReference(used.forget.map { session.forget[$0] } + used.retain)
        }
        try session.descend { step in try objective(step) }
    }

    public func run(_ session: ClassifierSession) throws {
        if usesReference { try session.readOriginal() }
        let descent = try session.descent(session.phase, over: session.forget.count)
        // A batch that the objective does not look at would still move the statistics of batch normalisation.
        let groups = needsRetain ? [session.forget, session.retain] : [session.forget]
        try descent.run("forget", groups, count: descent.totalSteps) { step in try objective(step) }
    }
}
