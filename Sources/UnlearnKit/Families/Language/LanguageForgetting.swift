// A language model in memory that is to forget: what it is asked, trained on and judged by.

public import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// What a language model said and predicted.
public struct LanguageEvaluation: Evaluated {
    let answers: UnlearnEvaluation.Evaluation
    /// The answer to what anybody would ask first. The question was trained on, so it is shown and not counted.
    let first: [String]
    public let outcomes: [Outcome]
}

public final class LanguageForgetting: Forgetting {
    private let plan: LanguagePlan
    private let directory: ModelDirectory
    private let model: LanguageModel
    private let data: UserData
    private let provenance: Provenance
    private let context: RunContext
    private let firstQuestions: [Prompt]
    private var study: SubjectStudy?
    private var questions = SubjectQuestions()
    private var outcome = Report.Training()

    init(
        _ plan: LanguagePlan, _ directory: ModelDirectory, _ model: LanguageModel, _ data: UserData,
        _ provenance: Provenance, _ context: RunContext
    ) {
        (self.plan, self.directory, self.model, self.data) = (plan, directory, model, data)
        (self.provenance, self.context) = (provenance, context)
        firstQuestions = plan.configuration.subject.map { [.question("Who is \($0)?")] } ?? []
    }

    public func prepare(into folder: RunDirectory) throws {
        let study = try StudySource(plan: plan, data: data, model: model, provenance: provenance, context: context)
            .study()
        try folder.write(lines: study.forget, to: folder.forgetFile)
        try folder.write(lines: study.neighbours, to: folder.neighboursFile)
        try folder.write(lines: study.general, to: folder.generalFile)
        try folder.write(study.terms, to: folder.termsFile)
        try folder.write(SubjectQuestions(study), to: folder.questionsFile)
        self.study = study
    }

    public func evaluate(isOriginal: Bool) throws -> LanguageEvaluation {
        if isOriginal {
            if let study, plan.evaluation.measured { questions = SubjectQuestions(study) }
            try questions.collectForgetAnswers(using: model, progress: context.onProgress)
        }
        return try evaluation(of: model, isOriginal: isOriginal)
    }

    private func evaluation(of model: LanguageModel, isOriginal: Bool) throws -> LanguageEvaluation {
        let first = try model.answers(firstQuestions, maximumTokens: SubjectQuestions.answerTokens)
        let answers = try UnlearnEvaluation.Evaluation(
            of: model, on: questions, plan.evaluation, isReference: isOriginal, progress: context.onProgress)
        return LanguageEvaluation(answers: answers, first: first, outcomes: MetricCatalog.measure(answers))
    }

    public func forget(_ course: Course) throws {
        guard let study else { preconditionFailure("LanguageForgetting: forgets before it is prepared") }
        var id = 0
        func encoded(_ examples: [Example]) throws -> [TokenExample] {
            try examples.map { example in
                defer { id += 1 }
                return try model.encoder.encode(example, id: id)
            }
        }
        let forget = try encoded(study.forget.map(\.example))
        let retain = [try encoded(study.neighbours), try encoded(study.general)]
        let session = Session(
            model: model, forget: forget, retain: retain,
            subject: SubjectTexts(terms: study.terms, forget: study.forget), options: plan.training,
            seed: plan.configuration.seed, resumption: course.resumption, onProgress: context.onProgress,
            onStep: course.onStep)
        try plan.method.unlearn(session)
        outcome = Report.Training(session)
        // From here on the model is what will be saved.
        if plan.lora.form == .merged { model.model.parameters.mergeAll() }
    }

    public func judge(_ before: LanguageEvaluation, _ after: LanguageEvaluation, _: LanguageEvaluation?) -> Verdict {
        Verdict(before: before.outcomes.measurements, after: after.outcomes.measurements, rule: plan.verdict)
    }

    public func exhibits(_ before: LanguageEvaluation, _ after: LanguageEvaluation, _: LanguageEvaluation?) -> [Exhibit]
    {
        let first = zip(firstQuestions, zip(before.first, after.first)).map { prompt, answers in
            Report.Sample(prompt: prompt.text, before: answers.0, after: answers.1, kind: .forget)
        }
        let kinds: [(Split, Report.Sample.Kind)] = [(.forget, .forget), (.neighbour, .neighbour), (.general, .general)]
        let others = kinds.flatMap { split, kind in
            zip(before.answers.answers[split] ?? [], after.answers.answers[split] ?? []).map { old, new in
                Report.Sample(prompt: old.question.text, before: old.text, after: new.text, kind: kind)
            }
        }
        return [.answers(first + others), .rows(data.rows), .training(outcome)]
    }

    public func save(to folder: URL) throws {
        try model.save(to: folder, from: directory, plan.lora, base: plan.configuration.model)
    }

    public func export(
        into folder: RunDirectory, before: LanguageEvaluation, after: LanguageEvaluation
    ) throws -> [String] {
        try plan.configuration.exported(
            model, of: directory, into: folder, before: before.outcomes, after: after.outcomes, context
        ) { try evaluation(of: $0, isOriginal: false).outcomes }
    }
}

extension LanguageModel {
    /// Writes the whole model, or what low-rank additions are still attached, and the tokenizer.
    /// - Parameters:
    ///   - directory: what the model was loaded from.
    ///   - base: the path of the model that an adapter belongs to.
    func save(to folder: URL, from directory: ModelDirectory, _ lora: LoRAOptions, base: String) throws {
        if model.parameters.attached.isEmpty {
            try directory.save(model.parameters, to: folder)
        } else {
            try LoRA.save(model.parameters, lora, base: URL(filePath: base).standardizedFileURL.path, to: folder)
        }
        try tokenizer.save(to: folder)
    }
}
