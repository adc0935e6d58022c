// Tables of labels: comma-separated values after RFC 4180.

internal import Foundation
internal import UnlearnFormats

/// An image with the label that somebody gave it.
struct LabelledFile {
    /// As it stands below the data's folder.
    let name: String
    let label: String
    /// Of the table, where there is one.
    var line: Int?

    /// "'a.png' is 'old' (line 3)".
    var claim: String { "'\(name)' is '\(label)'" + (line.map { " (line \($0))" } ?? "") }

    /// A path in its shortest spelling: `./a//b.png` is `a/b.png`.
    static func shortest(_ name: String) -> String {
        name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}

/// A table with the columns `file` and `label`, separated by commas.
enum LabelTable {
    static func read(_ url: URL) throws(DataError) -> [LabelledFile] {
        var rows = CSVRows(try DataError.reading { () throws(FormatError) in try TextFile.read(url) })
        var files: [LabelledFile] = []
        var columns: (file: Int, label: Int, count: Int)?
        while let row = try next(&rows, url) {
            func problem(_ text: String) -> DataError { .table(path: url.path, line: row.line, problem: text) }
            guard let columns else {
                let (file, label) = (row.cells.firstIndex(of: "file"), row.cells.firstIndex(of: "label"))
                guard let file, let label else { throw problem("there are no columns 'file' and 'label'") }
                columns = (file, label, row.cells.count)
                continue
            }
            guard row.cells.count > max(columns.file, columns.label) else { throw problem("a cell is missing") }
            guard row.cells.dropFirst(columns.count).allSatisfy(\.isEmpty) else {
                let counts = "\(row.cells.count) cells under \(columns.count) names"
                throw problem("there are \(counts); put quotes around a cell with a comma")
            }
            let (name, label) = (row.cells[columns.file], row.cells[columns.label])
            guard !label.isEmpty else { throw problem("'\(name)' has no label") }
            guard !name.hasPrefix("/"), !LabelledFile.shortest(name).isEmpty,
                !name.split(separator: "/").contains("..")
            else { throw problem("'\(name)' is no file below the folder") }
            files.append(LabelledFile(name: LabelledFile.shortest(name), label: label, line: row.line))
        }
        guard !files.isEmpty else { throw .noImages(path: url.path) }
        return files
    }

    private static func next(_ rows: inout CSVRows, _ url: URL) throws(DataError) -> CSVRows.Row? {
        do throws(CSVRows.Problem) { return try rows.next() } catch {
            throw .table(path: url.path, line: error.line, problem: error.sentence)
        }
    }
}

/// The rows of comma-separated values. White space around a cell is not part of it, unless it stands in quotes or is to be
/// kept. Lines of nothing but white space are no rows.
struct CSVRows {
    struct Row: Equatable {
        /// On which it begins.
        let line: Int
        let cells: [String]
    }

    struct Problem: Error {
        let line: Int
        let sentence: String
    }

    private static let separators: Set<Unicode.Scalar> = [",", "\r", "\n"]

    // Scalars, as "\r\n" would be one Character.
    private let text: [Unicode.Scalar]
    private let keepsSpaces: Bool
    private var place = 0
    private var line = 1

    init(_ text: String, keepsSpaces: Bool = false) {
        (self.text, self.keepsSpaces) = (Array(text.unicodeScalars), keepsSpaces)
    }

    private var scalar: Unicode.Scalar? { place < text.count ? text[place] : nil }

    mutating func next() throws(Problem) -> Row? {
        while scalar != nil {
            let first = line
            var cells = [try cell()]
            while scalar == "," {
                place += 1
                cells.append(try cell())
            }
            endLine()
            if cells.count > 1 || !cells[0].allSatisfy(\.isWhitespace) { return Row(line: first, cells: cells) }
        }
        return nil
    }

    /// Steps over the end of a line, if one is here.
    private mutating func endLine() {
        guard let end = scalar else { return }
        place += 1
        if end == "\r", scalar == "\n" { place += 1 }
        line += 1
    }

    private mutating func cell() throws(Problem) -> String {
        skipSpaces()
        if scalar == "\"" { return try quoted() }
        var cell = String.UnicodeScalarView()
        while let next = scalar, !Self.separators.contains(next) {
            cell.append(next)
            place += 1
        }
        return keepsSpaces ? String(cell) : String(cell).trimmingCharacters(in: .whitespaces)
    }

    private mutating func skipSpaces() {
        while !keepsSpaces, scalar == " " || scalar == "\t" { place += 1 }
    }

    /// Up to the quote that ends it; two quotes are one, and line breaks belong to it.
    private mutating func quoted() throws(Problem) -> String {
        let first = line
        var cell = String.UnicodeScalarView()
        place += 1
        while let next = scalar {
            place += 1
            if next == "\"" {
                if scalar != "\"" { return try ending(String(cell), from: first) }
                place += 1
            } else if next == "\n" || (next == "\r" && scalar != "\n") {
                line += 1
            }
            cell.append(next)
        }
        throw Problem(line: first, sentence: "a quote is not closed")
    }

    private mutating func ending(_ cell: String, from line: Int) throws(Problem) -> String {
        skipSpaces()
        guard scalar.map(Self.separators.contains) ?? true else {
            throw Problem(line: line, sentence: "something stands behind the quote that ends a cell")
        }
        return cell
    }
}
