// Decodes ids one at a time, and never shows half a character.

/// Joined, the pieces equal `Tokenizer.decode` of all ids.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecialTokens: Bool
    private var pending: [UInt8] = []
    private var isAtStart: Bool

    /// - Parameter context: the tokens that the ids go on after.
    public init(_ tokenizer: Tokenizer, following context: [Int32] = [], skipSpecialTokens: Bool = true) {
        self.tokenizer = tokenizer
        isAtStart = tokenizer.addsSpace(after: context)
        skipsSpecialTokens = skipSpecialTokens
    }

    /// The text that this token completes, which may be empty.
    public mutating func append(_ id: Int32) -> String {
        guard !(skipsSpecialTokens && tokenizer.isSpecial(id)) else { return "" }
        tokenizer.appendBytes(of: id, isAtStart: &isAtStart, to: &pending)
        let complete = UTF8Sequence.completeLength(of: pending)
        let text = String(decoding: pending[..<complete], as: UTF8.self)
        pending.removeFirst(complete)
        return text
    }

    /// What remains: U+FFFD for a character that was never completed.
    public mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }
}
