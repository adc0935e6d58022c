// A classifier in memory that is to forget images.

public import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
import UnlearnMethods
import UnlearnModels

extension ClassifierEvaluation: Evaluated {}

public final class ClassifierForgetting: Forgetting {
    private let plan: ClassifierPlan
    private let task: ImageTask
    private let model: any Classifier
    private let context: RunContext

    init(_ plan: ClassifierPlan, _ task: ImageTask, _ model: any Classifier, _ context: RunContext) {
        (self.plan, self.task, self.model, self.context) = (plan, task, model, context)
    }

    /// The images are where they were, and listed by their names in the evaluations.
    public func prepare(into folder: RunDirectory) {}

    public func evaluate(isOriginal: Bool) -> ClassifierEvaluation {
        context.onProgress(ProgressEvent(stage: "Evaluating", done: 0, total: 1, unit: "models"))
        defer { context.onProgress(ProgressEvent(stage: "Evaluating", done: 1, total: 1, unit: "models")) }
        return ClassifierEvaluation(of: model, on: task.images, task.splits)
    }

    /// A classifier forgets in seconds or minutes: after an interruption this is begun anew, and keeps no state.
    public func forget(_ course: Course) throws {
        let session = ClassifierSession(
            model: model, images: task.images, forget: task.splits.forget, retain: task.splits.retain,
            validation: task.splits.validation, phase: plan.method.phase, seed: plan.configuration.seed,
            resumption: Resumption(goesOn: course.resumption.goesOn, keep: { _ in }), onProgress: context.onProgress,
            onStep: course.onStep)
        try plan.method.method.unlearn(session)
    }

    public func judge(_ before: ClassifierEvaluation, _ after: ClassifierEvaluation, _: ClassifierEvaluation?)
        -> Verdict
    {
        Verdict(
            before: before.outcomes.measurements, after: after.outcomes.measurements,
            forgetsWholeClasses: task.splits.forgetsWholeClasses, rule: plan.verdict)
    }

    public func exhibits(_ before: ClassifierEvaluation, _ after: ClassifierEvaluation, _: ClassifierEvaluation?)
        -> [Exhibit]
    {
        let models = [("before", before), ("after", after)].map {
            PicturedModel($0, $1, classes: task.images.classNames.count)
        }
        return [.guesses(Pictures(task.images, task.splits, models, changing: 1))]
    }

    public var limits: [String] { task.splits.notices.map(\.description) }

    public func save(to folder: URL) throws { try ClassifierDirectory.save(model, to: folder) }
}

extension PicturedModel {
    fileprivate init(_ name: String, _ evaluation: ClassifierEvaluation, classes: Int) {
        var counts = [Double](repeating: 0, count: classes)
        for choice in evaluation.forget.choices { counts[choice] += 1 }
        self.init(
            name,
            [evaluation.forget, evaluation.retain, evaluation.test].flatMap { $0.predictions($0.places.indices) },
            forgetChoices: counts)
    }
}
