// How SentencePiece writes tokens: spaces as ▁, single bytes as <0x0A>.

enum SentencePieceSpelling {
    static let space = "\u{2581}"

    static func token(ofByte byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x" + (digits.count == 1 ? "0" : "") + digits + ">"
    }

    /// The byte that a token such as <0x0A> stands for.
    static func byte(of token: String) -> UInt8? {
        guard token.utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
        return UInt8(token.dropFirst(3).dropLast(), radix: 16)
    }

    /// The text that a token stands for.
    static func bytes(of token: String) -> [UInt8] {
        if let byte = byte(of: token) { return [byte] }
        var result: [UInt8] = []
        for scalar in token.unicodeScalars {
            result.append(contentsOf: scalar == "\u{2581}" ? " ".utf8 : String(scalar).utf8)
        }
        return result
    }
}
