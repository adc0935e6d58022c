// What a model is given: a question in its chat format, or text to be continued.

/// What a prompt is to the model.
public enum Prompt: Codable, Sendable, Hashable {
    /// A question in the model's chat format.
    case question(String)
    /// Text to be continued as it stands.
    case completion(String)

    /// What an example asks; nil for plain text.
    public init?(of example: Example) {
        switch example {
        case .answer(let question, _): self = .question(question)
        case .completion(let prompt, _): self = .completion(prompt)
        case .conversation: self = .question(example.prompt)
        case .text: return nil
        }
    }

    public var text: String {
        switch self {
        case .question(let text), .completion(let text): text
        }
    }

    /// The prompt with an answer.
    public func answered(_ answer: String) -> Example {
        switch self {
        case .question(let text): .answer(question: text, answer: answer)
        case .completion(let text): .completion(prompt: text, completion: answer)
        }
    }
}
