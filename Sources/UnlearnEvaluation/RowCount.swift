// How many of a user's rows say something of their own. What is asked twice is answered alike, and counts once.

/// The rows of a file or of a suite, and how many of them ask what an earlier one asks.
public struct RowCount: Codable, Sendable, Equatable {
    public var count: Int
    public var repeated: Int

    /// - Parameter questions: what each row asks.
    public init(_ questions: [some Hashable]) {
        (count, repeated) = (questions.count, questions.count - Set(questions).count)
    }

    /// What a reader of the figures should know; nothing if no row repeats another.
    /// - Parameter what: the rows in words: "examples to forget".
    public func notice(_ what: String) -> [String] {
        guard repeated > 0 else { return [] }
        let verb = repeated == 1 ? "repeats" : "repeat"
        return ["Of the \(count) \(what), \(repeated) \(verb) the question of another; each question is counted once."]
    }
}
