// Reads JSON text. Written here because Foundation's reader loses the order of keys and the place of a mistake.
public import Foundation

extension JSONValue {
    /// Reads a JSON file.
    public init(contentsOf url: URL) throws(FormatError) {
        let file = try TextFile(url)
        self = try file.withBytes { bytes throws(FormatError) in
            try JSONValue(parsing: bytes, path: file.path)
        }
    }

    /// Reads JSON text; `path` names it in errors.
    public init(parsing text: String, path: String = "text") throws(FormatError) {
        self = try JSONValue(parsing: Data(text.utf8), path: path)
    }

    public init(parsing data: Data, path: String = "data") throws(FormatError) {
        let bytes = [UInt8](data)
        // `withUnsafeBytes` rethrows untyped errors, so the result carries the typed one out.
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(FormatError) in try JSONValue(parsing: raw, path: path) }
        }
        self = try result.get()
    }

    /// Reads one JSON value that fills `bytes`. Lines are counted from `firstLine`.
    init(
        parsing bytes: UnsafeRawBufferPointer, path: String, format: FormatError.Format = .json, firstLine: Int = 1
    ) throws(FormatError) {
        var parser = JSONParser(bytes: bytes, path: path, format: format, firstLine: firstLine)
        self = try parser.document()
    }
}

/// A recursive-descent reader of RFC 8259, strict, that refuses repeated keys.
struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let path: String
    let format: FormatError.Format
    let firstLine: Int
    var offset = 0
    private static let deepest = 256

    mutating func document() throws(FormatError) -> JSONValue {
        let result = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw malformed("text follows the end of the value") }
        return result
    }

    /// The elements of an array that fills the text, each with the line on which it begins.
    mutating func rows() throws(FormatError) -> [JSONLines.Row] {
        var rows: [JSONLines.Row] = []
        var line = firstLine
        var counted = 0
        skipSpace()
        guard skip(UInt8(ascii: "[")) else { throw malformed("'[' is expected") }
        skipSpace()
        var isFinished = skip(UInt8(ascii: "]"))
        while !isFinished {
            skipSpace()
            line += bytes[counted..<offset].count { $0 == UInt8(ascii: "\n") }
            counted = offset
            rows.append(JSONLines.Row(line: line, value: try value(depth: 1)))
            skipSpace()
            isFinished = skip(UInt8(ascii: "]"))
            guard isFinished || skip(UInt8(ascii: ",")) else { throw malformed("',' or ']' is expected") }
        }
        skipSpace()
        guard offset == bytes.count else { throw malformed("text follows the end of the value") }
        return rows
    }

    private func malformed(_ problem: String) -> FormatError {
        let before = bytes.prefix(offset)
        let line = firstLine + before.count { $0 == UInt8(ascii: "\n") }
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return .malformed(
            format, path: path, place: .position(line: line, column: offset - start + 1), problem: problem)
    }

    /// The byte at the cursor, or zero at the end (zero is not valid anywhere in JSON).
    private var current: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    private mutating func skipSpace() {
        while case let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func skip(_ expected: UInt8) -> Bool {
        guard current == expected else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(FormatError) -> JSONValue {
        guard depth < Self.deepest else { throw malformed("values are nested more than \(Self.deepest) deep") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw malformed(offset < bytes.count ? "a value is expected" : "the text ends before the value")
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(FormatError) -> JSONValue {
        let size = word.utf8CodeUnitCount
        guard size <= bytes.count - offset,
            bytes[offset..<offset + size].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: size))
        else { throw malformed("'\(word)' is expected") }
        offset += size
        return value
    }

    private mutating func array(depth: Int) throws(FormatError) -> [JSONValue] {
        offset += 1
        var elements: [JSONValue] = []
        skipSpace()
        if skip(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if skip(UInt8(ascii: "]")) { return elements }
            guard skip(UInt8(ascii: ",")) else { throw malformed("',' or ']' is expected") }
        }
    }

    private mutating func object(depth: Int) throws(FormatError) -> JSONObject {
        offset += 1
        var object = JSONObject()
        skipSpace()
        if skip(UInt8(ascii: "}")) { return object }
        while true {
            skipSpace()
            let start = offset
            guard current == UInt8(ascii: "\"") else { throw malformed("a key in quotation marks is expected") }
            let key = try string()
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw malformed("':' is expected") }
            let member = try value(depth: depth + 1)
            guard object.append(key, member) else {
                offset = start
                throw malformed("the key '\(key)' appears twice")
            }
            skipSpace()
            if skip(UInt8(ascii: "}")) { return object }
            guard skip(UInt8(ascii: ",")) else { throw malformed("',' or '}' is expected") }
        }
    }

    private mutating func number() throws(FormatError) -> JSONValue {
        let start = offset
        _ = skip(UInt8(ascii: "-"))
        let integerStart = offset
        try digits()
        guard bytes[integerStart] != UInt8(ascii: "0") || offset == integerStart + 1 else {
            throw malformed("a number begins with an unneeded zero")
        }
        var isInteger = true
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isInteger = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let value = Int(text) { return .int(value) }
        guard let value = Double(text), value.isFinite else {
            offset = start
            throw malformed("the number \(text.prefix(40)) is too large")
        }
        return .double(value)
    }

    private mutating func digits() throws(FormatError) {
        let start = offset
        while offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] { offset += 1 }
        guard offset > start else { throw malformed("a digit is expected") }
    }

    private mutating func string() throws(FormatError) -> String {
        let opening = offset
        offset += 1
        var start = offset
        var text = ""
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                let tail = try piece(start..<offset)
                offset += 1
                return text.isEmpty ? tail : text + tail
            case UInt8(ascii: "\\"):
                text += try piece(start..<offset)
                offset += 1
                text.unicodeScalars.append(try escape())
                start = offset
            case 0..<0x20:
                throw malformed("a control character must be written as an escape")
            default:
                offset += 1
            }
        }
        offset = opening
        throw malformed("the string has no closing quotation mark")
    }

    private mutating func piece(_ range: Range<Int>) throws(FormatError) -> String {
        guard let text = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            offset = range.lowerBound
            throw malformed("the string is not valid UTF-8")
        }
        return text
    }

    /// The scalar after a backslash.
    private mutating func escape() throws(FormatError) -> Unicode.Scalar {
        let letter = current
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default:
            offset -= 1
            throw malformed("the escape is not one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
        }
    }

    private mutating func unicodeEscape() throws(FormatError) -> Unicode.Scalar {
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        // Characters beyond 16 bits are written as two escapes: a high and a low surrogate.
        if high < 0xDC00, skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) {
            let low = try hexadecimal()
            if 0xDC00..<0xE000 ~= low,
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            {
                return scalar
            }
        }
        throw malformed("the escape is half of a surrogate pair")
    }

    private mutating func hexadecimal() throws(FormatError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(current)).hexDigitValue else {
                throw malformed("four hexadecimal digits are expected")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
