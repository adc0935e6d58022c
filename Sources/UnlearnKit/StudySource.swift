// Where the data of a run come from: the model itself, or the user's files.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// Makes the study of a run.
struct StudySource {
    let run: ResolvedRun
    let model: LanguageModel
    let onProgress: (ProgressEvent) -> Void

    init(_ run: ResolvedRun, _ model: LanguageModel, onProgress: @escaping (ProgressEvent) -> Void) {
        self.run = run
        self.model = model
        self.onProgress = onProgress
    }

    func study() throws(KitError) -> SubjectStudy {
        let configuration = run.configuration
        let forget = try configuration.forget.map { path throws(KitError) in try rows(path) }
        let retain = try configuration.retain.map { path throws(KitError) in try examples(path) }
        let terms = try configuration.terms.map { text throws(KitError) in try self.terms(text) }
        let builder = SubjectStudyBuilder(
            model, subject: configuration.subject ?? "", options: run.study, seed: configuration.seed,
            onProgress: onProgress)
        return try KitError.method { () throws(MethodError) in
            try builder.build(forget: forget, retain: retain, terms: terms)
        }
    }

    /// The user's own texts, or the `forget.jsonl` of an earlier run with the stand-ins that it names.
    private func rows(_ path: String) throws(KitError) -> [ForgetExample] {
        let url = URL(filePath: path)
        let examples = try self.examples(path)
        guard url.pathExtension == "jsonl" else { return examples.map { ForgetExample($0) } }
        let rows = try KitError.file { () throws(FormatError) in try JSONLines.read(url) }
        return zip(examples, rows).map { ForgetExample($0, standIn: $1.value["standIn"]?.string) }
    }

    private func examples(_ path: String) throws(KitError) -> [Example] {
        do throws(DataError) {
            return try ExampleReader().read(URL(filePath: path))
        } catch { throw .data(error) }
    }

    /// "Hogwarts,Hermione", or a file like the `terms.json` of a run.
    private func terms(_ text: String) throws(KitError) -> SubjectTerms {
        let subject = run.configuration.subject ?? ""
        guard FileManager.default.fileExists(atPath: text) else {
            let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return SubjectTerms(subject: subject, names: names.filter { !$0.isEmpty })
        }
        return try KitError.file { () throws(FormatError) in try JSONValue(contentsOf: URL(filePath: text)).decode() }
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
