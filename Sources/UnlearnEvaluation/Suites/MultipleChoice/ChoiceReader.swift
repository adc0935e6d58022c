// Files of questions with options, as their authors publish them, and the prompts that lm-evaluation-harness makes of them.

internal import Foundation
internal import UnlearnData
internal import UnlearnFormats

/// A reader for each kind of file. Every mistake is named with file and line.
enum ChoiceReader {
    /// {"id", "question": {"stem", "choices": [{"text", "label"}]}, "answerKey"}, or with "question" and
    /// {"choices": {"text": […], "label": […]}} side by side.
    static func arc(_ file: URL, _ task: ChoiceTask) throws -> [ChoiceItem] {
        try stems(file, task) { "Question: \($0)\nAnswer:" }
    }

    /// As ARC; the harness gives the stem alone.
    static func openBookQA(_ file: URL, _ task: ChoiceTask) throws -> [ChoiceItem] {
        try stems(file, task) { $0 }
    }

    private static func stems(
        _ file: URL, _ task: ChoiceTask, _ prompt: (String) -> String
    ) throws -> [ChoiceItem] {
        try ChoiceRow.read(file).map { row in
            let nested = row.value["question"]?.object != nil
            let stem =
                try nested
                ? row.text("stem", of: row.value["question"])
                : row.text(row.value["question_stem"] == nil ? "question" : "question_stem")
            let choices = nested ? row.value["question"]?["choices"] : row.value["choices"]
            let texts: [String]
            let labels: [String]
            if let rows = choices?.array {
                texts = try rows.map { try row.text("text", of: $0) }
                labels = try rows.map { try row.text("label", of: $0) }
            } else {
                texts = try row.texts("text", of: choices)
                labels = try row.texts("label", of: choices)
            }
            let key = try row.text("answerKey").trimmingCharacters(in: .whitespaces)
            guard let answer = labels.firstIndex(of: key), texts.count == labels.count, texts.count > 1 else {
                throw row.problem("'answerKey' names none of the choices")
            }
            return row.item(task, prompt: prompt(stem), texts, answer)
        }
    }

    /// {"question", "passage", "answer": true}, or "label" in place of "answer".
    static func boolQ(_ file: URL, _ task: ChoiceTask) throws -> [ChoiceItem] {
        try ChoiceRow.read(file).map { row in
            let answer = row.value["answer"] ?? row.value["label"]
            guard let isTrue = answer?.bool ?? answer?.int.flatMap({ [0, 1].contains($0) ? $0 == 1 : nil }) else {
                throw row.problem("'answer' is missing or is not true or false")
            }
            let prompt = "\(try row.text("passage"))\nQuestion: \(try row.text("question"))?\nAnswer:"
            return row.item(task, prompt: prompt, ["no", "yes"], isTrue ? 1 : 0)
        }
    }

    /// {"activity_label", "ctx_a", "ctx_b", "endings", "label"}.
    static func hellaSwag(_ file: URL, _ task: ChoiceTask) throws -> [ChoiceItem] {
        try ChoiceRow.read(file).map { row in
            let second = try row.text("ctx_b", mayBeEmpty: true)
            let context = try row.text("ctx_a") + " " + second.prefix(1).uppercased() + second.dropFirst().lowercased()
            let endings = try row.texts("endings").map(HellaSwagText.cleaned)
            let prompt = HellaSwagText.cleaned(try row.text("activity_label") + ": " + context)
            return row.item(task, prompt: prompt, endings, try row.number("label", below: endings.count))
        }
    }

    /// {"goal", "sol1", "sol2"}; the labels stand in a file of their own, one a line, or in "label".
    static func piqa(_ file: URL, _ task: ChoiceTask) throws -> [ChoiceItem] {
        let rows = try ChoiceRow.read(file)
        let isLabelled = rows[0].value["label"] != nil
        let labels = try isLabelled ? nil : PIQALabels(beside: file, count: rows.count)
        return try rows.enumerated().map { index, row in
            let answer = try labels?[index] ?? row.number("label", below: 2)
            let prompt = "Question: \(try row.text("goal"))\nAnswer:"
            return row.item(task, prompt: prompt, [try row.text("sol1"), try row.text("sol2")], answer)
        }
    }

    /// {"sentence" with a gap "_", "option1", "option2", "answer": "1"}. Partial scoring (Trinh and Le 2018, arXiv
    /// 1806.02847): how probable is what follows the gap, after each option in it.
    static func winoGrande(_ file: URL, _ task: ChoiceTask) throws -> [ChoiceItem] {
        try ChoiceRow.read(file).map { row in
            let sentence = try row.text("sentence")
            guard let gap = sentence.firstIndex(of: "_") else { throw row.problem("'sentence' has no gap '_'") }
            let before = sentence[..<gap]
            let after = sentence[sentence.index(after: gap)...].trimmingCharacters(in: .whitespacesAndNewlines)
            let options = [try row.text("option1"), try row.text("option2")]
            guard let answer = ["1", "2"].firstIndex(of: try row.text("answer")) else {
                throw row.problem("'answer' is neither \"1\" nor \"2\"")
            }
            return ChoiceItem(
                task: task.name, id: row.id,
                options: options.map { .completion(prompt: before + $0, completion: " " + after) },
                lengths: options.map { $0.unicodeScalars.count }, answer: answer)
        }
    }

    /// Columns question, four choices, answer (a letter or a number from 0), with or without a line of names.
    static func mmlu(_ file: URL, _ task: ChoiceTask, subject: String) throws -> [ChoiceItem] {
        let title = subject.replacing("_", with: " ")
        let letters = ["A", "B", "C", "D"]
        return try CSVTable.read(file, isHeader: { $0.first == "question" && $0.last == "answer" }).map { row in
            func problem(_ text: String) -> EvaluationError { .row(path: file.path, line: row.line, problem: text) }
            guard row.cells.count == 6 else {
                throw problem("there are \(row.cells.count) columns; question, four choices and answer are 6")
            }
            let key = row.cells[5].trimmingCharacters(in: .whitespaces)
            guard
                let answer = letters.firstIndex(of: key)
                    ?? Int(key).flatMap({ letters.indices.contains($0) ? $0 : nil })
            else { throw problem("the answer '\(key)' is no letter from A to D and no number from 0 to 3") }
            let question = row.cells[0].trimmingCharacters(in: .whitespacesAndNewlines)
            let choices = zip(letters, row.cells[1...]).map { "\($0). \($1)\n" }.joined()
            let prompt =
                "The following are multiple choice questions (with answers) about \(title).\n\n\(question)\n\(choices)Answer:"
            return ChoiceItem(
                task: task.name, id: "line-\(row.line)",
                options: letters.map { .completion(prompt: prompt, completion: " " + $0) },
                lengths: [1, 1, 1, 1], answer: answer)
        }
    }
}

/// A line of a file, as an object.
private struct ChoiceRow {
    let path: String
    let line: Int
    let value: JSONValue

    var id: String { value["id"]?.string ?? value["qID"]?.string ?? "line-\(line)" }

    static func read(_ file: URL) throws -> [ChoiceRow] {
        let rows = try JSONLines.read(file).map { ChoiceRow(path: file.path, line: $0.line, value: $0.value) }
        guard !rows.isEmpty else { throw FormatError.empty(path: file.path) }
        return rows
    }

    func problem(_ text: String) -> EvaluationError { .row(path: path, line: line, problem: text) }

    func text(_ key: String, of object: JSONValue? = nil, mayBeEmpty: Bool = false) throws -> String {
        guard let text = (object ?? value)[key]?.string, mayBeEmpty || !text.isEmpty else {
            throw problem("'\(key)' is missing or is not a text")
        }
        return text
    }

    func texts(_ key: String, of object: JSONValue? = nil) throws -> [String] {
        let list = (object ?? value)[key]?.array ?? []
        let texts = list.compactMap(\.string)
        guard texts.count == list.count, texts.count > 1 else {
            throw problem("'\(key)' is missing or is not a list of texts")
        }
        return texts
    }

    /// A number from 0, also written as text.
    func number(_ key: String, below count: Int) throws -> Int {
        let number = value[key]?.int ?? value[key]?.string.flatMap { Int($0) }
        guard let number, (0..<count).contains(number) else {
            throw problem("'\(key)' is missing or is not a number from 0 to \(count - 1)")
        }
        return number
    }

    /// Options that continue one prompt after a space.
    func item(_ task: ChoiceTask, prompt: String, _ options: [String], _ answer: Int) -> ChoiceItem {
        ChoiceItem(
            task: task.name, id: id, options: options.map { .completion(prompt: prompt, completion: " " + $0) },
            lengths: options.map { $0.unicodeScalars.count }, answer: answer)
    }
}

/// What the harness makes of HellaSwag's texts, which carry marks of WikiHow's headings.
enum HellaSwagText {
    static func cleaned(_ text: String) -> String {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines).replacing(" [title]", with: ". ")
        return withoutBrackets(text).replacing("  ", with: " ")
    }

    /// Takes out "[…]" up to the nearest bracket that closes, where both stand on one line.
    private static func withoutBrackets(_ text: String) -> String {
        var (rest, result) = (text[...], "")
        while let open = rest.firstIndex(of: "[") {
            let close = rest[open...].firstIndex { $0 == "]" || $0.isNewline }
            guard let close, rest[close] == "]" else {
                result += rest[...open]
                rest = rest[rest.index(after: open)...]
                continue
            }
            result += rest[..<open]
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}

/// The right answers of PIQA, one 0 or 1 on each line.
private struct PIQALabels {
    private let labels: [Int]

    init(beside file: URL, count: Int) throws {
        let url = file.deletingPathExtension().deletingLastPathComponent()
            .appending(path: file.deletingPathExtension().lastPathComponent + "-labels.lst")
        let lines = try TextFile.read(url).lines.enumerated().filter { !$0.element.allSatisfy(\.isWhitespace) }
        labels = try lines.map { index, line in
            guard let label = Int(line.trimmingCharacters(in: .whitespaces)), [0, 1].contains(label) else {
                throw EvaluationError.row(path: url.path, line: index + 1, problem: "'\(line)' is neither 0 nor 1")
            }
            return label
        }
        guard labels.count == count else {
            throw EvaluationError.row(
                path: url.path, line: labels.count,
                problem: "there are \(labels.count) labels, and \(count) questions in '\(file.lastPathComponent)'")
        }
    }

    subscript(_ index: Int) -> Int { labels[index] }
}
