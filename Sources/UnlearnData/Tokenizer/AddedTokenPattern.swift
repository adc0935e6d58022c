// Finds added tokens in a text: the leftmost, and the longest where several begin.

struct AddedTokenPattern: Sendable {
    enum Piece {
        case text(UnsafeBufferPointer<UInt8>)
        case token(Int32)
    }

    /// Tokens searched for in the text as it came, and in the normalized text.
    private let raw: Search?
    private let normalized: Search?

    init(_ tokens: [TokenizerDefinition.AddedToken], _ definition: TokenizerDefinition) throws(TokenizerError) {
        // Without normalization both texts are the same, and one search for all tokens finds the longest.
        let searchesTwice = !definition.normalizations.isEmpty
        raw = try Search(tokens.filter { !(searchesTwice && $0.isNormalized) }, definition.vocabulary)
        normalized = try Search(tokens.filter { searchesTwice && $0.isNormalized }, definition.vocabulary)
    }

    /// Visits the tokens and the non-empty texts between them.
    func forEachPiece(
        of text: UnsafeBufferPointer<UInt8>, normalized isNormalized: Bool, _ visit: (Piece, Range<Int>) -> Void
    ) {
        var start = 0
        func visitText(upTo end: Int) {
            if start < end { visit(.text(.init(rebasing: text[start..<end])), start..<end) }
        }
        if let search = isNormalized ? normalized : raw {
            search.pattern.forEachMatch(in: text) { match in
                visitText(upTo: match.lowerBound)
                if let id = search.token(matching: .init(rebasing: text[match])) { visit(.token(id), match) }
                start = match.upperBound
            }
        }
        visitText(upTo: text.count)
    }

    private struct Search: Sendable {
        let pattern: Pattern
        private var table = ByteTable()
        private var ids: [Int32] = []

        init?(_ tokens: [TokenizerDefinition.AddedToken], _ vocabulary: [String]) throws(TokenizerError) {
            let searched = tokens.map { (token: $0, content: vocabulary[Int($0.id)]) }
                .filter { !$0.content.isEmpty }
                .sorted { $0.content.utf8.count > $1.content.utf8.count }
            guard !searched.isEmpty else { return nil }
            pattern = try Pattern(searched.map { Self.expression($0.token, $0.content) }.joined(separator: "|"))
            for (token, content) in searched {
                var content = content
                if content.withUTF8({ table.insert($0).isNew }) { ids.append(token.id) }
            }
        }

        private static func expression(_ token: TokenizerDefinition.AddedToken, _ content: String) -> String {
            var result = Pattern.quoted(content)
            if token.isWholeWord { result = #"(?<!\w)"# + result + #"(?!\w)"# }
            if token.stripsLeft { result = #"\s*"# + result }
            if token.stripsRight { result += #"\s*"# }
            return result
        }

        /// The token in a match, which may have white space around it.
        func token(matching match: UnsafeBufferPointer<UInt8>) -> Int32? {
            if let index = table.index(of: match) { return ids[index] }
            let text = String(decoding: match, as: UTF8.self).unicodeScalars
            guard let first = text.firstIndex(where: { !$0.properties.isWhitespace }),
                let last = text.lastIndex(where: { !$0.properties.isWhitespace })
            else { return nil }
            return table.index(of: String(text[first...last])).map { ids[$0] }
        }
    }
}
