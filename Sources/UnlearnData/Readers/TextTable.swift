// Rows of named texts: a .csv file, or the objects of a .jsonl or .json file.

public import Foundation
internal import UnlearnFormats

/// A table of texts with a name for each column.
public struct TextTable: Sendable {
    /// A row, and the line on which it begins.
    public struct Row: Sendable {
        public let line: Int
        fileprivate let cells: [String]
    }

    public let path: String
    /// In the file's order; of JSON objects every key that one of them has.
    public let columns: [String]
    public let rows: [Row]

    /// - Throws: `DataError` for a file that cannot be read, is of another kind, or holds no rows.
    public init(_ url: URL) throws(DataError) {
        path = url.path
        switch url.pathExtension.lowercased() {
        case "csv": (columns, rows) = try Self.separatedByCommas(url)
        case "jsonl", "json": (columns, rows) = try Self.objects(url)
        default:
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw .file(.missing(path: url.path, expected: "a table"))
            }
            throw .unknownTable(path: url.path)
        }
        guard !rows.isEmpty else { throw .noRows(path: url.path) }
    }

    /// Where a column's cells stand.
    /// - Throws: `DataError.noColumn`, which names the columns that there are.
    public func column(_ name: String) throws(DataError) -> Column {
        guard let index = columns.firstIndex(of: name) else { throw .noColumn(name, path: path, known: columns) }
        return Column(index: index)
    }

    /// A column, if the table has it.
    public func column(ifAny name: String) -> Column? { columns.firstIndex(of: name).map(Column.init) }

    public struct Column: Sendable {
        fileprivate let index: Int
    }

    /// What is wrong with a row.
    public func problem(_ row: Row, _ sentence: String) -> DataError {
        .tableRow(path: path, line: row.line, problem: sentence)
    }

    // MARK: - Reading

    private static func separatedByCommas(_ url: URL) throws(DataError) -> ([String], [Row]) {
        var rows = CSVRows(try DataError.reading { () throws(FormatError) in try TextFile.read(url) })
        var columns: [String]?
        var found: [Row] = []
        while let row = try next(&rows, url) {
            guard let names = columns else {
                columns = row.cells
                continue
            }
            guard row.cells.count == names.count else {
                let counts = "there are \(row.cells.count) cells under \(names.count) names"
                throw .tableRow(path: url.path, line: row.line, problem: counts)
            }
            found.append(Row(line: row.line, cells: row.cells))
        }
        return (columns ?? [], found)
    }

    private static func next(_ rows: inout CSVRows, _ url: URL) throws(DataError) -> CSVRows.Row? {
        do throws(CSVRows.Problem) { return try rows.next() } catch {
            throw .tableRow(path: url.path, line: error.line, problem: error.sentence)
        }
    }

    private static func objects(_ url: URL) throws(DataError) -> ([String], [Row]) {
        let values = try DataError.reading { () throws(FormatError) in try JSONLines.read(url) }
        // An object keeps the order of its keys, and finds them again quickly.
        var places = JSONObject()
        for row in values {
            guard let object = row.value.object else {
                throw .tableRow(path: url.path, line: row.line, problem: "expected an object in braces")
            }
            for key in object.keys where places[key] == nil { places[key] = .int(places.count) }
        }
        let columns = places.keys
        return (
            columns, values.map { row in Row(line: row.line, cells: columns.map { text(row.value[$0]) }) }
        )
    }

    /// Texts as they are; null, as what is missing, is empty; all else as JSON writes it.
    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: ""
        case .string(let text): text
        case let value?: value.text()
        }
    }
}

extension TextTable.Row {
    public subscript(_ column: TextTable.Column) -> String { cells[column.index] }
}
