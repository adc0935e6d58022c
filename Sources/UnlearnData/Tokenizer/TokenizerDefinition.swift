// What a tokenizer is, as a value: independent of the file it came from, and enough to write it to another.

public import Foundation

/// A byte-pair tokenizer: byte-level (GPT-2, SmolLM2, Llama 3, Qwen2) or SentencePiece style (Llama 2).
public struct TokenizerDefinition: Sendable, Equatable {
    /// The tokens in Hugging Face spelling; the index is the id. An empty string is an id that no token uses.
    public var vocabulary: [String]
    /// The merges, most important first.
    public var merges: [Merge]
    /// Tokens that are cut out of a text before anything else happens to it.
    public var addedTokens: [AddedToken] = []
    /// Changes made to the text, in order.
    public var normalizations: [Normalization] = []
    /// Cuts into words, in order; no merge crosses a cut.
    public var splits: [Split] = []
    public var spelling: Spelling
    /// Whether a word that is in the vocabulary as a whole is taken without merging.
    public var ignoresMerges = false

    public var beginOfSequence: Int32?
    public var endOfSequence: Int32?
    public var padding: Int32?
    public var unknown: Int32?
    /// The special tokens that stand before and after a text when special tokens are asked for.
    public var prefix: [Int32] = []
    public var suffix: [Int32] = []

    /// The Jinja template of the model's chat format.
    public var chatTemplate: String?
    /// The Hugging Face files that this definition was read from, for saving without loss.
    public var originalFiles: [OriginalFile] = []

    /// Two neighbouring tokens that become one.
    public struct Merge: Sendable, Equatable {
        public let left: Int32
        public let right: Int32
        public let result: Int32
    }

    /// A token that is found in the text as it is spelled.
    public struct AddedToken: Sendable, Equatable {
        public let id: Int32
        /// Control tokens such as <|im_start|>: left out when decoding, and matched only where allowed.
        public var isSpecial: Bool
        /// Whether white space before or after belongs to the token.
        public var stripsLeft = false
        public var stripsRight = false
        public var isWholeWord = false
        /// Whether it is searched for in the normalized text.
        public var isNormalized = false
    }

    /// How the vocabulary writes bytes that are not text.
    public enum Spelling: Sendable, Equatable {
        /// Every byte is a letter of GPT-2's alphabet.
        case byteLevel
        /// Text, with spaces as ▁. Characters outside the vocabulary become bytes (<0x0A>) if `byteFallback` is set,
        /// otherwise the unknown token. Decoding removes one space at the start if `stripsSpace` is set.
        case sentencePiece(byteFallback: Bool, fusesUnknown: Bool, stripsSpace: Bool)
    }

    public enum Normalization: Sendable, Equatable {
        /// Unicode normalization forms.
        case composed, decomposed, compatiblyComposed, compatiblyDecomposed
        case prepend(String)
        case replace(String, with: String)
        /// Adds a space before a text that does not begin with one.
        case prependSpace
        /// Spaces become ▁, and one more is put before the texts that `prepending` says unless they begin with it.
        case metaspace(prepending: Prepending)
    }

    /// Which pieces of a text get a ▁: those between added tokens, only the one at the start of the text, or none.
    public enum Prepending: String, Sendable, Equatable {
        case always, first, never
    }

    /// A cut by regular expression.
    public struct Split: Sendable, Equatable {
        public let pattern: String
        public var behavior = Behavior.isolated

        /// What becomes a piece: the matches, the texts between them, or both.
        public enum Behavior: Sendable, Equatable {
            case isolated, matchesRemoved, matchesOnly
        }
    }

    /// The same without the padding token, which is never used here, if it alone has an id from `rows` on; nil if other
    /// tokens have one too.
    public func withoutPadding(from rows: Int) -> Self? {
        let named = [beginOfSequence, endOfSequence, unknown].compactMap(\.self) + prefix + suffix
        guard let padding, padding >= rows, !named.contains(padding),
            vocabulary.indices[rows...].allSatisfy({ vocabulary[$0].isEmpty || $0 == Int(padding) })
        else { return nil }
        var fitting = self
        fitting.padding = nil
        fitting.vocabulary.removeSubrange(rows...)
        fitting.addedTokens.removeAll { $0.id == padding }
        return fitting
    }

    public struct OriginalFile: Sendable, Equatable {
        public let name: String
        public let contents: Data
    }
}

extension TokenizerDefinition.Split {
    /// The pattern of GPT-2, which tokenizer.json calls ByteLevel with use_regex.
    static let gpt2 = Self(
        pattern: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#)

    /// Each digit by itself, which tokenizer.json calls Digits.
    static let digits = Self(pattern: #"\p{N}"#)

    static let llama3 = Self(
        pattern: #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)

    static let qwen2 = Self(
        pattern: #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)
}

/// Finds the id of a token by its spelling, and refuses vocabularies with two tokens of one spelling.
struct TokenIndex {
    private var table: ByteTable
    private var ids: [Int32] = []

    init(_ vocabulary: [String], file: String) throws(TokenizerError) {
        guard vocabulary.reduce(0, { $0 + $1.utf8.count + 1 }) < ByteTable.capacityInBytes else {
            throw .malformed(
                file: file, what: "the vocabulary takes more than 2 GiB", expected: "a vocabulary of ordinary size")
        }
        table = ByteTable(minimumCapacity: vocabulary.count)
        ids.reserveCapacity(vocabulary.count)
        for (id, token) in vocabulary.enumerated() where !token.isEmpty {
            var token = token
            let (index, isNew) = token.withUTF8 { table.insert($0) }
            guard isNew else { throw .duplicateToken(token: token, first: Int(ids[index]), second: id) }
            ids.append(Int32(id))
        }
    }

    subscript(token: String) -> Int32? { table.index(of: token).map { ids[$0] } }

    subscript(token: UnsafeBufferPointer<UInt8>) -> Int32? { table.index(of: token).map { ids[$0] } }

    /// The merge that a line such as "Ġ t" describes.
    func merge(
        _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>, joined: UnsafeBufferPointer<UInt8>
    ) -> TokenizerDefinition.Merge? {
        guard let left = self[left], let right = self[right], let result = self[joined] else { return nil }
        return .init(left: left, right: right, result: result)
    }

    /// Reads merges of the form "left right".
    func merges(_ lines: [String], file: String) throws(TokenizerError) -> [TokenizerDefinition.Merge] {
        var merges: [TokenizerDefinition.Merge] = []
        merges.reserveCapacity(lines.count)
        var joined: [UInt8] = []
        for line in lines {
            var line = line
            let merge = line.withUTF8 { bytes -> TokenizerDefinition.Merge? in
                // A token may itself begin with a space only in a format that lists pairs, so the first space cuts.
                guard let space = bytes.firstIndex(of: UInt8(ascii: " ")) else { return nil }
                let left = UnsafeBufferPointer(rebasing: bytes[..<space])
                let right = UnsafeBufferPointer(rebasing: bytes[(space + 1)...])
                joined.removeAll(keepingCapacity: true)
                joined.append(contentsOf: left)
                joined.append(contentsOf: right)
                return joined.withUnsafeBufferPointer { self.merge(left, right, joined: $0) }
            }
            guard let merge else {
                throw .malformed(
                    file: file, what: "merge \(merges.count) is '\(line)'",
                    expected: "two tokens of the vocabulary, separated by a space, whose union is a token too")
            }
            merges.append(merge)
        }
        return merges
    }
}
