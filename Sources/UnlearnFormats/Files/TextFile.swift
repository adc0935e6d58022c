// A file of text that a user hands over: UTF-8, without the byte-order mark that some editors put before it.
public import Foundation

/// A text file, mapped into memory. Every file of text is read through it, so that all of them may begin with a mark and
/// all are refused in another encoding.
public struct TextFile: Sendable {
    private let file: MappedFile
    /// Where the text begins: after the mark, if there is one.
    private let start: Int

    public var path: String { file.path }

    /// - Throws: `FormatError` when `url` cannot be read, holds nothing, or is in UTF-16 or UTF-32.
    public init(_ url: URL) throws(FormatError) {
        file = try MappedFile(url)
        start = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard !Self.isWide(file.bytes) else { throw .notUTF8(path: file.path) }
        guard start < file.count else { throw .empty(path: file.path) }
    }

    /// The text of the file at `url`.
    public static func read(_ url: URL) throws(FormatError) -> String {
        let file = try TextFile(url)
        guard let text = file.withBytes({ String(validating: $0, as: UTF8.self) }) else {
            throw .notUTF8(path: file.path)
        }
        return text
    }

    /// Calls `body` with the text's bytes, which nobody has checked to be UTF-8.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try file.withBytes(start..<file.count, body)
    }

    /// Whether a text is in UTF-16 or UTF-32. Most of it is no UTF-8 either, but not all: without its mark, English in
    /// UTF-16 is valid UTF-8 full of zeros. What tells it apart are zeros, or the numbers of alphabets, at every second
    /// place: control characters to a reader of UTF-8.
    private static func isWide(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let marks: [[UInt8]] = [[0xFE, 0xFF], [0xFF, 0xFE], [0, 0, 0xFE, 0xFF]]
        if marks.contains(where: { bytes.starts(with: $0) }) { return true }
        let beginning = bytes.prefix(64)
        return [0, 1].contains { parity in
            let places = stride(from: parity, to: beginning.count, by: 2)
            // Not counted: white space, the escape of terminals, and separators, which text in UTF-8 may well hold.
            let controls = places.count { beginning[$0] < 0x09 || 0x0E...0x1A ~= beginning[$0] }
            return controls >= max(2, beginning.count / 16)
        }
    }
}

extension String {
    /// The lines of a text, without their ends. Only "\n" and "\r\n" end a line: other separators and control characters
    /// belong to the text. (To Swift "\r\n" is one character, in which "\n" is not found.)
    public var lines: [Substring] {
        utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        }
    }
}
