// Everything that can be wrong with a tokenizer file or a request to a tokenizer, one sentence each.

public import Foundation
public import UnlearnFormats

/// A tokenizer that cannot be read, saved or used as asked.
public enum TokenizerError: Error, Equatable {
    /// A file that cannot be read as what it should be.
    case file(FormatError)
    case malformed(file: String, what: String, expected: String)
    case unsupported(file: String, what: String, supported: [String])
    case missingMetadata(key: String)
    case unknownPreTokenizer(name: String, valid: [String])
    case invalidPattern(pattern: String, offset: Int, reason: String)
    case unknownToken(token: String, place: String)
    case duplicateToken(token: String, first: Int, second: Int)
    case missingControlToken(token: String, format: String, valid: [String])
    /// A chat template that cannot be followed, or that refuses a conversation.
    case chatTemplate(problem: String, valid: [String])
}

extension TokenizerError: LocalizedError, CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let error):
            error.description
        case .malformed(let file, let what, let expected):
            "Tokenizer '\(file)': \(what); expected \(expected). Check that the file is complete and is a tokenizer."
        case .unsupported(let file, let what, let supported):
            "Tokenizer '\(file)': \(what) is not supported; supported are \(Self.list(supported))."
        case .missingMetadata(let key):
            "The GGUF file has no usable metadata '\(key)', which its tokenizer needs. "
                + "Convert the model to GGUF again, vocabulary included."
        case .unknownPreTokenizer(let name, let valid):
            "The GGUF file names the pre-tokenizer '\(name)' in 'tokenizer.ggml.pre'; valid names are "
                + "\(Self.list(valid)). Convert from the model's Hugging Face directory instead."
        case .invalidPattern(let pattern, let offset, let reason):
            "The pre-tokenizer's regular expression '\(pattern)' is wrong at offset \(offset): \(reason). "
                + "Check it in tokenizer.json."
        case .unknownToken(let token, let place):
            "The token '\(token)' in \(place) is not in the vocabulary; expected one of its tokens. "
                + "Check that all tokenizer files belong to the same model."
        case .duplicateToken(let token, let first, let second):
            "The token '\(token)' has two ids in the vocabulary, \(first) and \(second); expected one. "
                + "Check that the file is complete and is a tokenizer."
        case .missingControlToken(let token, let format, let valid):
            "The chat format '\(format)' needs the token '\(token)', which the vocabulary lacks; "
                + "this tokenizer can use \(Self.list(valid)). Choose one of these with --chat-format."
        case .chatTemplate(let problem, let valid):
            "The model's chat template cannot be followed: \(problem). "
                + "Choose another format with --chat-format: \(Self.list(valid))."
        }
    }

    public var errorDescription: String? { description }

    private static func list(_ names: [String]) -> String {
        names.joined(separator: ", ")
    }
}
