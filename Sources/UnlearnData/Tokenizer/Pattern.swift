// A regular expression compiled by PCRE2, matched on UTF-8 bytes in place.

internal import CPCRE2

/// Compiled once and immutable afterwards, so any thread may match with it.
final class Pattern: @unchecked Sendable {
    private let code: OpaquePointer

    /// - Parameter expression: in the dialect that tokenizer.json uses (Oniguruma), with Unicode classes.
    init(_ expression: String) throws(TokenizerError) {
        var errorCode: Int32 = 0
        var errorOffset = 0
        let translated = Array(Self.translated(expression).utf8)
        let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP)
        guard let code = pcre2_compile_8(translated, translated.count, options, &errorCode, &errorOffset, nil) else {
            throw .invalidPattern(
                pattern: expression, offset: errorOffset, reason: Self.message(of: errorCode))
        }
        // Without just-in-time support on this processor, PCRE2 interprets: slower, same matches.
        pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
        self.code = code
    }

    deinit { pcre2_code_free_8(code) }

    /// Visits the non-empty matches from left to right.
    func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ visit: (Range<Int>) -> Void) {
        guard let matches = pcre2_match_data_create_8(1, nil) else { return }
        defer { pcre2_match_data_free_8(matches) }
        var start = 0
        while start < text.count {
            guard let match = firstMatch(in: text, from: start, matches) else { return }
            if match.isEmpty {
                start = Self.nextCharacter(after: match.lowerBound, in: text)
            } else {
                visit(match)
                start = match.upperBound
            }
        }
    }

    private func firstMatch(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, _ matches: OpaquePointer
    ) -> Range<Int>? {
        let unchecked = UInt32(PCRE2_NO_UTF_CHECK)
        var result = pcre2_match_8(code, text.baseAddress, text.count, start, unchecked, matches, nil)
        if result == PCRE2_ERROR_JIT_STACKLIMIT {
            let interpreted = unchecked | UInt32(PCRE2_NO_JIT)
            result = pcre2_match_8(code, text.baseAddress, text.count, start, interpreted, matches, nil)
        }
        guard result >= 0, let offsets = pcre2_get_ovector_pointer_8(matches) else { return nil }
        return offsets[0] <= offsets[1] ? offsets[0]..<offsets[1] : nil
    }

    private static func nextCharacter(after offset: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var next = offset + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }

    /// The expression that matches exactly this text.
    static func quoted(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            let isPlain = !scalar.isASCII || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            return isPlain ? String(scalar) : "\\x{\(String(scalar.value, radix: 16))}"
        }.joined()
    }

    /// PCRE2 counts U+180E as white space, Unicode and Oniguruma do not: spell the class out.
    private static func translated(_ expression: String) -> String {
        var result = ""
        var isEscaped = false
        for scalar in expression.unicodeScalars {
            switch (isEscaped, scalar) {
            case (true, "s"): result += "p{White_Space}"
            case (true, "S"): result += "P{White_Space}"
            default: result.unicodeScalars.append(scalar)
            }
            isEscaped = scalar == "\\" && !isEscaped
        }
        return result
    }

    private static func message(of errorCode: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(errorCode, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, Int(length))), as: UTF8.self)
    }
}
