// Tables of text: comma-separated values after RFC 4180, cell by cell as they are written.

public import Foundation
internal import UnlearnFormats

/// A file of comma-separated values.
public enum CSVTable {
    public struct Row: Sendable, Equatable {
        /// On which it begins, from 1.
        public let line: Int
        /// With their white space.
        public let cells: [String]
    }

    /// - Parameter isHeader: whether a first row holds names, and is left out.
    /// - Throws: ``DataError`` for a file that cannot be read, that holds no rows, or whose quotes are not closed.
    public static func read(_ url: URL, isHeader: ([String]) -> Bool) throws(DataError) -> [Row] {
        let text = try DataError.reading { () throws(FormatError) in try TextFile.read(url) }
        var source = CSVRows(text, keepsSpaces: true)
        var rows: [Row] = []
        do throws(CSVRows.Problem) {
            while let row = try source.next() { rows.append(Row(line: row.line, cells: row.cells)) }
        } catch { throw .csv(path: url.path, line: error.line, problem: error.sentence) }
        if let first = rows.first, isHeader(first.cells) { rows.removeFirst() }
        guard !rows.isEmpty else { throw .csv(path: url.path, line: 1, problem: "the table has no rows") }
        return rows
    }
}
