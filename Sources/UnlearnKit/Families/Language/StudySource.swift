// Where the data of a run come from: the model itself, or the user's files.

import Foundation
public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// The user's own files, read and checked before any weights are.
struct UserData {
    private(set) var forget: [ForgetExample]?
    private(set) var retain: [Example]?
    let terms: SubjectTerms?

    /// - Parameter splitBy: the member that every row to forget must have, as text or number; nil: none.
    init(_ configuration: RunConfiguration, splitBy: String? = nil) throws {
        forget = try configuration.forget.map { path in try Self.rows(path, splitBy: splitBy) }
        retain = try configuration.retain.map { path in try Self.examples(path) }
        terms = try configuration.terms.map { text in
            try Self.terms(text, subject: configuration.subject ?? "")
        }
    }

    /// Makes the model able to read each example as a whole.
    mutating func fit(to model: LanguageModel, _ configuration: RunConfiguration) throws {
        if let path = configuration.retain { retain = try Self.fitted(retain ?? [], of: path, to: model) }
        guard let path = configuration.forget, let rows = forget else { return }
        let examples = try Self.fitted(rows.map(\.example), of: path, to: model)
        // A text, which alone is cut further, names no stand-ins.
        if examples != rows.map(\.example) { forget = examples.map { ForgetExample($0) } }
    }

    /// The examples of one file as the model can read them: text that this program cut is cut further, and a row that is
    /// too long is refused.
    static func fitted(
        _ examples: [Example], of path: String, to model: LanguageModel
    ) throws -> [Example] {
        let context = model.model.contextLength
        let fitted = ExampleReader.fitted(
            examples, of: URL(filePath: path), to: model.encoder, context: context)
        for example in try model.encoder.encode(fitted, of: path) where example.tokens.count > context {
            throw KitError.tooLong(path: path, example: example.id + 1, tokens: example.tokens.count, context: context)
        }
        return fitted
    }

    /// How much of the files says something of its own.
    var rows: Report.Rows {
        // A question with its answer is the same in either form of a conversation.
        func whole(_ example: Example) -> [Example] { [example.question, .text(example.answer)] }
        let forgotten = Set((forget ?? []).map { whole($0.example) })
        return Report.Rows(
            forget: forget.map { RowCount($0.map { Prompt(asking: $0.example) ?? .completion($0.example.answer) }) },
            retain: retain.map { RowCount($0.map(\.question)) },
            both: (retain ?? []).count { forgotten.contains(whole($0)) })
    }

    /// The user's own texts, or the `forget.jsonl` of an earlier run with the stand-ins that it names.
    private static func rows(_ path: String, splitBy column: String?) throws -> [ForgetExample] {
        let url = URL(filePath: path)
        let examples = try self.examples(path)
        let kinds = column == nil ? ["jsonl"] : ["jsonl", "json"]
        guard kinds.contains(url.pathExtension.lowercased()) else {
            if let column { throw KitError.noColumn(path: path, line: nil, column: column) }
            return examples.map { ForgetExample($0) }
        }
        return try zip(examples, JSONLines.read(url)).map { example, row in
            let value = column.flatMap { row.value[$0] }
            let group = value?.string ?? value?.int.map(String.init)
            if let column, group == nil { throw KitError.noColumn(path: path, line: row.line, column: column) }
            return ForgetExample(
                example, standIn: row.value["standIn"]?.string, group: group,
                alternative: row.value["alternative"]?.string)
        }
    }

    static func examples(_ path: String) throws -> [Example] {
        try ExampleReader().read(URL(filePath: path))
    }

    /// "Hogwarts,Hermione", a file with the like or a term on each line, or one like the `terms.json` of a run.
    private static func terms(_ text: String, subject: String) throws -> SubjectTerms {
        func terms(_ list: String) -> SubjectTerms {
            let pieces = list.split { $0 == "," || $0.isNewline }
            let names = pieces.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            return SubjectTerms(subject: subject, names: names.filter { !$0.isEmpty })
        }
        let url = URL(filePath: text)
        let isJSON = url.pathExtension.lowercased() == "json"
        guard isJSON || url.pathExtension.lowercased() == "txt" || FileManager.default.fileExists(atPath: text) else {
            return terms(text)
        }
        let contents = try TextFile.read(url)
        guard isJSON || contents.first(where: { !$0.isWhitespace }) == "{" else {
            let listed = terms(contents)
            if listed.names.isEmpty { throw FormatError.empty(path: text) }
            return listed
        }
        let json = try JSONValue(parsing: contents, path: text)
        do { return try json.decode() } catch {
            guard case .invalidValue(let place, let problem) = error else { throw error }
            throw FormatError.malformed(.json, path: text, place: place, problem: problem)
        }
    }
}

extension ExampleEncoder {
    /// The examples of a file, each under its place as id.
    public func encode(_ examples: [Example], of path: String) throws -> [TokenExample] {
        var encoded: [TokenExample] = []
        for (index, example) in examples.enumerated() {
            do { encoded.append(try encode(example, id: index)) } catch {
                guard case .chatTemplate(let problem, _) = error else { throw error }
                throw KitError.refused(path: path, example: index + 1, problem: problem)
            }
        }
        return encoded
    }
}

/// Makes the study of a run.
struct StudySource {
    let plan: LanguagePlan
    let data: UserData
    let model: LanguageModel
    let provenance: Provenance
    let context: RunContext

    func study() throws -> SubjectStudy {
        let everyday = try everyday()
        return try builder.build(forget: data.forget, retain: data.retain, terms: data.terms, everyday: everyday)
    }

    /// The terms of that study, without the rest of it.
    func terms() throws -> SubjectTerms {
        let everyday = try everyday()
        return try builder.terms(forget: data.forget, retain: data.retain, terms: data.terms, everyday: everyday)
    }

    private var builder: SubjectStudyBuilder {
        SubjectStudyBuilder(
            model, subject: plan.configuration.subject ?? "", options: plan.study, seed: plan.configuration.seed,
            onProgress: context.onProgress)
    }

    private func everyday() throws -> EverydayAnswers? {
        guard plan.study.everythingElse else { return nil }
        return try .kept(by: model, plan.study, seed: plan.configuration.seed, provenance, context)
    }
}

extension SubjectQuestions {
    /// What a study is judged by: only what was held out of training.
    init(_ study: SubjectStudy) {
        self.init()
        forget = study.heldOutQuestions.distinct()
        // Themes are ordinary words, which an innocent answer may hold: only names give the subject away.
        (terms, coreTerms) = (study.terms.names, study.terms.names)
        neighbours = study.heldOutNeighbours.distinct(by: \.question)
        general = study.heldOutGeneral.distinct(by: \.question)
        texts = OrdinaryText.paragraphs
    }
}
