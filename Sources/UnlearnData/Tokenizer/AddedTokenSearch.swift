// Finds added tokens in a text as the tokenizers library does: the leftmost, and the longest where several begin.

struct AddedTokenSearch: Sendable {
    enum Piece {
        case text
        case token(Int32)
    }

    private struct Entry {
        let token: TokenizerDefinition.AddedToken
        /// What a normalizer put before the token's own text, in bytes.
        let lead: Int
    }

    private let pattern: Pattern?
    private let table: ByteTable
    private var entries: [Entry] = []
    let holdsSpecial: Bool
    private let holdsOrdinary: Bool

    /// - Parameter normalize: what is done to a text before it is searched, and so to the tokens.
    init(
        _ tokens: [TokenizerDefinition.AddedToken], _ definition: TokenizerDefinition,
        normalize: (String) -> String = { $0 }
    ) throws(TokenizerError) {
        var contents: [String] = []
        var table = ByteTable()
        for token in tokens {
            let own = definition.vocabulary[Int(token.id)]
            var content = normalize(own)
            guard !content.isEmpty, content.withUTF8({ table.insert($0).isNew }) else { continue }
            contents.append(content)
            let isPrefixed =
                content.utf8.count > own.utf8.count && content.utf8.reversed().starts(with: own.utf8.reversed())
            entries.append(Entry(token: token, lead: isPrefixed ? content.utf8.count - own.utf8.count : 0))
        }
        self.table = table
        holdsSpecial = entries.contains { $0.token.isSpecial }
        holdsOrdinary = entries.contains { !$0.token.isSpecial }
        contents.sort { $0.utf8.count > $1.utf8.count }
        pattern = contents.isEmpty ? nil : try Pattern(contents.map(Pattern.quoted).joined(separator: "|"))
    }

    /// Visits the tokens and the non-empty texts between them.
    /// - Parameter written: where special tokens count.
    func forEachPiece(
        of text: UnsafeBufferPointer<UInt8>, written: [Range<Int>], _ visit: (Piece, Range<Int>) -> Void
    ) {
        var start = 0
        let canMatch = holdsOrdinary || !written.isEmpty
        (canMatch ? pattern : nil)?.forEachMatch(in: text) { match in
            guard let index = table.index(of: .init(rebasing: text[match])) else { return }
            let (token, lead) = (entries[index].token, entries[index].lead)
            // A match that does not count still hides what it overlaps, as in the library.
            guard !token.isSpecial || written.contains(where: { $0.contains(match.dropFirst(lead)) }) else { return }
            var (lower, upper) = (match.lowerBound, match.upperBound)
            if token.isWholeWord {
                guard text.scalar(before: lower)?.isWord != true, text.scalar(after: upper)?.isWord != true else {
                    return
                }
            }
            while token.stripsLeft, lower > start, let space = text.scalar(before: lower), space.properties.isWhitespace
            {
                lower -= UTF8.width(space)
            }
            while token.stripsRight, let space = text.scalar(after: upper), space.properties.isWhitespace {
                upper += UTF8.width(space)
            }
            if start < lower { visit(.text, start..<lower) }
            visit(.token(token.id), lower..<upper)
            start = upper
        }
        if start < text.count { visit(.text, start..<text.count) }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func scalar(before offset: Int) -> Unicode.Scalar? {
        String(decoding: self[Swift.max(0, offset - 4)..<offset], as: UTF8.self).unicodeScalars.last
    }

    fileprivate func scalar(after offset: Int) -> Unicode.Scalar? {
        String(decoding: self[offset..<Swift.min(count, offset + 4)], as: UTF8.self).unicodeScalars.first
    }
}

extension Unicode.Scalar {
    /// What \w matches in the library's regular expressions.
    fileprivate var isWord: Bool {
        if properties.isAlphabetic || properties.isJoinControl { return true }
        return switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
        default: false
        }
    }
}
