// A model that redraws pictures, in memory, that is to forget some of them.

public import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
import UnlearnMethods
import UnlearnModels

extension GeneratorEvaluation: Evaluated {}

public final class GeneratorForgetting: Forgetting {
    private let plan: GeneratorPlan
    private let task: ImageTask
    private let proxy: ProxyRetain?
    private let model: any ImageToImageModel
    private let network: FeatureNetwork?
    private let control: (any ImageToImageModel)?
    private let context: RunContext

    init(
        _ plan: GeneratorPlan, _ inputs: GeneratorPlan.Inputs, _ model: any ImageToImageModel,
        _ network: FeatureNetwork?, control: (any ImageToImageModel)?, _ context: RunContext
    ) {
        (self.plan, task, proxy, self.model, self.network) = (plan, inputs.task, inputs.proxy, model, network)
        (self.control, self.context) = (control, context)
    }

    /// The images are where they were, and listed by their names in the evaluations.
    public func prepare(into folder: RunDirectory) {}

    public func evaluate(isOriginal: Bool) -> GeneratorEvaluation { evaluate(model) }

    public func evaluateControl() -> GeneratorEvaluation? { control.map(evaluate) }

    private func evaluate(_ model: any ImageToImageModel) -> GeneratorEvaluation {
        GeneratorEvaluation(
            of: model, on: task.images, task.splits, plan.degradation, network: network, blind: task.blindFill,
            plan.evaluation
        ) { [context] done, total in
            context.onProgress(ProgressEvent(stage: "Redrawing", done: done, total: total, unit: "pictures"))
        }
    }

    /// It takes a minute or two: after an interruption this is begun anew, and keeps no state.
    public func forget(_ course: Course) throws {
        let session = GeneratorSession(
            model: model, images: proxy?.images ?? task.images, degradation: plan.degradation,
            forget: task.splits.forget, retain: proxy?.retain ?? task.splits.retain, phase: plan.phase,
            seed: plan.configuration.seed,
            resumption: Resumption(goesOn: course.resumption.goesOn, keep: { _ in }), onProgress: context.onProgress,
            onStep: course.onStep)
        try plan.method.unlearn(session)
    }

    public func judge(_ before: GeneratorEvaluation, _ after: GeneratorEvaluation, _ control: GeneratorEvaluation?)
        -> Verdict
    {
        Verdict(
            before: before.outcomes.measurements, after: after.outcomes.measurements,
            control: control?.outcomes.measurements ?? [], rule: plan.verdict)
    }

    public func exhibits(
        _ before: GeneratorEvaluation, _ after: GeneratorEvaluation, _ control: GeneratorEvaluation?
    ) -> [Exhibit] {
        [.images(Redrawn(task.images, before, after, control, count: plan.evaluation.shown))]
    }

    public var limits: [String] {
        let seen = task.splits.notices.map(\.description) + (proxy?.limits ?? [])
        return network == nil
            ? seen + ["No network was named (--features), so pictures were compared by pixels alone."] : seen
    }

    public func save(to folder: URL) throws {
        try GeneratorDirectory.save(model, degradation: plan.degradation, to: folder)
    }
}

extension ImageTask {
    /// What draws who looks at nothing: the mean of pictures to keep, `[1, channels, height, width]`.
    var blindFill: Tensor {
        let sample = stride(from: 0, to: splits.retain.count, by: max(1, splits.retain.count / 1024)).map {
            splits.retain[$0]
        }
        return withoutRecording { images.batch(sample).inputs.mean(along: 0, keeping: true) }
    }
}
