// SentencePiece keeps a score for each token instead of a list of merges; the list follows from the scores.

extension TokenizerDefinition {
    /// The Llama 2 kind of tokenizer.
    init(sentencePiece tokens: [String], merges: [Merge], byteFallback: Bool, addsSpace: Bool) {
        self.init(
            vocabulary: tokens, merges: merges,
            spelling: .sentencePiece(byteFallback: byteFallback, fusesUnknown: true, stripsSpace: addsSpace))
        let space = SentencePieceSpelling.space
        normalizations = (addsSpace ? [.prepend(space)] : []) + [.replace(" ", with: space)]
    }
}

enum SentencePieceMerges {
    /// Tokens of more bytes are not reached by merging; this bounds the work that a damaged file can cause.
    private static let longestToken = 512

    /// Every way to put a token together from two others, tokens of higher score first.
    ///
    /// - Parameter isOrdinary: whether a token may come from text at all, unlike control and byte tokens.
    static func merges(
        _ tokens: [String], _ scores: [Float], file: String, isOrdinary: (Int) -> Bool
    ) throws(TokenizerError) -> [TokenizerDefinition.Merge] {
        let index = try TokenIndex(tokens, file: file)
        var ordinary = [Bool](repeating: false, count: tokens.count)
        for id in tokens.indices { ordinary[id] = isOrdinary(id) && scores[id].isFinite }
        let ranked = tokens.indices.filter { ordinary[$0] }.sorted { (scores[$1], $0) < (scores[$0], $1) }
        var merges: [TokenizerDefinition.Merge] = []
        merges.reserveCapacity(tokens.count * 2)
        for id in ranked {
            var token = tokens[id]
            var ways: [TokenizerDefinition.Merge] = []
            token.withUTF8 { bytes in
                guard (2...longestToken).contains(bytes.count) else { return }
                for cut in 1..<bytes.count where bytes[cut] & 0xC0 != 0x80 {
                    guard let left = index[UnsafeBufferPointer(rebasing: bytes[..<cut])], ordinary[Int(left)],
                        let right = index[UnsafeBufferPointer(rebasing: bytes[cut...])], ordinary[Int(right)]
                    else { continue }
                    ways.append(.init(left: left, right: right, result: Int32(id)))
                }
            }
            merges.append(contentsOf: ways.sorted { ($0.left, $0.right) < ($1.left, $1.right) })
        }
        return merges
    }
}
