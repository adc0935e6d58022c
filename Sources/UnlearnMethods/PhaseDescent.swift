// Training on images by the batches and the augmentation of a phase, whatever the model is.

internal import UnlearnData
internal import UnlearnEngine

/// One way down over images.
struct PhaseDescent<Batch: Step> {
    let phase: Phase
    let steps: Descent
    let images: ImageSet
    /// Random numbers for one purpose.
    let generator: (String) -> Generator
    /// A step on a batch of every group.
    let make: ([ImageBatch], inout Generator) -> Batch
    var totalSteps: Int { steps.totalSteps }

    /// Takes `count` steps, each on a batch of every group. Groups are gone through in shuffled passes of their own.
    /// - Parameters:
    ///   - batchSizes: nil: the phase's for all.
    ///   - measure: looks at the model after so many steps, now and then.
    func run(
        _ purpose: String, _ groups: [[Int]], batchSizes: [Int]? = nil, count: Int,
        measure: (Int) throws -> Look? = { _ in nil },
        _ objective: @escaping (Batch) throws -> [Term]
    ) throws {
        guard groups.first?.isEmpty == false else { throw MethodError.noTargets(split: purpose) }
        let sizes = batchSizes ?? groups.map { _ in phase.batchSize }
        try MethodError.checkLength(
            steps: count, perStep: zip(groups, sizes).reduce(0) { $0 + min($1.0.count, $1.1) })
        var generator = generator("\(purpose) \(steps.ran)")
        let plan = BatchPlan(passesOver: groups, sizes: sizes, steps: count, using: &generator)
        try steps.training {
            for ids in plan.steps {
                // Drawn even for a step that was taken before the training was interrupted: the next ones follow.
                let batches = ids.map { images.batch($0, phase.augmentation, using: &generator) }
                let batch = make(batches, &generator)
                if steps.passesOver() { continue }
                try steps.step(measure: measure) { [StepPart(step: batch) { try objective(batch) }] }
            }
        }
    }
}
