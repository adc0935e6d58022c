// Reads little-endian values one after another, checking every length against the bytes that remain.

/// A position in a mapped file. Every read either stays inside the bytes or throws.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    let format: FormatError.Format
    let path: String
    private(set) var offset = 0

    var remaining: Int { bytes.count - offset }

    init(_ file: MappedFile, _ format: FormatError.Format) {
        bytes = file.bytes
        self.format = format
        path = file.path
    }

    func malformed(_ problem: String) -> FormatError {
        .malformed(format, path: path, place: .byte(offset), problem: problem)
    }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws(FormatError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw malformed("\(count) bytes are needed and \(remaining) remain")
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) throws(FormatError) -> Value {
        let raw = try take(MemoryLayout<Value>.size)
        return Value(littleEndian: raw.loadUnaligned(as: Value.self))
    }

    /// A 64-bit count of things that take at least `bytesEach` bytes each, so that no corrupt count is believed.
    mutating func count(of things: String, bytesEach: Int) throws(FormatError) -> Int {
        let start = offset
        let claimed = try integer(UInt64.self)
        guard claimed <= UInt64(remaining / bytesEach) else {
            offset = start
            throw malformed("the file claims \(claimed) \(things), more than its size allows")
        }
        return Int(claimed)
    }

    /// A string with a 64-bit length before it.
    mutating func string() throws(FormatError) -> String {
        let start = offset
        let raw = try take(count(of: "bytes of text", bytesEach: 1))
        guard let text = String(validating: raw, as: UTF8.self) else {
            offset = start
            throw malformed("the text is not valid UTF-8")
        }
        return text
    }
}
