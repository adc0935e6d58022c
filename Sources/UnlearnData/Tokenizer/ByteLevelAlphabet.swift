// GPT-2's spelling of bytes as printable characters: every byte has one letter, so that vocabularies are texts.

enum ByteLevelAlphabet {
    /// The letter of each byte: itself if it is printable Latin-1, otherwise the next letter from U+0100 on.
    static let letters: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0...255).map { (byte: UInt8) in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
            }
        }
    }()

    /// The byte of each letter, −1 where a code point is not a letter of the alphabet.
    private static let bytes: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x180)
        for (byte, letter) in letters.enumerated() { table[Int(letter.value)] = Int16(byte) }
        return table
    }()

    /// The bytes that a spelling stands for, or nil if it has a character outside the alphabet.
    static func bytes(of spelling: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(spelling.utf8.count)
        for scalar in spelling.unicodeScalars {
            guard scalar.value < bytes.count, bytes[Int(scalar.value)] >= 0 else { return nil }
            result.append(UInt8(bytes[Int(scalar.value)]))
        }
        return result
    }
}
