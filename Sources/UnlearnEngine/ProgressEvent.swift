// What a long-running step tells its caller about how far it has come.

/// A note of progress. Libraries never print: they hand such notes to a closure, and the caller decides what is shown.
public struct ProgressEvent: Codable, Sendable, Equatable {
    /// What is being done, in words for a person: "Training", "Answering questions".
    public let stage: String
    /// How many units are finished.
    public let done: Int
    /// How many units there are in all, where that is known.
    public let total: Int?
    /// What is counted, in the plural: "steps", "tokens".
    public let unit: String

    public init(stage: String, done: Int, total: Int?, unit: String) {
        self.stage = stage
        self.done = done
        self.total = total
        self.unit = unit
    }
}
