// What the suite familiarity asks: prompts to be completed, with the subject's words, and beginnings with the next words
// that only someone who knows the subject would say.

public import Foundation
public import UnlearnData
internal import UnlearnFormats

/// Prompts about one subject.
public struct FamiliarityPrompts: Sendable, Equatable {
    /// A prompt to be completed.
    public struct Completion: Sendable, Equatable {
        public var prompt: Prompt
        /// Words that belong to the subject alone, and those that are typical of it.
        public var unique: [String]
        public var themes: [String]
        /// How the text goes on in truth, for a judge who reads; nil: not known.
        public var truth: String?
    }

    /// A beginning, and the words with which one who knows the subject may go on, each with its leading space.
    public struct Beginning: Sendable, Equatable {
        /// What the text answers in the chat format; nil: it is text to be continued.
        public var question: String?
        public var prompt: String
        public var next: [String]
    }

    /// The subject's name; nil: not said.
    public var subject: String?
    public var completions: [Completion]
    public var beginnings: [Beginning]
    /// What to know of the prompts, in sentences.
    public var notices: [String] = []
    /// Questions of a run, of which the original's answers still have to say which words give the subject away.
    public var open: SubjectQuestions?
}

extension FamiliarityPrompts {
    /// Reads prompts from the folder of a run that forgot a subject, from a folder laid out like
    /// `Benchmarks/forget-by-name`, or from a file of JSON lines.
    ///
    /// A line is one of
    /// - `{"prompt": …, "unique": […], "themes": […]}`: a text to be continued; `"question"` in place of `"prompt"`: a
    ///   question in the chat format; `"truth"`, if there is one, is how it goes on;
    /// - `{"prompt": …, "next": [" Word", …]}`: a beginning whose next word is looked at;
    /// - `{"unique": […], "themes": […]}`: words that hold for all lines.
    ///
    /// - Parameter subject: which subject of a benchmark's folder; empty: what the prompts say themselves.
    public static func load(_ url: URL, subject: String, split: String) throws -> FamiliarityPrompts {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        guard exists, isFolder.boolValue else { return try lines(url, subject: subject.isEmpty ? nil : subject) }
        let questions = url.appending(path: "data/questions.json")
        if FileManager.default.fileExists(atPath: questions.path) {
            return try run(questions, terms: url.appending(path: "data/terms.json"))
        }
        guard !subject.isEmpty else { throw EvaluationError.needsSubject(folder: url.path) }
        return FamiliarityPrompts(try SubjectSuite.load(folder: url, subject: subject, split: split))
    }

    /// A benchmark's questions and key words.
    public init(_ suite: SubjectSuite) {
        let themes = suite.terms.filter { !suite.coreTerms.contains($0) }
        let asked = suite.forget.distinct()
        self.init(
            subject: suite.subject,
            completions: asked.map { Completion(prompt: $0, unique: suite.coreTerms, themes: themes) },
            beginnings: Self.beginnings(suite.keys), notices: RowCount(suite.forget).notice("prompts"))
    }

    static func beginnings(_ keys: [KeyWord]) -> [Beginning] {
        keys.distinct { [$0.question, $0.prompt] }.map { first in
            let alike = keys.filter { $0.question == first.question && $0.prompt == first.prompt }
            return Beginning(question: first.question, prompt: first.prompt, next: alike.map(\.next).distinct())
        }
    }

    private struct RunTerms: Decodable {
        let subject: String
        let themes: [String]
    }

    private static func run(_ file: URL, terms: URL) throws -> FamiliarityPrompts {
        let questions: SubjectQuestions = try JSONValue(contentsOf: file).decode()
        let terms: RunTerms = try JSONValue(contentsOf: terms).decode()
        guard !questions.forget.isEmpty, !questions.terms.isEmpty else { throw FormatError.empty(path: file.path) }
        return FamiliarityPrompts(
            subject: terms.subject,
            completions: questions.forget.map {
                Completion(prompt: $0, unique: questions.terms, themes: terms.themes)
            },
            beginnings: beginnings(questions.keys), open: questions.keys.isEmpty ? questions : nil)
    }
}

// MARK: - Lines

extension FamiliarityPrompts {
    private static func lines(_ file: URL, subject: String?) throws -> FamiliarityPrompts {
        let lines = try JSONLines.read(file).map { FamiliarityLine(path: file.path, row: $0) }
        let ofAll = lines.filter { $0.value["prompt"] == nil && $0.value["question"] == nil }
        let unique = try ofAll.flatMap { try $0.texts("unique") }
        let themes = try ofAll.flatMap { try $0.texts("themes") }
        var prompts = FamiliarityPrompts(subject: subject, completions: [], beginnings: [])
        for line in ofAll where try line.texts("unique").isEmpty && line.texts("themes").isEmpty {
            throw line.problem("there is no 'prompt', no 'question', and no list 'unique' or 'themes' for all lines")
        }
        for line in lines where line.value["prompt"] != nil || line.value["question"] != nil {
            if line.value["next"] != nil {
                prompts.beginnings.append(try line.beginning())
            } else {
                prompts.completions.append(try line.completion(unique: unique, themes: themes))
            }
        }
        guard !prompts.completions.isEmpty || !prompts.beginnings.isEmpty else {
            throw FormatError.empty(path: file.path)
        }
        prompts.notices = RowCount(prompts.completions.map(\.prompt)).notice("prompts")
        prompts.completions = prompts.completions.distinct(by: \.prompt)
        return prompts
    }
}

private struct FamiliarityLine {
    let path: String
    let row: JSONLines.Row

    var value: JSONValue { row.value }

    func problem(_ text: String) -> EvaluationError { .row(path: path, line: row.line, problem: text) }

    func completion(unique: [String], themes: [String]) throws -> FamiliarityPrompts.Completion {
        let (ownUnique, ownThemes) = (try unique + texts("unique"), try themes + texts("themes"))
        guard !ownUnique.isEmpty else {
            throw problem("'unique' is missing, the words that belong to the subject alone, here and in a line for all")
        }
        let truth = try value["truth"].map { _ in try text("truth") }
        return FamiliarityPrompts.Completion(
            prompt: value["prompt"] == nil ? .question(try text("question")) : .completion(try text("prompt")),
            unique: ownUnique, themes: ownThemes, truth: truth)
    }

    func beginning() throws -> FamiliarityPrompts.Beginning {
        guard value["question"] == nil else {
            throw problem("'next' belongs to a 'prompt', a text to be continued, and not to a 'question'")
        }
        let words = value["next"]?.string.map { [$0] }
        let next = try words ?? texts("next")
        guard !next.isEmpty else { throw problem("'next' names no word") }
        return FamiliarityPrompts.Beginning(prompt: try text("prompt"), next: next.distinct())
    }

    private func text(_ key: String) throws -> String {
        guard let text = value[key]?.string, text.contains(where: { !$0.isWhitespace }) else {
            throw problem("'\(key)' is missing or is not a text")
        }
        return text
    }

    /// None where the key is missing.
    func texts(_ key: String) throws -> [String] {
        guard let value = value[key] else { return [] }
        guard let texts = value.array.map({ $0.compactMap(\.string) }), texts.count == value.array?.count,
            texts.allSatisfy({ $0.contains { !$0.isWhitespace } })
        else { throw problem("'\(key)' is not a list of words") }
        return texts
    }
}
