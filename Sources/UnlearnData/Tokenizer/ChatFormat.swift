// How chat models expect a conversation to be written.

/// Who says what: `role` is system, user or assistant.
public struct ChatMessage: Sendable, Hashable, Codable {
    public enum Role: String, Sendable, Codable, CaseIterable {
        case system, user, assistant
    }

    public var role: Role
    public var content: String

    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}

public enum ChatFormat: String, Sendable, Codable, CaseIterable {
    /// `<|im_start|>role⏎ … <|im_end|>⏎`: SmolLM2, Qwen.
    case chatML = "chatml"
    /// `[INST] … [/INST] …`, the system's words inside the first message.
    case llama2
    /// `<|start_header_id|>role<|end_header_id|>⏎⏎ … <|eot_id|>`.
    case llama3
    /// No markup, for models that were not trained to chat: messages on lines of their own.
    case plain

    /// The format that a model's own Jinja template writes, or nil if there is no template or it is another format.
    public static func detect(template: String?) -> ChatFormat? {
        guard let template else { return nil }
        return allCases.first { format in format.marks.contains { template.contains($0) } }
    }

    /// What gives the format away in a template.
    private var marks: [String] {
        switch self {
        case .chatML: ["<|im_start|>"]
        case .llama2: ["[INST]"]
        case .llama3: ["<|start_header_id|>"]
        case .plain: []
        }
    }

    /// The control tokens without which the format cannot be written.
    var controlTokens: [String] {
        switch self {
        case .chatML: ["<|im_start|>", "<|im_end|>"]
        case .llama2: ["<s>", "</s>"]
        case .llama3: ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
        case .plain: []
        }
    }

    /// The system message that the template writes when a conversation has none.
    ///
    /// Templates that write the current date (Llama 3.1 and later) have no constant message, and give nil.
    func defaultSystemMessage(template: String?) throws(TokenizerError) -> String? {
        guard self == .chatML, let template else { return nil }
        // The text from the header to the end mark, if it is one literal: no quotation mark ends it in between.
        let literal = try Pattern(
            #"(?s)<\|im_start\|>system(?:\\n|\n)((?:(?!<\||['"]\s*[-+~}]|\{\{|\{%).)+)<\|im_end\|>"#)
        guard let groups = literal.firstGroups(in: template, count: 2), let message = groups[1] else { return nil }
        return message.replacing(#"\n"#, with: "\n").replacing(#"\'"#, with: "'").replacing(#"\""#, with: "\"")
    }
}

/// A piece of a rendered conversation.
enum ChatPiece: Equatable {
    case control(String)
    /// Text of the format itself or of a message; control tokens spelled out in it have no effect.
    case text(String)
}

extension ChatFormat {
    /// The conversation in pieces, neighbouring texts not yet joined.
    func pieces(_ messages: [ChatMessage], addGenerationPrompt: Bool) -> [ChatPiece] {
        switch self {
        case .chatML: chatMLPieces(messages, addGenerationPrompt)
        case .llama2: llama2Pieces(messages)
        case .llama3: llama3Pieces(messages, addGenerationPrompt)
        case .plain: messages.enumerated().map { .text(($0.offset > 0 ? "\n" : "") + $0.element.content) }
        }
    }

    private func chatMLPieces(_ messages: [ChatMessage], _ addGenerationPrompt: Bool) -> [ChatPiece] {
        let turns = messages.flatMap { message -> [ChatPiece] in
            [
                .control("<|im_start|>"), .text(message.role.rawValue + "\n"), .text(message.content),
                .control("<|im_end|>"), .text("\n"),
            ]
        }
        return turns + (addGenerationPrompt ? [.control("<|im_start|>"), .text("assistant\n")] : [])
    }

    private func llama3Pieces(_ messages: [ChatMessage], _ addGenerationPrompt: Bool) -> [ChatPiece] {
        func header(_ role: ChatMessage.Role) -> [ChatPiece] {
            [
                .control("<|start_header_id|>"), .text(role.rawValue), .control("<|end_header_id|>"), .text("\n\n"),
            ]
        }
        let turns = messages.flatMap { message in
            header(message.role) + [.text(message.content.trimmed), .control("<|eot_id|>")]
        }
        return [.control("<|begin_of_text|>")] + turns + (addGenerationPrompt ? header(.assistant) : [])
    }

    private func llama2Pieces(_ messages: [ChatMessage]) -> [ChatPiece] {
        var pieces: [ChatPiece] = []
        var system = ""
        for message in messages {
            switch message.role {
            case .system:
                system = "<<SYS>>\n\(message.content)\n<</SYS>>\n\n"
            case .user:
                pieces += [.control("<s>"), .text("[INST] " + (system + message.content).trimmed + " [/INST]")]
                system = ""
            case .assistant:
                pieces += [.text(" \(message.content.trimmed) "), .control("</s>")]
            }
        }
        return pieces
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
