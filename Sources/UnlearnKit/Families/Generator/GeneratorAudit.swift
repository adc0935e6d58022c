// The models of a run that made one forget pictures, as attacks see them: the original, what was made of it, a control.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnMethods
public import UnlearnModels

/// What attacks on a run work with. They train copies: the models here, and their files, stay as they are.
public final class GeneratorAudit: AuditSubject {
    /// A model and what it is called: "before", "after", "control".
    public struct Audited {
        public let name: String
        public let model: any ImageToImageModel
    }

    /// The original first, then what was made of it, then a model that never learnt what is to be forgotten, if there is
    /// one.
    public let models: [Audited]
    public let control: String?
    private let task: ImageTask
    private let degradation: Degradation
    private let seed: UInt64
    private let context: RunContext

    /// Reads the models and the images of a run.
    /// - Throws: `KitError.notAudited` if the images or the original are not those that the run began with.
    init(_ run: RunDirectory, _ choices: AuditConfiguration, _ context: RunContext) throws {
        let (configuration, options) = try run.choices(RunConfiguration.self)
        let plan = try GeneratorPlan(configuration, settings: [options])
        let inputs = try plan.inputs(context)
        try run.checkStart(inputs.provenance)
        (task, degradation) = (inputs.task, plan.degradation)
        (seed, self.context) = (choices.seed, context)
        control = choices.control ?? configuration.control
        let paths = [configuration.model, run.modelFolder.path] + [control].compactMap(\.self)
        models = try zip(["before", "after", "control"], paths).map { name, path in
            let model = try GeneratorDirectory.load(URL(filePath: path))
            try inputs.task.check(model, plan.degradation, path: path)
            return Audited(name: name, model: model)
        }
    }

    public func outcomes(of attack: any Attack.Type, _ options: ResolvedOptions) throws -> [AttackOutcome] {
        guard let attack = attack as? any GeneratorAttack.Type else { return [] }
        return try attack.made(from: options).run(self)
    }

    // MARK: - Pictures

    /// Some pictures of a split, drawn at random.
    func sample(of split: Split, _ count: Int) -> [Int] {
        let places = split == .forget ? task.splits.forget : split == .unseen ? task.splits.unseen : task.splits.retain
        return drawn(places, split.rawValue, count)
    }

    /// Pictures to forget that the attacker has, and others that he has not, on which what came back is measured: where
    /// whole classes are forgotten, pictures of them that no model was trained on.
    func divided(_ count: Int, _ measured: Int) -> (known: [Int], others: [Int]) {
        let known = sample(
            of: .forget, task.splits.forgetsWholeClasses ? count : min(count, task.splits.forget.count / 2))
        if task.splits.forgetsWholeClasses { return (known, sample(of: .unseen, measured)) }
        let isKnown = Set(known)
        return (known, drawn(task.splits.forget.filter { !isKnown.contains($0) }, "others", measured))
    }

    private func drawn(_ places: [Int], _ purpose: String, _ count: Int) -> [Int] {
        var generator = Generator(seed: seed, purpose: "attacked pictures \(purpose)")
        return Array(places.shuffled(using: &generator).prefix(count))
    }

    /// The signal-to-noise ratio of what a model draws of each picture, in decibels.
    func ratios(of model: any ImageToImageModel, _ places: [Int]) -> [Double] {
        ImageQuality.ratios(of: model, on: task.images, places, degradation, seed: seed)
    }

    // MARK: - Training

    /// Trains a copy of a model on pictures, and looks at how it redraws others.
    /// - Parameters:
    ///   - marks: after how many steps it is looked at, in order; it is trained as far as the last of them.
    ///   - onStep: called after each step.
    /// - Returns: at each mark the ratio of each of the `measured` pictures.
    func relearn(
        _ model: any ImageToImageModel, _ part: GeneratorPart, on known: [Int], measuring measured: [Int],
        _ training: GeneratorTraining, at marks: [Int], onStep: @escaping () -> Void
    ) throws -> [[Double]] {
        let copy = try model.copy()
        var looks = marks.first == 0 ? [ratios(of: copy, measured)] : []
        let session = GeneratorSession(
            model: copy, images: task.images, degradation: degradation, forget: [], retain: known,
            phase: training.phase, seed: seed,
            onStep: { [self] event in
                if marks.contains(event.step + 1) { looks.append(ratios(of: copy, measured)) }
                onStep()
            })
        try training.train(session, part: part, steps: marks.last)
        return looks
    }

    /// A copy of a model with an encoder drawn at random, the same one for all models of one architecture.
    func withNewEncoder(_ model: any ImageToImageModel) throws -> any ImageToImageModel {
        let fresh = try GeneratorDirectory.make(
            model.configuration, using: Generator(seed: seed, purpose: "new encoder"))
        withoutRecording {
            for name in model.decoderNames { fresh.parameters[name].copy(from: model.parameters[name]) }
        }
        return fresh
    }

    func note(_ stage: String, _ done: Int, of total: Int, _ unit: String) {
        context.onProgress(ProgressEvent(stage: stage, done: done, total: total, unit: unit))
    }
}
