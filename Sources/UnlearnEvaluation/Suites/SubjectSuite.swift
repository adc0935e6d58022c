// The questions of a benchmark about one subject, and the run that judges a model by them.

public import Foundation
public import UnlearnData
public import UnlearnEngine
internal import UnlearnFormats
public import UnlearnModels

/// Questions about one subject, written for a benchmark. The answers are the original model's, and not part of it.
public struct SubjectSuite: Codable, Sendable, Equatable {
    public var subject: String
    public var forget: [Prompt]
    public var terms: [String]
    public var coreTerms: [String]
    public var keys: [KeyWord] = []
    public var neighbours: [Prompt]
    public var general: [Prompt]
    public var texts: [String]
}

// MARK: - Reading

extension SubjectSuite {
    /// Reads a folder laid out like `Benchmarks/forget-by-name`.
    /// - Parameters:
    ///   - subject: the name ("Harry Potter") or the part of the file names that stands for it ("harry-potter").
    ///   - split: which of the questions about the subject are asked: "test" or "dev".
    public static func load(
        folder: URL, subject: String, split: String = "test"
    ) throws -> SubjectSuite {
        let slug = slug(subject)
        let file = folder.appending(path: "\(slug).jsonl")
        guard !slug.isEmpty, FileManager.default.fileExists(atPath: file.path) else {
            throw EvaluationError.unknownSubject(subject, folder: folder.path, known: subjects(in: folder))
        }
        let rows = try SuiteRow.read(file)
        let asked = rows.filter { $0.split == split }
        guard !asked.isEmpty else {
            let known = Set(rows.compactMap(\.split)).sorted()
            throw EvaluationError.noQuestions(split: split, path: file.path, known: known)
        }
        let terms: TermLists = try JSONValue(contentsOf: folder.appending(path: "\(slug)-terms.json")).decode()
        let core = terms.core.map { $0.lowercased() }
        let general = try SuiteRow.read(folder.appending(path: "general.jsonl"))
        return SubjectSuite(
            subject: terms.subject, forget: try SuiteRow.questions(asked),
            terms: core + terms.other.map { $0.lowercased() }, coreTerms: core,
            keys: try SuiteRow.keys(SuiteRow.read(folder.appending(path: "\(slug)-keys.jsonl"))),
            neighbours: try SuiteRow.questions(SuiteRow.read(folder.appending(path: "neighbours-\(slug).jsonl"))),
            general: try SuiteRow.questions(general.filter { $0.plainText == nil }),
            texts: general.compactMap(\.plainText))
    }

    /// "Harry Potter" → "harry-potter".
    private static func slug(_ subject: String) -> String {
        subject.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
    }

    private static func subjects(in folder: URL) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let ending = "-terms.json"
        return names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
    }
}

/// The words that give a subject away. They count in any case, which is what lower-case terms do.
private struct TermLists: Decodable {
    let subject: String
    let core: [String]
    let other: [String]
}

/// A row of a benchmark's file, and where it stands.
private struct SuiteRow {
    let path: String
    let row: JSONLines.Row

    var split: String? { row.value["split"]?.string }
    var plainText: String? { row.value["text"]?.string }

    static func read(_ file: URL) throws -> [SuiteRow] {
        try JSONLines.read(file).map { SuiteRow(path: file.path, row: $0) }
    }

    static func questions(_ rows: [SuiteRow]) throws -> [Prompt] {
        var questions: [Prompt] = []
        for row in rows {
            let isCompletion = row.row.value["style"]?.string == "completion"
            let text = try row.text("question")
            questions.append(isCompletion ? .completion(text) : .question(text))
        }
        return questions
    }

    static func keys(_ rows: [SuiteRow]) throws -> [KeyWord] {
        var keys: [KeyWord] = []
        for row in rows { keys.append(KeyWord(prompt: try row.text("prompt"), next: try row.text("next"))) }
        return keys
    }

    private func text(_ key: String) throws -> String {
        guard let text = row.value[key]?.string, text.contains(where: { !$0.isWhitespace }) else {
            throw FormatError.malformed(
                .jsonLines, path: path, place: .line(row.line), problem: "'\(key)' is missing or is not a text")
        }
        return text
    }
}

// MARK: - Judging a model

/// What a suite showed: `{"before": […], "after": […], "verdict": …}`.
public struct SubjectResult: Codable, Sendable, Equatable {
    public let before: [Outcome]
    public let after: [Outcome]
    public let verdict: Verdict

    /// - Parameter notices: what to know of the questions beside the findings.
    public init(
        before: [Outcome], after: [Outcome], rule: LanguageVerdictRule = LanguageVerdictRule(), notices: [String] = []
    ) {
        self.before = before
        self.after = after
        let verdict = Verdict(before: before.measurements, after: after.measurements, rule: rule)
        self.verdict = Verdict(verdict: verdict.verdict, reasons: verdict.reasons + notices)
    }
}

extension SubjectSuite {
    /// Judges a model by its original. The models come from closures, so that one at a time is in memory.
    public func run(
        reference: () throws -> LanguageModel, model: () throws -> LanguageModel,
        options: EvaluationOptions = EvaluationOptions(samples: 5), rule: LanguageVerdictRule = LanguageVerdictRule(),
        progress: (ProgressEvent) -> Void = { _ in }
    ) throws -> SubjectResult {
        let (questions, before) = try measure(reference, options, progress)
        let after = try Evaluation(of: try model(), on: questions, options, progress: progress)
        return SubjectResult(before: before, after: MetricCatalog.measure(after), rule: rule, notices: notices)
    }

    private var notices: [String] {
        RowCount(forget).notice("questions about the subject")
            + RowCount(neighbours).notice("questions about neighbouring subjects")
            + RowCount(general).notice("general questions")
    }

    private func measure(
        _ reference: () throws -> LanguageModel, _ options: EvaluationOptions, _ progress: (ProgressEvent) -> Void
    ) throws -> (SubjectQuestions, [Outcome]) {
        let reference = try reference()
        let questions = try SubjectQuestions.prepare(self, using: reference, progress: progress)
        let before = try Evaluation(of: reference, on: questions, options, isReference: true, progress: progress)
        return (questions, MetricCatalog.measure(before))
    }
}
