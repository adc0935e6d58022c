// What a run is given beside its configuration.

public import UnlearnEngine
public import UnlearnModels

/// Who runs, what was kept of earlier runs, and how the run speaks to its caller.
public struct RunContext {
    public var toolVersion: String
    /// Whether the output folder holds the run already, to go on with.
    public var isResumed: Bool
    /// Where a model is looked for that an adapter names and that is no folder.
    public var hub: HubCache?
    /// What a model wrote in earlier runs; nil: it writes everything anew.
    public var answers: AnswerCache?
    /// Takes what stops nothing and a person should know, a sentence each.
    public var onNotice: (any CustomStringConvertible) -> Void
    public var onProgress: (ProgressEvent) -> Void

    public init(
        toolVersion: String, isResumed: Bool = false, hub: HubCache? = nil, answers: AnswerCache? = nil,
        onNotice: @escaping (any CustomStringConvertible) -> Void = { _ in },
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }
    ) {
        (self.toolVersion, self.isResumed, self.hub, self.answers) = (toolVersion, isResumed, hub, answers)
        (self.onNotice, self.onProgress) = (onNotice, onProgress)
    }
}
