// Renders the end of a run for a terminal: figures before and after, a few answers, the verdict, where the report is.
import UnlearnEvaluation

/// Rows of text in aligned columns.
public struct TerminalTable: Sendable {
    private let titles: [String]
    /// The columns whose cells stand at the right.
    private let right: Set<Int>
    private let rows: [[String]]

    public init(_ titles: [String], right: Set<Int> = [], rows: [[String]]) {
        (self.titles, self.right, self.rows) = (titles, right, rows)
    }

    /// The table as lines, columns two spaces apart, a rule under the titles. Missing cells are empty.
    public func render() -> String {
        let lines = [titles] + rows.map { row in row.map(PlainText.singleLine) }
        let widths = titles.indices.map { column in
            lines.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        var texts = lines.map { line(of: $0, widths) }
        texts.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        return texts.joined(separator: "\n") + "\n"
    }

    private func line(of cells: [String], _ widths: [Int]) -> String {
        let padded = titles.indices.map { column in
            let cell = column < cells.count ? cells[column] : ""
            let space = String(repeating: " ", count: widths[column] - cell.count)
            return right.contains(column) ? space + cell : cell + space
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
        let table = FigureTable(report.metrics)
        let rows = report.metrics.map { metric in
            [metric.titleWithUnit, metric.split.rawValue] + table.figures(metric)
                + [metric.direction.words, metric.examples]
        }
        let titles = ["figure", "measured on"] + table.sides + ["better", "examples"]
        let right = Set(2..<2 + table.sides.count).union([titles.count - 1])
        return TerminalTable(titles, right: right, rows: rows).render()
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
