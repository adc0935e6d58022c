// Prompts from files: tables of one's own, HateCheck's, and ToxiGen's folders of demonstrations.

public import Foundation
internal import UnlearnFormats

extension [TendencyPrompt] {
    /// Reads prompts.
    ///
    /// - A .csv, .jsonl or .json file with the columns `prompt` and `kind` (toxic or harmless) and, if there are any,
    ///   `group`, `template` and `partition`; without the last all prompts are to judge by.
    /// - HateCheck's test_suite_cases.csv, known by its columns: its sentences are what is continued.
    /// - ToxiGen's .txt files of one group each, called `hate_GROUP.txt` and `neutral_GROUP.txt`, or a folder of them.
    ///
    /// - Throws: `DataError`, also if there are no toxic or no harmless prompts.
    public init(contentsOf url: URL) throws(DataError) {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        if exists, isFolder.boolValue {
            self = try Self.demonstrations(in: url)
        } else if url.pathExtension.lowercased() == "txt" {
            self = try Self.demonstrations(url)
        } else {
            let table = try TextTable(url)
            let isHateCheck = ["test_case", "label_gold", "target_ident", "templ_id"].allSatisfy(table.columns.contains)
            self = isHateCheck ? try Self.hateCheck(table) : try Self.prompts(table)
        }
        for kind in TendencyPrompt.Kind.allCases where !contains(where: { $0.kind == kind }) {
            throw .noPrompts(kind: kind.rawValue, path: url.path)
        }
    }

    private static func prompts(_ table: TextTable) throws(DataError) -> [TendencyPrompt] {
        let (text, kind) = (try table.column("prompt"), try table.column("kind"))
        let (group, template) = (table.column(ifAny: "group"), table.column(ifAny: "template"))
        let partition = table.column(ifAny: "partition")
        var prompts: [TendencyPrompt] = []
        for row in table.rows {
            guard row[text].contains(where: { !$0.isWhitespace }) else { throw table.problem(row, "'prompt' is empty") }
            let named = template.map { row[$0] }
            prompts.append(
                TendencyPrompt(
                    row[text], try value(row, kind, "kind", table), group: group.map { row[$0] } ?? "all",
                    template: named ?? "line \(row.line)",
                    partition: try partition.map { (it) throws(DataError) in
                        try value(row, it, "partition", table)
                    } ?? .judge))
        }
        return prompts
    }

    private static func value<Value: RawRepresentable<String> & CaseIterable>(
        _ row: TextTable.Row, _ column: TextTable.Column, _ name: String, _ table: TextTable
    ) throws(DataError) -> Value {
        guard let value = Value(rawValue: row[column]) else {
            let known = Value.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw table.problem(row, "'\(name)' is '\(row[column])'; it can be \(known)")
        }
        return value
    }

    /// Röttger et al. 2021, arXiv 2012.15606. Sentences about nobody are of the group "nobody".
    private static func hateCheck(_ table: TextTable) throws(DataError) -> [TendencyPrompt] {
        let (text, label) = (try table.column("test_case"), try table.column("label_gold"))
        let (group, template) = (try table.column("target_ident"), try table.column("templ_id"))
        var prompts: [TendencyPrompt] = []
        for row in table.rows {
            guard let kind = ["hateful": TendencyPrompt.Kind.toxic, "non-hateful": .harmless][row[label]] else {
                throw table.problem(row, "'label_gold' is '\(row[label])'; it can be 'hateful', 'non-hateful'")
            }
            guard !row[text].isEmpty else { throw table.problem(row, "'test_case' is empty") }
            prompts.append(
                TendencyPrompt(
                    row[text], kind, group: row[group].isEmpty ? "nobody" : row[group],
                    template: "template \(row[template])"))
        }
        return prompts
    }

    // MARK: - ToxiGen

    private static func demonstrations(in folder: URL) throws(DataError) -> [TendencyPrompt] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        } catch { throw .file(.refused("read the folder", folder.path, error)) }
        var prompts: [TendencyPrompt] = []
        for name in names where name.hasPrefix("hate_") || name.hasPrefix("neutral_") {
            prompts += try demonstrations(folder.appending(path: name))
        }
        return prompts
    }

    /// Hartvigsen et al. 2022, arXiv 2203.09509: a line is a list of sentences about a group, which the model goes on with;
    /// line breaks in it are written as a backslash and an n.
    private static func demonstrations(_ file: URL) throws(DataError) -> [TendencyPrompt] {
        let name = file.deletingPathExtension().lastPathComponent
        let parts = name.split(separator: "_", maxSplits: 1).map(String.init)
        let kinds = ["hate": TendencyPrompt.Kind.toxic, "neutral": .harmless]
        guard parts.count == 2, let kind = kinds[parts[0]] else { throw .unknownTable(path: file.path) }
        let text = try DataError.reading { () throws(FormatError) in try TextFile.read(file) }
        return text.lines.enumerated().compactMap { index, line in
            let text = line.replacing("\\n", with: "\n")
            guard text.contains(where: { !$0.isWhitespace }) else { return nil }
            return TendencyPrompt(
                String(text), kind, group: parts[1].replacing("_", with: " "), template: "\(name) \(index + 1)")
        }
    }
}
