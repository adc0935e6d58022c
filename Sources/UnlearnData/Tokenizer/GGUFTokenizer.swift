// Reads the tokenizer in the metadata of a GGUF file.

internal import Foundation
public import UnlearnFormats

extension Tokenizer {
    /// Reads the tokenizer of a GGUF model.
    public init(gguf file: GGUFFile) throws(TokenizerError) {
        try self.init(TokenizerDefinition(gguf: file))
    }
}

extension TokenizerDefinition {
    /// Reads the tokenizer of a GGUF model.
    public init(gguf file: GGUFFile) throws(TokenizerError) {
        let metadata = GGUFTokenizerMetadata(file: file)
        switch try metadata.required("model", \.string) {
        case "gpt2": self = try metadata.byteLevel()
        case "llama": self = try metadata.sentencePiece()
        case let model:
            throw .unsupported(
                file: metadata.name, what: "the tokenizer model '\(model)'", supported: ["gpt2", "llama"])
        }
        try metadata.addSpecialTokens(to: &self)
        chatTemplate = file["tokenizer.chat_template"]?.string
    }
}

/// The numbers that SentencePiece, and GGUF after it, give to kinds of tokens.
enum TokenKind: Int32 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
}

/// How the models that GGUF knows by name cut texts into words.
struct GGUFPreTokenizer {
    let splits: [TokenizerDefinition.Split]
    var normalizations: [TokenizerDefinition.Normalization] = []
    var ignoresMerges = false
    var addsBeginOfSequence = false

    static let names = [
        "gpt-2", "smollm", "starcoder", "refact", "command-r", "llama-bpe", "llama3", "llama-v3", "qwen2",
        "deepseek-r1-qwen",
    ]

    init?(name: String) {
        switch name {
        case "gpt-2": splits = [.gpt2]
        case "smollm", "starcoder", "refact", "command-r": splits = [.digits, .gpt2]
        case "llama-bpe", "llama3", "llama-v3":
            splits = [.llama3]
            ignoresMerges = true
            addsBeginOfSequence = true
        case "qwen2", "deepseek-r1-qwen":
            splits = [.qwen2]
            normalizations = [.composed]
        default: return nil
        }
    }
}

private struct GGUFTokenizerMetadata {
    let file: GGUFFile

    var name: String { file.path }

    func required<Value>(_ key: String, _ form: (GGUFValue) -> Value?) throws(TokenizerError) -> Value {
        let key = "tokenizer.ggml." + key
        guard let value = file[key].flatMap(form) else { throw .missingMetadata(key: key) }
        return value
    }

    private func optional<Value>(_ key: String, _ form: (GGUFValue) -> Value?) -> Value? {
        file["tokenizer.ggml." + key].flatMap(form)
    }

    func byteLevel() throws(TokenizerError) -> TokenizerDefinition {
        let pre = try required("pre", \.string)
        guard let preTokenizer = GGUFPreTokenizer(name: pre) else {
            throw .unknownPreTokenizer(name: pre, valid: GGUFPreTokenizer.names)
        }
        let tokens = try required("tokens", \.strings)
        let merges = try TokenIndex(tokens, file: name).merges(required("merges", \.strings), file: name)
        var definition = TokenizerDefinition(vocabulary: tokens, merges: merges, spelling: .byteLevel)
        definition.splits = preTokenizer.splits
        definition.normalizations = preTokenizer.normalizations
        definition.ignoresMerges = preTokenizer.ignoresMerges
        try addNamedTokens(to: &definition, addsBeginOfSequence: preTokenizer.addsBeginOfSequence)
        return definition
    }

    func sentencePiece() throws(TokenizerError) -> TokenizerDefinition {
        let tokens = try required("tokens", \.strings)
        let scores = try required("scores", \.floats)
        let types = try tokenTypes(count: tokens.count)
        guard scores.count == tokens.count else {
            throw .malformed(
                file: name, what: "there are \(scores.count) scores for \(tokens.count) tokens",
                expected: "one for each token")
        }
        let merges = try SentencePieceMerges.merges(tokens, scores, file: name) { types[$0] == .normal }
        let addsSpace = optional("add_space_prefix", \.bool) ?? true
        var definition = TokenizerDefinition(
            sentencePiece: tokens, merges: merges, byteFallback: types.contains(.byte), addsSpace: addsSpace)
        try addNamedTokens(to: &definition, addsBeginOfSequence: true)
        return definition
    }

    private func addNamedTokens(
        to definition: inout TokenizerDefinition, addsBeginOfSequence: Bool
    ) throws(TokenizerError) {
        let count = definition.vocabulary.count
        definition.beginOfSequence = try tokenID("bos_token_id", count)
        definition.endOfSequence = try tokenID("eos_token_id", count)
        // It is never used here: one that the vocabulary lacks is none.
        definition.padding = optional("padding_token_id", \.int).flatMap { (0..<count).contains($0) ? Int32($0) : nil }
        definition.unknown = try tokenID("unknown_token_id", count)
        if optional("add_bos_token", \.bool) ?? addsBeginOfSequence, let begin = definition.beginOfSequence {
            definition.prefix = [begin]
        }
        if optional("add_eos_token", \.bool) ?? false, let end = definition.endOfSequence {
            definition.suffix = [end]
        }
    }

    private func tokenID(_ key: String, _ count: Int) throws(TokenizerError) -> Int32? {
        guard let id = optional(key, \.int) else { return nil }
        // Some converters write −1, as signed or unsigned, for a token that the model has not.
        if id == -1 || id == Int(UInt32.max) { return nil }
        guard id >= 0, id < count else {
            throw .malformed(
                file: name, what: "'tokenizer.ggml.\(key)' is \(id)", expected: "an id from 0 to \(count - 1)")
        }
        return Int32(id)
    }

    /// The kinds of all tokens; ordinary ones where the file says nothing.
    private func tokenTypes(count: Int) throws(TokenizerError) -> [TokenKind] {
        guard let raw = optional("token_type", \.ints) else {
            return [TokenKind](repeating: .normal, count: count)
        }
        guard raw.count == count else {
            throw .malformed(
                file: name, what: "there are \(raw.count) token types for \(count) tokens",
                expected: "one for each token")
        }
        return raw.map { TokenKind(rawValue: $0) ?? .normal }
    }

    func addSpecialTokens(to definition: inout TokenizerDefinition) throws(TokenizerError) {
        definition.addTokens(of: try tokenTypes(count: definition.vocabulary.count))
    }
}

extension TokenizerDefinition {
    /// Makes added tokens of those that ordinary text does not hold, given the kind of each.
    mutating func addTokens(of kinds: [TokenKind]) {
        for (id, kind) in kinds.enumerated() {
            switch kind {
            case .control, .unknown: addedTokens.append(AddedToken(id: Int32(id), isSpecial: true))
            case .userDefined: addedTokens.append(AddedToken(id: Int32(id), isSpecial: false))
            case .normal, .unused, .byte: break
            }
        }
        markNamedTokensSpecial()
    }

    /// Makes the begin, end, padding and unknown tokens added tokens, special ones, if they are not yet.
    mutating func markNamedTokensSpecial() {
        for id in namedIDs {
            if let position = addedTokens.firstIndex(where: { $0.id == id }) {
                addedTokens[position].isSpecial = true
            } else {
                addedTokens.append(.init(id: id, isSpecial: true))
            }
        }
        addedTokens.sort { $0.id < $1.id }
    }
}
