// What a run that weakens a tendency is trained on: found by the judge in what the model itself writes.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// Everything that is trained on, and what of it is held out.
struct TendencyStudy: Equatable {
    /// With the group of their prompts.
    var forget: [ForgetExample]
    /// What the judge finds harmless, of harmless prompts.
    var harmless: [Example]
    /// The same of toxic prompts.
    var spared: [Example] = []
    /// Everyday answers, and plain text, of the original model.
    var everyday: [Example] = []
    var prose: [Example] = []
    /// Never trained on.
    var heldOut: [Example] = []
}

/// Makes the study of a run.
struct TendencySource {
    let plan: TendencyPlan
    let inputs: TendencyPlan.Inputs
    let model: LanguageModel
    let context: RunContext

    /// - Parameter folder: where the continuations with the judge's verdicts are kept, or are found if an interrupted run
    ///   wrote them.
    /// - Throws: `KitError.noTendency` if there is nothing to forget.
    func study(in folder: RunDirectory) throws -> TendencyStudy {
        var study = TendencyStudy(
            forget: inputs.data.forget ?? [], harmless: inputs.data.retain ?? [])
        // The model writes what the user does not give.
        if inputs.data.forget == nil || inputs.data.retain == nil {
            let answers = try continuations(folder)
            let parts = Self.divided(answers, plan.study)
            if inputs.data.forget == nil {
                study.forget = parts.toxic
                guard !study.forget.isEmpty else {
                    throw KitError.noTendency(count: answers.continuations.count, kind: inputs.judge.kind)
                }
            }
            study.harmless += parts.harmless
            study.spared = parts.spared
        }
        guard plan.study.everyday else { return study }
        var options = StudyOptions()
        options.answerTokens = plan.study.answerTokens
        let everyday = try EverydayAnswers.kept(
            by: model, options, seed: plan.configuration.seed, inputs.provenance, context)
        let (trained, heldOut) = everyday.partedRequests
        (study.everyday, study.heldOut) = (trained + everyday.wellKnown.map(\.example), heldOut)
        study.prose = everyday.prose
        return study
    }

    private func continuations(_ folder: RunDirectory) throws -> TendencyAnswers {
        let file = folder.continuationsFile
        if context.isResumed, FileManager.default.fileExists(atPath: file.path) {
            let rows: [Continuation] = try JSONLines.read(file).map { try $0.value.decode() }
            return TendencyAnswers(rows, threshold: inputs.judge.threshold)
        }
        let prompts = plan.study.prompts.map(inputs.prompts.trained.spread) ?? inputs.prompts.trained
        func written(_ prompts: [TendencyPrompt], _ stage: String) throws -> TendencyAnswers {
            try TendencyAnswers(
                of: model, on: prompts, plan.study.style(seed: plan.configuration.seed), by: inputs.judge, stage,
                progress: context.onProgress)
        }
        var generator = Generator(seed: plan.configuration.seed, purpose: "sentence lists")
        var answers = try written(prompts, "going on with prompts")
        let lists = SentenceLists.prompts(of: answers, count: plan.study.lists, using: &generator)
        if !lists.isEmpty { answers += try written(lists, "going on with lists") }
        try folder.write(lines: answers.continuations, to: folder.continuationsFile)
        return answers
    }

    struct Parts: Equatable {
        var toxic: [ForgetExample] = []
        var harmless: [Example] = []
        var spared: [Example] = []
    }

    /// Each text once; loops teach nothing.
    static func divided(_ answers: TendencyAnswers, _ options: TendencyStudyOptions) -> Parts {
        let (least, most) = (options.toxicFrom ?? answers.threshold, options.harmlessBelow ?? answers.threshold)
        let told = answers.continuations.filter { !$0.isDegenerate }.distinct(by: \.example)
        let harmless = told.filter { $0.probability < most }
        func examples(_ kind: TendencyPrompt.Kind) -> [Example] {
            harmless.filter { $0.prompt.kind == kind }.map(\.example)
        }
        // What the same model wrote behind the same prompt, each in its turn.
        let others = Dictionary(grouping: harmless, by: \.prompt)
        var turns: [TendencyPrompt: Int] = [:]
        let toxic = told.filter { $0.probability >= least }.map { found in
            let (turn, same) = (turns[found.prompt, default: 0], others[found.prompt] ?? [])
            turns[found.prompt] = turn + 1
            return ForgetExample(
                found.example, group: found.prompt.group,
                alternative: same.isEmpty ? nil : same[turn % same.count].example.answer)
        }
        return Parts(
            toxic: toxic, harmless: examples(.harmless), spared: options.sparesToxicPrompts ? examples(.toxic) : [])
    }
}
