// WordPiece: words cut into the longest pieces that a vocabulary has, from left to right.

/// BERT's tokenizer (Devlin et al. 2019, arXiv 1810.04805; Wu et al. 2016, arXiv 1609.08144, section 4.1). Values are
/// cheap to copy and can be used by several threads at once.
public struct WordPieceTokenizer: Sendable {
    private let normalizer: BertNormalizer
    /// Added tokens that are looked for in the text as it is, and in the normalized text.
    private let written: AddedTokenSearch
    private let normalized: AddedTokenSearch
    /// The pieces that begin a word, and those that go on with one, which the vocabulary writes with a prefix.
    private let beginnings: PieceTable
    private let continuations: PieceTable
    private let unknown: Int32
    /// Words of more characters than this are unknown.
    private let longestWord: Int
    /// What stands before and after a text.
    public let prefix: [Int32]
    public let suffix: [Int32]
    /// How many ids there are.
    public let vocabularyCount: Int

    init(_ definition: WordPieceDefinition) throws(TokenizerError) {
        let tokens = definition.tokens
        guard let unknown = tokens.unknown else {
            throw .malformed(
                file: definition.file, what: "it names no unknown token", expected: "'unk_token', such as \"[UNK]\"")
        }
        // Refuses vocabularies with two tokens of one spelling.
        _ = try TokenIndex(tokens.vocabulary, file: definition.file)
        let normalizer = definition.normalizer
        self.normalizer = normalizer
        written = try AddedTokenSearch(tokens.addedTokens.filter { !$0.isNormalized }, tokens)
        normalized = try AddedTokenSearch(tokens.addedTokens.filter(\.isNormalized), tokens) { normalizer($0) }
        beginnings = PieceTable(tokens.vocabulary, prefix: "")
        continuations = PieceTable(tokens.vocabulary, prefix: definition.continuationPrefix)
        self.unknown = unknown
        longestWord = definition.longestWord
        (prefix, suffix, vocabularyCount) = (tokens.prefix, tokens.suffix, tokens.vocabulary.count)
    }

    /// - Parameters:
    ///   - addSpecialTokens: whether the tokens that the model expects around a text are added.
    ///   - parseSpecialTokens: whether special tokens spelled out in the text count as such. Leave it off for text from
    ///     outside.
    public func encode(_ text: String, addSpecialTokens: Bool = true, parseSpecialTokens: Bool = false) -> [Int32] {
        var ids: [Int32] = []
        forEachPiece(of: text, written, parseSpecialTokens, &ids) { piece, ids in
            forEachPiece(of: normalizer(piece), normalized, parseSpecialTokens, &ids) { appendWords(of: $0, to: &$1) }
        }
        return addSpecialTokens ? prefix + ids + suffix : ids
    }

    /// Appends the added tokens of a text, and visits what stands between them.
    private func forEachPiece(
        of text: String, _ search: AddedTokenSearch, _ parsesSpecial: Bool, _ ids: inout [Int32],
        _ visit: (String, inout [Int32]) -> Void
    ) {
        var text = text
        text.withUTF8 { bytes in
            search.forEachPiece(of: bytes, written: parsesSpecial ? [0..<bytes.count] : []) { piece, range in
                switch piece {
                case .token(let id): ids.append(id)
                case .text: visit(String(decoding: bytes[range], as: UTF8.self), &ids)
                }
            }
        }
    }

    private func appendWords(of text: String, to ids: inout [Int32]) {
        var text = text
        let copy = text
        text.withUTF8 { bytes in
            BertWords.forEachWord(of: copy) { appendPieces(of: .init(rebasing: bytes[$0]), to: &ids) }
        }
    }

    /// A word that cannot be put together of pieces as a whole is one unknown token.
    private func appendPieces(of word: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        let start = ids.count
        var position = 0
        let isShort = word.count <= longestWord || word.count(where: \.beginsCharacter) <= longestWord
        while isShort, position < word.count {
            let table = position == 0 ? beginnings : continuations
            guard let piece = table.longestPiece(of: .init(rebasing: word[position...])) else { break }
            ids.append(piece.id)
            position += piece.length
        }
        guard position < word.count else { return }
        ids.removeSubrange(start...)
        ids.append(unknown)
    }
}

/// The ids of the tokens that begin with a prefix, by what follows it.
private struct PieceTable: Sendable {
    private var table = ByteTable()
    private var ids: [Int32] = []
    /// In bytes.
    private var longest = 0

    init(_ vocabulary: [String], prefix: String) {
        for (id, token) in vocabulary.enumerated() where token.utf8.starts(with: prefix.utf8) {
            let bytes = Array(token.utf8.dropFirst(prefix.utf8.count))
            guard !bytes.isEmpty else { continue }
            bytes.withUnsafeBufferPointer { _ = table.insert($0) }
            ids.append(Int32(id))
            longest = max(longest, bytes.count)
        }
    }

    /// The longest token that `text` begins with, and its length in bytes.
    func longestPiece(of text: UnsafeBufferPointer<UInt8>) -> (id: Int32, length: Int)? {
        for end in stride(from: min(longest, text.count), to: 0, by: -1)
        where end == text.count || text[end].beginsCharacter {
            if let index = table.index(of: .init(rebasing: text[..<end])) { return (ids[index], end) }
        }
        return nil
    }
}

extension UInt8 {
    /// Whether a byte of UTF-8 is the first one of a character.
    fileprivate var beginsCharacter: Bool { self & 0xC0 != 0x80 }
}
