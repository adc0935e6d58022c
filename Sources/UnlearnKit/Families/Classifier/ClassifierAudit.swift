// The models of a run that made a classifier forget images, as attacks see them: the original, what was made of it, a
// control.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnMethods
public import UnlearnModels

/// What attacks on a run of a classifier work with. They train copies: the models here, and their files, stay as they are.
public final class ClassifierAudit: AuditSubject {
    /// A model and what it is called: "before", "after", "control".
    public struct Audited {
        public let name: String
        public let model: any Classifier
    }

    /// The original first, then what was made of it, then a model that never learnt what is to be forgotten, if there is
    /// one.
    public let models: [Audited]
    public let control: String?
    let task: ImageTask
    private let seed: UInt64
    private let context: RunContext

    /// Reads the models and the images of a run.
    /// - Throws: `KitError.notAudited` if the images or the original are not those that the run began with.
    init(_ run: RunDirectory, _ choices: AuditConfiguration, _ context: RunContext) throws {
        let (configuration, options) = try run.choices(RunConfiguration.self)
        let inputs = try ClassifierPlan(configuration, settings: [options]).inputs(context)
        try run.checkStart(inputs.provenance)
        (task, seed, self.context, control) = (inputs.task, choices.seed, context, choices.control)
        let paths = [configuration.model, run.modelFolder.path] + [control].compactMap(\.self)
        models = try zip(["before", "after", "control"], paths).map { name, path in
            let model = try ClassifierDirectory.load(URL(filePath: path))
            try inputs.task.check(model, path: path)
            return Audited(name: name, model: model)
        }
    }

    public func outcomes(of attack: any Attack.Type, _ options: ResolvedOptions) throws -> [AttackOutcome] {
        guard let attack = attack as? any ClassifierAttack.Type else { return [] }
        return try attack.made(from: options).run(self)
    }

    // MARK: - Images

    /// Some images, drawn at random, the same for one purpose.
    func drawn(_ places: [Int], _ purpose: String, _ count: Int) -> [Int] {
        var generator = Generator(seed: seed, purpose: "attacked images \(purpose)")
        return Array(places.shuffled(using: &generator).prefix(count))
    }

    /// Images to forget that the attacker has, and others on which what came back is measured: where whole classes are
    /// forgotten, images of them that no model was trained on.
    func divided(_ count: Int, _ measured: Int) -> (known: [Int], others: [Int]) {
        let known = drawn(task.splits.forget, "known", count)
        if task.splits.forgetsWholeClasses { return (known, drawn(task.splits.unseen, "unseen", measured)) }
        let isKnown = Set(known)
        return (known, drawn(task.splits.forget.filter { !isKnown.contains($0) }, "others", measured))
    }

    /// 1 for each image that a model recognises, 0 for each other.
    func hits(of model: any Classifier, _ places: [Int]) -> [Double] {
        let answers = ClassifierAnswers(model, task.images, places)
        return places.indices.map { answers.choices[$0] == answers.labels[$0] ? 1 : 0 }
    }

    /// What the last layer reads of images, `[images, width]`.
    func features(of model: any Classifier, _ places: [Int], batchSize: Int = 256) -> Tensor {
        withoutRecording {
            Tensor.concatenate(
                stride(from: 0, to: places.count, by: batchSize).map { start in
                    let batch = task.images.batch(Array(places[start..<min(start + batchSize, places.count)]))
                    return model.features(batch.inputs, training: false)
                })
        }
    }

    /// Trains a copy of a model on images, and looks at which others it recognises.
    /// - Parameters:
    ///   - marks: after how many steps it is looked at, in order from 0; it is trained as far as the last of them.
    ///   - onStep: called after each step.
    /// - Returns: at each mark the hits of the `measured` images.
    func relearn(
        _ model: any Classifier, on known: [Int], measuring measured: [Int], _ training: ClassifierTraining,
        at marks: [Int], onStep: @escaping () -> Void
    ) throws -> [[Double]] {
        let copy = try model.copy()
        var looks = [hits(of: copy, measured)]
        let session = ClassifierSession(
            model: copy, images: task.images, forget: [], retain: known, phase: training.phase, seed: seed,
            onStep: { [self] event in
                if marks.contains(event.step + 1) { looks.append(hits(of: copy, measured)) }
                onStep()
            })
        try training.train(session)
        return looks
    }

    func note(_ stage: String, _ done: Int, of total: Int, _ unit: String) {
        context.onProgress(ProgressEvent(stage: stage, done: done, total: total, unit: unit))
    }
}
