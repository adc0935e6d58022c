// Conversations as a model's template writes them, safe against messages that imitate the format.

/// How conversations are written for one tokenizer.
struct ChatTemplate: Sendable {
    private let template: JinjaTemplate
    /// What templates call the special tokens: `bos_token` and the like.
    private let tokens: [(name: String, text: String)]
    private let formats: [String]

    /// - Parameter source: Jinja, in the form that transformers reads.
    fileprivate init(_ source: String, _ tokenizer: Tokenizer) throws(TokenizerError) {
        let definition = tokenizer.definition
        let ids = [
            ("bos_token", definition.beginOfSequence), ("eos_token", definition.endOfSequence),
            ("pad_token", definition.padding), ("unk_token", definition.unknown),
        ]
        tokens = ids.compactMap { name, id in id.flatMap(tokenizer.token).map { (name, $0) } }
        formats = tokenizer.possibleChatFormats.map(\.rawValue)
        do { template = try JinjaTemplate(source) } catch { throw Self.problem(error, formats) }
        // What it leaves out of a plain conversation it cannot have been made for.
        let question = ChatMessage(.user, "a")
        let asked = try render([question], addGenerationPrompt: true)
        let answered = try render([question, ChatMessage(.assistant, "")], parts: ["a"], addGenerationPrompt: false)
        guard asked.runs.contains(where: { $0.source == .message }), answered.bounds(ofParts: 1) != nil else {
            throw .chatTemplate(problem: "it leaves out what is said", valid: formats)
        }
    }

    private static func problem(_ error: JinjaError, _ formats: [String]) -> TokenizerError {
        .chatTemplate(problem: "in line \(error.line), \(error.problem)", valid: formats)
    }

    /// The conversation as text.
    /// - Parameters:
    ///   - parts: what stands for the last message, in parts; nil: it is a message like the others.
    ///   - addGenerationPrompt: whether the text goes on to where the assistant's words begin.
    func render(
        _ messages: [ChatMessage], parts: [String]? = nil, addGenerationPrompt: Bool
    ) throws(TokenizerError) -> SourcedText {
        let rows = messages.enumerated().map { index, message -> JinjaValue in
            let isLast = parts != nil && index == messages.count - 1
            let content =
                isLast
                ? (parts ?? []).enumerated().flatMap { [JinjaLetter]($1, .part($0)) }
                : [JinjaLetter](message.content, .message)
            return .dictionary([("role", .text(message.role.rawValue)), ("content", .text(content))])
        }
        var variables: [String: JinjaValue] = [
            "messages": .list(rows), "add_generation_prompt": .boolean(addGenerationPrompt), "tools": .none,
            "documents": .none,
        ]
        for (name, text) in tokens { variables[name] = .text(text) }
        let letters: [JinjaLetter]
        do { letters = try template.render(variables) } catch { throw Self.problem(error, formats) }
        var text = SourcedText()
        for letter in letters { text.append(UTF8.encode(letter.scalar) ?? .init(), letter.source) }
        return text
    }
}

extension Tokenizer {
    /// The format to whose family the model's own chat template belongs, if it is a known one.
    public var chatFormat: ChatFormat? { ChatFormat.detect(template: definition.chatTemplate) }

    /// The template of a format, or the model's own; nil if conversations are written without markup.
    func chatTemplate(_ format: ChatFormat?) throws(TokenizerError) -> ChatTemplate? {
        if let own = definition.chatTemplate, format == nil || format == chatFormat {
            return try ChatTemplate(own, self)
        }
        guard let format, let source = format.template else { return nil }
        for token in format.controlTokens where id(of: token) == nil {
            throw .missingControlToken(
                token: token, format: format.rawValue, valid: possibleChatFormats.map(\.rawValue))
        }
        return try ChatTemplate(source, self)
    }

    /// The formats whose control tokens are all in the vocabulary.
    var possibleChatFormats: [ChatFormat] {
        ChatFormat.allCases.filter { $0.controlTokens.allSatisfy { id(of: $0) != nil } }
    }
}
