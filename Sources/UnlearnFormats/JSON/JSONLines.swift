// JSON lines: a value on each line. A file with one JSON array is read in the same way.
public import Foundation

/// The rows of a `.jsonl` file, or the elements of a file with one JSON array.
public enum JSONLines {
    /// A value and the line, from 1, on which it begins.
    public struct Row: Sendable, Equatable {
        public let line: Int
        public let value: JSONValue
    }

    /// Reads all rows; blank lines are passed over.
    /// - Throws: `FormatError` with the line and column of the first mistake.
    public static func read(_ url: URL) throws(FormatError) -> [Row] {
        let file = try TextFile(url)
        return try file.withBytes { bytes throws(FormatError) in
            if bytes.first(where: { !isSpace($0) }) == UInt8(ascii: "[") {
                var parser = JSONParser(bytes: bytes, path: file.path, format: .json, firstLine: 1)
                return try parser.rows()
            }
            return try lines(bytes, path: file.path)
        }
    }

    private static func lines(_ bytes: UnsafeRawBufferPointer, path: String) throws(FormatError) -> [Row] {
        var rows: [Row] = []
        var line = 1
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let text = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if !text.allSatisfy(isSpace) {
                let value = try JSONValue(parsing: text, path: path, format: .jsonLines, firstLine: line)
                rows.append(Row(line: line, value: value))
            }
            start = end + 1
            line += 1
        }
        return rows
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
}
