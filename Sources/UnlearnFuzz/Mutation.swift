// Damages a file in the ways that find mistakes: bits, lengths, numbers, repeated and missing parts.

import UnlearnEngine

enum Mutation {
    private static let bytes: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, 0x22, 0x5B, 0x7B, 0x2D, 0x0A]
    private static let numbers = [
        "-1", "0", "1", "255", "65536", "2147483648", "4294967295", "9223372036854775807", "18446744073709551616",
        "1e400",
        "-0.0", "null", "[]", "{}", "\"\"", "true", "\"\\ud800\"",
    ].map { Array($0.utf8) }

    /// `seed` with one change as a rule, and sometimes with up to six.
    static func damaged(_ seed: [UInt8], using generator: inout Generator) -> [UInt8] {
        var input = seed
        let more = generator.next() % 3 == 0 ? Int(generator.next() % 6) : 0
        for _ in 0...more { change(&input, &generator) }
        return input
    }

    private static func change(_ input: inout [UInt8], _ generator: inout Generator) {
        func below(_ count: Int) -> Int { count > 0 ? Int(generator.next() % UInt64(count)) : 0 }
        guard !input.isEmpty else { return input.append(UInt8(below(256))) }
        let place = below(input.count)
        let length = min(input.count - place, 1 + below(16))
        switch below(10) {
        case 0: input[place] ^= 1 << UInt8(below(8))
        case 1: input[place] = bytes[below(bytes.count)]
        case 2: input[place] = UInt8(below(256))
        case 3: input.removeSubrange(place..<place + length)
        case 4: input.insert(contentsOf: input[place..<place + length], at: below(input.count))
        case 5: input.removeSubrange((below(4) == 0 ? place : input.count - 1 - below(8) % input.count)...)
        case 6: replaceNumber(in: &input, near: place, with: numbers[below(numbers.count)])
        case 7, 8: replaceCharacter(of: &input, near: place, below(26))
        default:
            // A whole number of eight bytes, as lengths and counts are stored.
            for offset in 0..<min(8, input.count - place) { input[place + offset] = below(3) == 0 ? 0xFF : 0 }
        }
    }

    /// Puts another digit in place of the next digit, or another letter in place of the next letter: texts keep their
    /// form, and what they say changes.
    private static func replaceCharacter(of input: inout [UInt8], near place: Int, _ choice: Int) {
        let kinds: [ClosedRange<UInt8>] = [0x30...0x39, 0x41...0x5A, 0x61...0x7A]
        guard let index = input[place...].firstIndex(where: { byte in kinds.contains { $0.contains(byte) } }),
            let kind = kinds.first(where: { $0.contains(input[index]) })
        else { return }
        input[index] = kind.lowerBound + UInt8(choice % kind.count)
    }

    /// Puts `text` where the next run of digits, or the next quoted text, stands.
    private static func replaceNumber(in input: inout [UInt8], near place: Int, with text: [UInt8]) {
        guard let start = input[place...].firstIndex(where: { (0x30...0x39).contains($0) }) else { return }
        let end = input[start...].firstIndex { !(0x30...0x39).contains($0) } ?? input.count
        input.replaceSubrange(start..<end, with: text)
    }
}
