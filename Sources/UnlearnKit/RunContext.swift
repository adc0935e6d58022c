// What a run is given beside its configuration.

public import UnlearnEngine

/// Who runs, what was kept of earlier runs, and how the run speaks to its caller.
public struct RunContext {
    public var toolVersion: String
    /// Whether the output folder holds the run already, to go on with.
    public var isResumed: Bool
    /// What a model wrote in earlier runs; nil: it writes everything anew.
    public var cache: AnswerCache?
    /// Takes what stops nothing and a person should know, a sentence each.
    public var onNotice: (any CustomStringConvertible) -> Void
    public var onProgress: (ProgressEvent) -> Void

    public init(
        toolVersion: String, isResumed: Bool = false, cache: AnswerCache? = nil,
        onNotice: @escaping (any CustomStringConvertible) -> Void = { _ in },
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }
    ) {
        (self.toolVersion, self.isResumed, self.cache) = (toolVersion, isResumed, cache)
        (self.onNotice, self.onProgress) = (onNotice, onProgress)
    }
}
