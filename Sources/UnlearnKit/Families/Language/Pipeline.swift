// The main path: check, load, prepare, evaluate, forget, evaluate, save, report.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// One run of forgetting, from a configuration to a report.
public struct Pipeline {
    private let run: ResolvedRun
    private let context: RunContext

    public init(_ run: ResolvedRun, _ context: RunContext) { (self.run, self.context) = (run, context) }

    /// Runs everything. The output folder holds `finished` at the end, and its `model/` is complete or not there.
    public func callAsFunction() throws -> Report {
        let configuration = run.configuration
        var seconds = Report.Seconds()
        let source = URL(filePath: configuration.model)
        try run.checkParameters(of: try ModelLoader.open(source, cache: context.hub))
        var data = try UserData(configuration)
        var provenance = try self.provenance(source)
        let output = URL(filePath: configuration.output)
        let beginning = RunRecord(
            command: .forget, configuration: configuration, options: run.options, provenance: provenance)
        let folder =
            try context.isResumed
            ? RunDirectory(resuming: output, from: provenance) : RunDirectory(creating: output, run: beginning)

        let (directory, model) = try timed(&seconds.load) {
            try ModelLoader.load(
                source, cache: context.hub, chatFormat: configuration.chatFormat,
                precision: run.training.frozenPrecision)
        }
        try data.fit(to: model, configuration)
        try run.lora.attach(to: model, pattern: run.training.parameters, seed: configuration.seed)
        let study = try timed(&seconds.prepare) {
            try StudySource(run: run, data: data, model: model, provenance: provenance, context: context).study()
        }
        try record(study, in: folder)

        // What anybody would ask first. It was trained on, so it is shown and not counted.
        let first = configuration.subject.map { [Prompt.question("Who is \($0)?")] } ?? []
        func ask() throws -> [String] {
            try model.answers(first, maximumTokens: SubjectQuestions.answerTokens)
        }
        let firstBefore = try ask()
        let (questions, before) = try timed(&seconds.evaluateBefore) {
            var questions = run.evaluation.measured ? SubjectQuestions(study) : SubjectQuestions()
            try questions.collectForgetAnswers(using: model, progress: context.onProgress)
            return (questions, try evaluate(model, questions, isReference: true))
        }
        try folder.write(MetricCatalog.measure(before), to: folder.evaluationBeforeFile)

        try timed(&seconds.forget) { try forget(study, model, folder) }

        let after = try timed(&seconds.evaluateAfter) {
            try evaluate(model, questions, isReference: false)
        }
        try folder.write(MetricCatalog.measure(after), to: folder.evaluationAfterFile)

        let shown = zip(first, zip(firstBefore, try ask())).map { prompt, answers in
            Report.Sample(prompt: prompt.text, before: answers.0, after: answers.1, kind: .forget)
        }
        func report(_ provenance: Provenance) -> Report {
            Report(
                before: MetricCatalog.measure(before), after: MetricCatalog.measure(after), rule: run.verdict,
                seconds: seconds, peakMemoryBytes: Runtime.peakMemoryBytes, samples: shown + samples(before, after),
                rows: data.rows, provenance: provenance)
        }
        let card = report(provenance)
        provenance.resultHash = try timed(&seconds.save) {
            try folder.save(
                model, from: directory, run.lora, base: configuration.model, cache: context.hub,
                card: ModelCardRenderer(baseModel: HubCache.name(of: source), license: License.declared(by: source))
                    .render(card))
        }
        let final = report(provenance)
        try folder.write(final)
        try folder.finish()
        return final
    }

    // MARK: - The steps

    private func forget(_ study: SubjectStudy, _ model: LanguageModel, _ folder: RunDirectory) throws {
        let encoder = model.encoder
        var id = 0
        func encoded(_ examples: [Example]) throws -> [TokenExample] {
            try examples.map { example in
                defer { id += 1 }
                return try encoder.encode(example, id: id)
            }
        }
        let forget = try encoded(study.forget.map(\.example))
        let retain = [try encoded(study.neighbours), try encoded(study.general)]
        try folder.training { resumption, onStep in
            let session = Session(
                model: model, forget: forget, retain: retain,
                subject: SubjectTexts(terms: study.terms, forget: study.forget), options: run.training,
                seed: run.configuration.seed, resumption: resumption, onProgress: context.onProgress, onStep: onStep)
            try run.method.unlearn(session)
        }
        // From here on the model is what will be saved.
        if run.lora.form == .merged { model.model.parameters.mergeAll() }
    }

    private func evaluate(
        _ model: LanguageModel, _ questions: SubjectQuestions, isReference: Bool
    ) throws -> Evaluation {
        try Evaluation(
            of: model, on: questions, run.evaluation, isReference: isReference, progress: context.onProgress)
    }

    // MARK: - The record

    private func record(_ study: SubjectStudy, in folder: RunDirectory) throws {
        try folder.write(lines: study.forget, to: folder.forgetFile)
        try folder.write(lines: study.neighbours, to: folder.neighboursFile)
        try folder.write(lines: study.general, to: folder.generalFile)
        try folder.write(study.terms, to: folder.termsFile)
    }

    private func provenance(_ source: URL) throws -> Provenance {
        let configuration = run.configuration
        return try Provenance(
            of: source, cache: context.hub, data: [configuration.forget, configuration.retain].compactMap(\.self),
            toolVersion: context.toolVersion, seed: configuration.seed, method: configuration.method,
            subject: configuration.subject ?? configuration.forget ?? "", answer: run.options["answer"]?.string)
    }

    private func samples(_ before: Evaluation, _ after: Evaluation) -> [Report.Sample] {
        let kinds: [(Split, Report.Sample.Kind)] = [(.forget, .forget), (.neighbour, .neighbour), (.general, .general)]
        return kinds.flatMap { split, kind in
            zip(before.answers[split] ?? [], after.answers[split] ?? []).map { old, new in
                Report.Sample(prompt: old.question.text, before: old.text, after: new.text, kind: kind)
            }
        }
    }
}

/// Runs `body` and says how long it took.
func timed<Value, Failure: Error>(
    _ seconds: inout Double, _ body: () throws(Failure) -> Value
) throws(Failure) -> Value {
    let start = ContinuousClock.now
    defer {
        // The next step's tensors are of other sizes: what this one freed would lie beside them.
        Runtime.trimMemory()
        seconds = (ContinuousClock.now - start) / .seconds(1)
    }
    return try body()
}
