// Renders the end of a run for a terminal: figures before and after, a few answers, the verdict, where the report is.
import UnlearnEvaluation

/// Rows of text in aligned columns.
public struct TerminalTable: Sendable {
    public enum Alignment: Sendable { case left, right }

    public struct Column: Sendable {
        public let title: String
        public let alignment: Alignment

        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    public let columns: [Column]
    public var rows: [[String]]

    public init(_ columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// The table as lines, columns two spaces apart, a rule under the titles. Missing cells are empty.
    public func render() -> String {
        let lines = [columns.map(\.title)] + rows.map { row in row.map(PlainText.singleLine) }
        let widths = columns.indices.map { column in
            lines.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        var texts = lines.map { line(of: $0, widths) }
        texts.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        return texts.joined(separator: "\n") + "\n"
    }

    private func line(of cells: [String], _ widths: [Int]) -> String {
        let padded = columns.indices.map { column in
            let cell = column < cells.count ? cells[column] : ""
            let space = String(repeating: " ", count: widths[column] - cell.count)
            return columns[column].alignment == .left ? cell + space : space + cell
        }
        let text = padded.joined(separator: "  ")
        return String(text.reversed().drop { $0 == " " }.reversed())
    }
}

/// A report as text for a terminal.
public struct TerminalRenderer: Sendable {
    /// How wide a line with an answer may be.
    var width = 120
    /// How many samples of each kind are shown.
    var samplesOfEachKind = 4

    public init() {}

    /// The report; `path` is where the whole of it can be read.
    public func render(_ report: Report, path: String) -> String {
        let parts = [figures(report), samples(report), verdict(report) + "Report: \(path)\n"]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func figures(_ report: Report) -> String {
        guard !report.metrics.isEmpty else { return "" }
        let rows = report.metrics.map { metric in
            [
                metric.titleWithUnit, metric.split.rawValue, metric.before.words, metric.after.words,
                metric.direction.words, metric.examples,
            ]
        }
        let columns: [TerminalTable.Column] = [
            .init("figure"), .init("measured on"), .init("before", .right), .init("after", .right), .init("better"),
            .init("examples", .right),
        ]
        return TerminalTable(columns, rows: rows).render()
    }

    private func samples(_ report: Report) -> String {
        Report.Sample.Kind.allCases.compactMap { kind in
            let samples = report.samples.filter { $0.kind == kind }.prefix(samplesOfEachKind)
            guard !samples.isEmpty else { return nil }
            return kind.title + "\n" + samples.map(text(of:)).joined()
        }.joined(separator: "\n")
    }

    private func text(of sample: Report.Sample) -> String {
        [("  ", sample.prompt), ("    before: ", sample.before), ("    after:  ", sample.after)].map { label, text in
            PlainText.shortened(label + PlainText.singleLine(text), to: width) + "\n"
        }.joined()
    }

    private func verdict(_ report: Report) -> String {
        report.headline + "\n" + report.reasons.map { "  - \(PlainText.singleLine($0))\n" }.joined()
    }
}
