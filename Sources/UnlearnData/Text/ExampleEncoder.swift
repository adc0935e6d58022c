// Examples as tokens: which ids the model reads, and which of them count.

/// Turns examples into token ids with one tokenizer and one chat format.
///
/// What the model reads is one text from its first token to its last: prompt and continuation, a conversation with its
/// answer. It is encoded once and then cut, so that the tokens around a cut are those that the model met in training.
public struct ExampleEncoder: Sendable {
    public let tokenizer: Tokenizer
    /// Nil for conversations without markup.
    private let template: ChatTemplate?
    /// The ids that end an answer, the format's own first.
    public private(set) var endOfAnswer: [Int32] = []
    /// The ids with which every question begins. Work on them can be shared between examples.
    public private(set) var sharedPrefix: [Int32] = []

    /// What was said before every conversation; before text that is continued, it stands as text.
    private var earlier: [ChatMessage] = []

    /// An example as tokens, cut into what stands before, the parts of the answer, and what ends it.
    public struct Reading: Sendable, Equatable {
        public fileprivate(set) var tokens: [Int32]
        /// Where the labelled tokens begin, then each part of the answer, then what ends the answer.
        public fileprivate(set) var bounds: [Int]
    }

    /// - Parameter format: nil for the model's own template; a model without one gets no markup.
    /// - Throws: ``TokenizerError`` if the template cannot be followed, or the vocabulary lacks its control tokens.
    public init(_ tokenizer: Tokenizer, _ format: ChatFormat? = nil) throws(TokenizerError) {
        self.tokenizer = tokenizer
        template = try tokenizer.chatTemplate(format)
        let answered = try read(.answer(question: "a", answer: "a"), parts: ["a"])
        let end = answered.tokens.suffix(from: answered.bounds[2]).first(where: tokenizer.isSpecial)
        endOfAnswer = [end, tokenizer.endOfSequence == end ? nil : tokenizer.endOfSequence].compactMap(\.self)
        sharedPrefix = try commonBeginning()
    }

    /// The same with messages that stand before every conversation and, as lines of text, before every text that is
    /// continued. Texts of which every token counts stay as they are.
    /// - Throws: as ``read(_:parts:)``.
    public func following(_ messages: [ChatMessage]) throws(TokenizerError) -> ExampleEncoder {
        var encoder = self
        encoder.earlier = messages
        encoder.sharedPrefix = try encoder.commonBeginning()
        return encoder
    }

    /// The ids that two questions have in common, up to the last control token: text behind it could merge with the
    /// user's words.
    private func commonBeginning() throws(TokenizerError) -> [Int32] {
        let begun = zip(try conversation([ChatMessage(.user, "a")]), try conversation([ChatMessage(.user, "1")]))
            .prefix { $0 == $1 }.map(\.0)
        return Array(begun.prefix((begun.lastIndex(where: tokenizer.isSpecial) ?? -1) + 1))
    }

    /// The ids that end an answer.
    public var stopTokens: Set<Int32> { Set(endOfAnswer) }

    /// The ids of a question in the chat format, up to where the assistant begins.
    /// - Throws: as ``read(_:parts:)``.
    public func question(_ text: String) throws(TokenizerError) -> [Int32] {
        try conversation([ChatMessage(.user, text)])
    }

    /// The ids of a text to be continued.
    public func prompt(_ text: String) -> [Int32] { begun(earlierText + text) }

    /// The whole example. Labelled are the answer and the token that ends it, or every token of a text.
    /// - Throws: as ``read(_:parts:)``.
    public func encode(_ example: Example, id: Int) throws(TokenizerError) -> TokenExample {
        let reading = try read(example, parts: [example.answer])
        return TokenExample(id: id, tokens: reading.tokens, labelledFrom: reading.bounds[0])
    }

    /// The whole example, and where in it the parts of its answer begin.
    /// - Throws: ``TokenizerError/chatTemplate(problem:valid:)`` for a conversation that the model's template
    ///   refuses, such as one with a system message; never for a text or its continuation.
    public func read(_ example: Example, parts: [String]) throws(TokenizerError) -> Reading {
        switch example {
        case .text: reading(of: "", parts)
        case .completion(let prompt, _): continued(reading(of: earlierText + prompt, parts))
        case .answer(let question, _): try reading([ChatMessage(.user, question)], parts)
        case .conversation(let messages): try reading(Array(messages.dropLast()), parts)
        }
    }

    /// How many tokens a text has as an example.
    func count(ofText text: String) -> Int { reading(of: "", [text]).tokens.count }

    // MARK: - One text

    private var beginning: Int32 { tokenizer.endOfSequence ?? 0 }

    /// A model without a token for the beginning still needs something to continue.
    private func nonEmpty(_ ids: [Int32]) -> [Int32] { ids.isEmpty ? [beginning] : ids }

    private var earlierText: String { earlier.map { $0.content + "\n" }.joined() }

    private func begun(_ text: String) -> [Int32] {
        // Never what the tokenizer puts after a finished text.
        nonEmpty(tokenizer.definition.prefix + tokenizer.encode(text, addSpecialTokens: false))
    }

    private func conversation(_ messages: [ChatMessage]) throws(TokenizerError) -> [Int32] {
        let messages = earlier + messages
        guard let template else { return begun(messages.map(\.content).joined(separator: "\n")) }
        return nonEmpty(tokenizer.encode(try template.render(messages, addGenerationPrompt: true)).ids)
    }

    /// Text without markup.
    private func reading(of prompt: String, _ parts: [String]) -> Reading {
        var text = SourcedText()
        text.append(prompt.utf8, .message)
        for (index, part) in parts.enumerated() { text.append(part.utf8, .part(index)) }
        var reading = reading(of: text, labelledFrom: prompt.utf8.count, parts: parts.count)
        // Only what the model was trained to see before a text: SmolLM2, say, has a begin token for chats alone.
        reading.insert(tokenizer.definition.prefix)
        return reading
    }

    private func reading(_ messages: [ChatMessage], _ parts: [String]) throws(TokenizerError) -> Reading {
        let messages = earlier + messages
        guard let template else {
            var reading = reading(of: messages.map(\.content).joined(separator: "\n"), parts)
            reading.tokens += tokenizer.endOfSequence.map { [$0] } ?? []
            return continued(reading)
        }
        let asked = try template.render(messages, addGenerationPrompt: true)
        let text = try template.render(
            messages + [ChatMessage(.assistant, "")], parts: parts, addGenerationPrompt: false)
        // A template may write the question in another way where an answer follows. Then the answer alone counts.
        let common = text.commonPrefix(with: asked)
        let start = common < text.end(of: .message) ? text.bytes.count : common
        var reading = reading(of: text, labelledFrom: start, parts: parts.count)
        let end = reading.bounds[parts.count + 1]
        if let last = reading.tokens[end...].firstIndex(where: tokenizer.isSpecial) {
            reading.tokens.removeSubrange((last + 1)...)
        }
        return continued(reading)
    }

    /// - Parameter labelledFrom: where the continuation begins, in bytes; spaces before that place belong to it too.
    private func reading(of text: SourcedText, labelledFrom start: Int, parts count: Int) -> Reading {
        let parts = text.bounds(ofParts: count) ?? [Int](repeating: start, count: count + 1)
        var start = min(start, parts[0])
        while start > 0, text.bytes[start - 1] == UInt8(ascii: " ") { start -= 1 }
        let (ids, counts) = tokenizer.encode(text, places: [start] + parts)
        return Reading(tokens: ids, bounds: counts)
    }

    /// A continuation has at least one token, and there is one that it continues.
    private func continued(_ reading: Reading) -> Reading {
        var reading = reading
        reading.bounds[0] = min(reading.bounds[0], max(0, reading.tokens.count - 1))
        if reading.bounds[0] == 0 { reading.insert([beginning]) }
        return reading
    }
}

extension ExampleEncoder.Reading {
    /// Puts tokens before all others.
    fileprivate mutating func insert(_ prefix: [Int32]) {
        tokens.insert(contentsOf: prefix, at: 0)
        bounds = bounds.map { $0 + prefix.count }
    }
}
