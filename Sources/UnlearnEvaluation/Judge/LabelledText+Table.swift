// Labelled texts from a table.

public import Foundation
internal import UnlearnData

/// Where a table says what.
public struct LabelColumns: Codable, Sendable, Equatable {
    public var text: String
    public var label: String
    /// What texts have in common that are to be fitted on together or held out together; nil: each stands by itself.
    public var group: String?
    /// The labels that are positive; none: those that say so in one of the usual words.
    public var positive: [String]

    public init(text: String = "text", label: String = "label", group: String? = nil, positive: [String] = []) {
        (self.text, self.label, self.group, self.positive) = (text, label, group, positive)
    }

    /// HateCheck's (Röttger et al. 2021, arXiv 2012.15606), whose sentences are of one group if of one template.
    public static let hateCheck = LabelColumns(text: "test_case", label: "label_gold", group: "templ_id")
}

extension [LabelledText] {
    private static let yes: Set<String> = [
        "1", "1.0", "true", "yes", "toxic", "hate", "hateful", "offensive", "positive",
    ]
    private static let no: Set<String> = [
        "0", "0.0", "false", "no", "harmless", "non-toxic", "non-hateful", "not hateful", "neutral", "negative",
    ]

    /// Reads a .csv, .jsonl or .json table; HateCheck's is known by its columns. Rows without a text are passed over.
    /// - Throws: `DataError`, or `JudgeError` for labels that say neither yes nor no.
    public init(contentsOf url: URL, _ columns: LabelColumns = LabelColumns()) throws {
        let table = try TextTable(url)
        var columns = columns
        if columns == LabelColumns(), ["test_case", "label_gold", "templ_id"].allSatisfy(table.columns.contains) {
            columns = .hateCheck
        }
        let (text, label) = (try table.column(columns.text), try table.column(columns.label))
        let group = try columns.group.map { name in try table.column(name) }
        let labels = table.rows.map { $0[label] }.distinct()
        let positive = try Self.positive(among: labels, columns, url)
        self = table.rows.compactMap { row in
            guard row[text].contains(where: { !$0.isWhitespace }) else { return nil }
            return LabelledText(
                row[text], isPositive: positive.contains(row[label]), group: group.map { row[$0] } ?? row[text])
        }
    }

    private static func positive(
        among labels: [String], _ columns: LabelColumns, _ url: URL
    ) throws(JudgeError) -> Set<String> {
        guard columns.positive.isEmpty else {
            let unknown = columns.positive.filter { !labels.contains($0) }
            guard unknown.isEmpty else { throw .unknownPositive(unknown, path: url.path, known: labels) }
            return Set(columns.positive)
        }
        let unclear = labels.filter { !yes.contains($0.lowercased()) && !no.contains($0.lowercased()) }
        guard unclear.isEmpty else { throw .tableLabels(labels, path: url.path) }
        return Set(labels.filter { yes.contains($0.lowercased()) })
    }
}
