// One training or test example as people write it.

/// A question and its answer, a prompt and its continuation, or plain text.
public enum Example: Sendable, Hashable {
    /// Asked through the model's chat format.
    case answer(question: String, answer: String)
    /// Continued as it stands, without a chat format.
    case completion(prompt: String, completion: String)
    /// A whole conversation; the last message is the assistant's and is what counts.
    case conversation([ChatMessage])
    /// Text of which every token counts.
    case text(String)

    /// What the model is given, for reports.
    public var prompt: String {
        switch self {
        case .answer(let question, _): question
        case .completion(let prompt, _): prompt
        case .conversation(let messages): messages.last { $0.role == .user }?.content ?? ""
        case .text: ""
        }
    }

    /// What counts: the answer, the continuation, or the whole text.
    public var answer: String {
        switch self {
        case .answer(_, let answer): answer
        case .completion(_, let completion): completion
        case .conversation(let messages): messages.last?.content ?? ""
        case .text(let text): text
        }
    }

    /// Whether the model goes on with the text, so that nothing ends it.
    public var isContinued: Bool {
        switch self {
        case .completion, .text: true
        case .answer, .conversation: false
        }
    }

    /// The example without its answer, whichever of the two forms of a conversation it has: two that ask the same are one
    /// question. Text that goes on has none, and is told apart by the whole of it.
    public var question: Example {
        switch self {
        case .answer(let question, _): .conversation([ChatMessage(.user, question)])
        case .conversation(let messages): .conversation(messages.dropLast())
        case .completion, .text: self
        }
    }

    /// The same prompt with another answer; nil for a text without a prompt.
    public func answered(by text: String) -> Example? {
        switch self {
        case .answer(let question, _): .answer(question: question, answer: text)
        case .completion(let prompt, _): .completion(prompt: prompt, completion: text)
        case .conversation(let messages): .conversation(messages.dropLast() + [ChatMessage(.assistant, text)])
        case .text: nil
        }
    }

    /// The same example with every text passed through `transform`.
    public func mapText(_ transform: (String) -> String) -> Example {
        switch self {
        case .answer(let question, let answer): .answer(question: transform(question), answer: transform(answer))
        case .completion(let prompt, let completion):
            .completion(prompt: transform(prompt), completion: transform(completion))
        case .conversation(let messages):
            .conversation(messages.map { ChatMessage($0.role, transform($0.content)) })
        case .text(let text): .text(transform(text))
        }
    }
}

extension Example: Codable {
    private enum CodingKeys: String, CodingKey { case question, answer, prompt, completion, messages, text }

    public init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: CodingKeys.self)
        if let question = try row.decodeIfPresent(String.self, forKey: .question) {
            self = .answer(question: question, answer: try row.decode(String.self, forKey: .answer))
        } else if let prompt = try row.decodeIfPresent(String.self, forKey: .prompt) {
            self = .completion(prompt: prompt, completion: try row.decode(String.self, forKey: .completion))
        } else if let messages = try row.decodeIfPresent([ChatMessage].self, forKey: .messages) {
            self = .conversation(messages)
        } else {
            self = .text(try row.decode(String.self, forKey: .text))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var row = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .answer(let question, let answer):
            try row.encode(question, forKey: .question)
            try row.encode(answer, forKey: .answer)
        case .completion(let prompt, let completion):
            try row.encode(prompt, forKey: .prompt)
            try row.encode(completion, forKey: .completion)
        case .conversation(let messages): try row.encode(messages, forKey: .messages)
        case .text(let text): try row.encode(text, forKey: .text)
        }
    }
}
