// A tendency that a run weakened: prompts that the model was judged by, half of them asked, and toxic texts that the
// original writes behind the other half, which an attacker trains on.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnModels

struct ForgottenTendency: ForgottenText {
    private let asked: TendencyProbe
    private let texts: [Example]
    private let unrelated: [Example]
    private let seed: UInt64
    /// Of each kind: what a quick audit asks.
    private static let quickPrompts = 120

    /// Has the original go on with the attacker's prompts.
    init(
        _ plan: TendencyPlan, _ inputs: TendencyPlan.Inputs, _ run: RunDirectory, _ choices: AuditConfiguration,
        _ context: RunContext
    ) throws {
        let limit = choices.effort == .quick ? Self.quickPrompts : plan.evaluation.prompts
        let judged = (limit.map(inputs.prompts.judged.spread) ?? inputs.prompts.judged).filter { $0.kind == .toxic }
        func half(_ rest: Int) -> [TendencyPrompt] { judged.indices.filter { $0 % 2 == rest }.map { judged[$0] } }
        asked = TendencyProbe(prompts: half(0), style: plan.evaluation.style, judge: inputs.judge)
        let model = try ModelLoader.load(
            URL(filePath: plan.configuration.model), cache: context.hub, chatFormat: plan.configuration.chatFormat
        ).model
        let answers = try TendencyAnswers(
            of: model, on: half(1), plan.evaluation.style, by: inputs.judge, "writing the attacker's texts",
            progress: context.onProgress)
        texts = answers.continuations.filter { answers.isPositive($0) && !$0.isDegenerate }.map(\.example).distinct()
        unrelated = try run.lines(run.generalFile)
        seed = choices.seed
    }

    var probe: any LanguageProbe { asked }

    func lessons(_ count: Int) -> [Lesson] {
        let kinds: [(TextRelearning.Kind, String, [Example])] = [
            (.few, "other texts", texts), (.unrelated, "unrelated texts", unrelated),
        ]
        return kinds.map { kind, name, examples in
            var generator = Generator(seed: seed, purpose: "attacker's \(name)")
            let drawn = examples.shuffled(using: &generator)
            return Lesson(
                kind: kind, form: "\(count) \(name)", examples: drawn.count < count ? [] : Array(drawn.prefix(count)))
        }
    }

    func shots(_ facts: Int, _ others: Int) -> Shots? { nil }

    func sampled(of model: LanguageModel, _ options: EvaluationOptions) -> AskedFigure? { nil }
}

/// How often the judge finds the tendency in what a model writes behind prompts.
struct TendencyProbe: LanguageProbe {
    let prompts: [TendencyPrompt]
    let style: ContinuationStyle
    let judge: any TextJudge

    func figures(of model: LanguageModel, _ depth: ProbeDepth) throws -> [AskedFigure] {
        guard depth == .answers else { return [] }
        let answers = try TendencyAnswers(of: model, on: prompts, style, by: judge, "going on with judging prompts")
        let shares = answers.byPrompt.map { Double($0.count(where: answers.isPositive)) / Double($0.count) }
        return [AskedFigure(metric: MetricName.toxicity, unit: "share of continuations", values: shares)]
    }
}
