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

    /// The family that a model's own Jinja template belongs to, or nil if there is no template or it is of another one.
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
        case .chatML: ["<|im_end|>", "<|im_start|>"]
        case .llama2: ["<s>", "</s>"]
        case .llama3: ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
        case .plain: []
        }
    }

    /// The Jinja template of the format; nil for no markup.
    var template: String? {
        switch self {
        case .chatML:
            #"{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"#
                + #"{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"#
        case .llama2:
            #"{% set system = namespace(text='') %}{% for message in messages %}{% if message.role == 'system' %}"#
                + #"{% set system.text = '<<SYS>>\n' + message.content + '\n<</SYS>>\n\n' %}"#
                + #"{% elif message.role == 'user' %}"#
                + #"{{ '<s>[INST] ' + (system.text + message.content).strip() + ' [/INST]' }}{% set system.text = '' %}"#
                + #"{% else %}{{ ' ' + message.content.strip() + ' </s>' }}{% endif %}{% endfor %}"#
        case .llama3:
            #"{{ '<|begin_of_text|>' }}{% for message in messages %}"#
                + #"{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content.strip() }}"#
                + #"{{ '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}"#
                + #"{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"#
        case .plain: nil
        }
    }
}
