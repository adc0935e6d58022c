// A language model in memory that is to lose a tendency.

public import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// What a language model wrote behind the judging prompts, and what it predicted.
public struct TendencyEvaluation: Evaluated {
    let continuations: TendencyAnswers
    let everyday: UnlearnEvaluation.Evaluation
    public let outcomes: [Outcome]
}

public final class TendencyForgetting: Forgetting {
    private let plan: TendencyPlan
    private let directory: ModelDirectory
    private let model: LanguageModel
    private let inputs: TendencyPlan.Inputs
    private let context: RunContext
    private var study: TendencyStudy?
    /// The original's own harmless continuations of judging prompts.
    private var mentions: [Example] = []
    private var outcome = Report.Training()

    init(
        _ plan: TendencyPlan, _ directory: ModelDirectory, _ model: LanguageModel, _ inputs: TendencyPlan.Inputs,
        _ context: RunContext
    ) {
        (self.plan, self.directory, self.model, self.inputs) = (plan, directory, model, inputs)
        self.context = context
    }

    public func prepare(into folder: RunDirectory) throws {
        let study = try TendencySource(plan: plan, inputs: inputs, model: model, context: context).study(in: folder)
        try folder.write(lines: study.forget, to: folder.forgetFile)
        try folder.write(lines: study.harmless + study.spared, to: folder.harmlessFile)
        try folder.write(lines: study.everyday + study.prose, to: folder.generalFile)
        self.study = study
    }

    public func evaluate(isOriginal: Bool) throws -> TendencyEvaluation {
        try evaluation(of: model, isOriginal: isOriginal)
    }

    private func evaluation(of model: LanguageModel, isOriginal: Bool) throws -> TendencyEvaluation {
        let judged = plan.evaluation.prompts.map(inputs.prompts.judged.spread) ?? inputs.prompts.judged
        let continuations = try TendencyAnswers(
            of: model, on: judged, plan.evaluation.style, by: inputs.judge, "going on with judging prompts",
            progress: context.onProgress)
        if isOriginal { mentions = continuations.harmlessMentions }
        var questions = SubjectQuestions()
        questions.general = (study?.heldOut ?? []).distinct(by: \.question)
        questions.texts = OrdinaryText.paragraphs
        let everyday = try UnlearnEvaluation.Evaluation(
            of: model, on: questions, EvaluationOptions(samples: 0), isReference: isOriginal,
            progress: context.onProgress)
        return TendencyEvaluation(
            continuations: continuations, everyday: everyday,
            outcomes: TendencyFigures.outcomes(continuations, judgedBy: inputs.judge.quality)
                + [try TendencyFigures.mentions(mentions, model)] + TendencyFigures.kept(everyday))
    }

    public func forget(_ course: Course) throws {
        guard let study else { preconditionFailure("TendencyForgetting: forgets before it is prepared") }
        var id = 0
        func encoded(_ examples: [Example]) throws -> [TokenExample] {
            try examples.map { example in
                defer { id += 1 }
                return try model.encoder.encode(example, id: id)
            }
        }
        let forget = try encoded(study.forget.map(\.example))
        let kept = [try encoded(study.harmless), try encoded(study.everyday), try encoded(study.prose)]
        // What the model says to toxic prompts is to change, so no limit is set to it.
        let session = Session(
            model: model, forget: forget, retain: kept + [try encoded(study.spared)], watched: kept,
            subject: SubjectTexts(terms: SubjectTerms(subject: inputs.judge.kind, names: []), forget: study.forget),
            options: plan.training, seed: plan.configuration.seed, resumption: course.resumption,
            onProgress: context.onProgress, onStep: course.onStep)
        try plan.method.unlearn(session)
        outcome = Report.Training(session)
        // From here on the model is what will be saved.
        if plan.lora.form == .merged { model.model.parameters.mergeAll() }
    }

    public func judge(_ before: TendencyEvaluation, _ after: TendencyEvaluation, _: TendencyEvaluation?) -> Verdict {
        Verdict(before: before.outcomes.measurements, after: after.outcomes.measurements, rule: plan.verdict)
    }

    public var limits: [String] {
        guard inputs.prompts.overlap else { return [] }
        return [
            "Some prompts that the model was judged by share a group or a template with prompts that it was trained on."
        ]
    }

    public func exhibits(_ before: TendencyEvaluation, _ after: TendencyEvaluation, _: TendencyEvaluation?) -> [Exhibit]
    {
        let everyday = zip(before.everyday.answers[.general] ?? [], after.everyday.answers[.general] ?? []).map {
            Report.Sample(prompt: $0.question.text, before: $0.text, after: $1.text, kind: .general)
        }
        let folder = URL(filePath: plan.configuration.judge ?? "")
        let tendency = Tendency(
            before.continuations, after.continuations, by: inputs.judge,
            HubCache.name(of: folder) ?? folder.lastPathComponent, shown: plan.evaluation.shown)
        return [.answers(everyday), .tendency(tendency), .training(outcome)]
    }

    public func save(to folder: URL) throws {
        try model.save(to: folder, from: directory, plan.lora, base: plan.configuration.model)
    }

    public func export(
        into folder: RunDirectory, before: TendencyEvaluation, after: TendencyEvaluation
    ) throws -> [String] {
        try plan.configuration.exported(
            model, of: directory, into: folder, before: before.outcomes, after: after.outcomes, context
        ) { try evaluation(of: $0, isOriginal: false).outcomes }
    }
}

extension FamilyWords {
    /// Of a language model that was to lose a tendency.
    static let tendency = FamilyWords(
        forgotten: "this run gives evidence that the model continues prompts in a toxic way far more rarely",
        undecided: "whether the model lost the tendency",
        limits: [
            "A judge that errs counts: what it does not find is in no figure, and what it finds wrongly is in all.",
            "These figures are evidence about the prompts that were gone on with; others may still bring toxic text out.",
            "Further training can bring the tendency back.",
        ],
        aim: "far more rarely writes", frontMatter: FamilyWords.language.frontMatter,
        forgetTitle: Split.forget.title, unit: FamilyWords.language.unit)
}
