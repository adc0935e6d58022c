// The shape of UTF-8: how long a character is, and where the last complete one ends.

enum UTF8Sequence {
    /// The number of bytes of the character that begins with `lead`; 1 for a byte that cannot begin one.
    static func length(lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }

    /// The length of the longest prefix that does not end inside a character.
    static func completeLength(of bytes: [UInt8]) -> Int {
        for distance in 1...3 where distance <= bytes.count {
            let byte = bytes[bytes.count - distance]
            if byte & 0xC0 == 0x80 { continue }
            return length(lead: byte) > distance ? bytes.count - distance : bytes.count
        }
        return bytes.count
    }
}
