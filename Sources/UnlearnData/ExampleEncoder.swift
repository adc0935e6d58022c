// Examples as tokens: which ids the model reads, and which of them count.

/// Turns examples into token ids with one tokenizer and one chat format.
public struct ExampleEncoder: Sendable {
    public let tokenizer: Tokenizer
    public let format: ChatFormat
    /// The ids that end an answer, the format's own first.
    public let endOfAnswer: [Int32]

    /// - Throws: ``TokenizerError`` if the vocabulary lacks the format's control tokens.
    public init(_ tokenizer: Tokenizer, _ format: ChatFormat) throws(TokenizerError) {
        self.tokenizer = tokenizer
        self.format = format
        endOfAnswer = try tokenizer.endOfAnswer(format)
        _ = try tokenizer.chatPrompt([ChatMessage(.user, "")], format)
    }

    /// The ids that end an answer.
    public var stopTokens: Set<Int32> { Set(endOfAnswer) }

    /// The ids of a question in the chat format, up to where the assistant begins.
    public func question(_ text: String) -> [Int32] { chat([ChatMessage(.user, text)]) }

    /// The ids of a text to be continued.
    public func prompt(_ text: String) -> [Int32] {
        let ids = tokenizer.encode(text)
        // A model without a token for the beginning still needs something to continue.
        return ids.isEmpty ? [tokenizer.endOfSequence ?? 0] : ids
    }

    /// What the model reads before an example's answer.
    public func context(of example: Example) -> [Int32] {
        switch example {
        case .answer(let question, _): self.question(question)
        case .completion(let prompt, _): self.prompt(prompt)
        case .conversation(let messages): chat(Array(messages.dropLast()))
        // Only what the model was trained to see before a text: SmolLM2, say, has a begin token for chats alone.
        case .text: tokenizer.definition.prefix
        }
    }

    /// The whole example. Labelled are the answer and the token that ends it, or every token of a text.
    public func encode(_ example: Example, id: Int) -> TokenExample {
        let context = context(of: example)
        var answer = tokenizer.encode(example.answer, addSpecialTokens: false)
        switch example {
        case .answer, .conversation: answer += endOfAnswer.prefix(1)
        case .completion, .text: break
        }
        return TokenExample(id: id, tokens: context + answer, labelledFrom: context.count)
    }

    private func chat(_ messages: [ChatMessage]) -> [Int32] {
        // The control tokens were found when this value was made.
        (try? tokenizer.chatPrompt(messages, format)) ?? []
    }
}
