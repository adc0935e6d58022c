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
    let forget: [ForgetExample]?
    let retain: [Example]?
    let terms: SubjectTerms?

    init(_ configuration: RunConfiguration) throws(KitError) {
        forget = try configuration.forget.map { path throws(KitError) in try Self.rows(path) }
        retain = try configuration.retain.map { path throws(KitError) in try Self.examples(path) }
        terms = try configuration.terms.map { text throws(KitError) in
            try Self.terms(text, subject: configuration.subject ?? "")
        }
    }

    /// That the model can read each example as a whole.
    func check(_ model: LanguageModel, _ configuration: RunConfiguration) throws(KitError) {
        let files = [
            (configuration.forget, (forget ?? []).map(\.example)), (configuration.retain, retain ?? []),
        ]
        for (path, examples) in files { try Self.check(examples, of: path ?? "", model) }
    }

    /// The same for the examples of one file.
    static func check(_ examples: [Example], of path: String, _ model: LanguageModel) throws(KitError) {
        try model.encoder.check(examples, of: path)
        let context = model.model.contextLength
        for (index, example) in examples.enumerated() {
            let tokens = model.encoder.encode(example, id: index).tokens.count
            guard tokens <= context else {
                throw .tooLong(path: path, example: index + 1, tokens: tokens, context: context)
            }
        }
    }

    /// The user's own texts, or the `forget.jsonl` of an earlier run with the stand-ins that it names.
    private static func rows(_ path: String) throws(KitError) -> [ForgetExample] {
        let url = URL(filePath: path)
        let examples = try self.examples(path)
        guard url.pathExtension == "jsonl" else { return examples.map { ForgetExample($0) } }
        let rows = try KitError.file { () throws(FormatError) in try JSONLines.read(url) }
        return zip(examples, rows).map { ForgetExample($0, standIn: $1.value["standIn"]?.string) }
    }

    static func examples(_ path: String) throws(KitError) -> [Example] {
        do throws(DataError) {
            return try ExampleReader().read(URL(filePath: path))
        } catch { throw .data(error) }
    }

    /// "Hogwarts,Hermione", or a file like the `terms.json` of a run.
    private static func terms(_ text: String, subject: String) throws(KitError) -> SubjectTerms {
        guard text.hasSuffix(".json") || FileManager.default.fileExists(atPath: text) else {
            let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return SubjectTerms(subject: subject, names: names.filter { !$0.isEmpty })
        }
        return try KitError.file { () throws(FormatError) in
            let json = try JSONValue(contentsOf: URL(filePath: text))
            do throws(FormatError) {
                return try json.decode()
            } catch .invalidValue(let place, let problem) {
                throw .malformed(.json, path: text, place: place, problem: problem)
            }
        }
    }
}

extension ExampleEncoder {
    /// That the model's chat template takes each example of a file.
    public func check(_ examples: [Example], of path: String) throws(KitError) {
        for (index, example) in examples.enumerated() {
            do throws(TokenizerError) { try check(example) } catch {
                guard case .chatTemplate(let problem, _) = error else { throw .tokenizer(error) }
                throw .refused(path: path, example: index + 1, problem: problem)
            }
        }
    }
}

/// Makes the study of a run.
struct StudySource {
    let run: ResolvedRun
    let data: UserData
    let model: LanguageModel
    let onProgress: (ProgressEvent) -> Void

    func study() throws(KitError) -> SubjectStudy {
        let builder = SubjectStudyBuilder(
            model, subject: run.configuration.subject ?? "", options: run.study, seed: run.configuration.seed,
            onProgress: onProgress)
        return try KitError.method { () throws(MethodError) in
            try builder.build(forget: data.forget, retain: data.retain, terms: data.terms)
        }
    }
}

extension SubjectQuestions {
    /// What a study is judged by: only what was held out of training.
    init(_ study: SubjectStudy) {
        self.init(
            // Themes are ordinary words, which an innocent answer may hold: only names give the subject away.
            forget: study.heldOutQuestions.map { Question($0) }, terms: study.terms.names,
            coreTerms: study.terms.names,
            forgetAnswers: [], neighbours: study.heldOutNeighbours, general: study.heldOutGeneral,
            texts: OrdinaryText.paragraphs)
    }
}
