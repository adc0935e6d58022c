// Ordinary training of a model that redraws pictures.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// A part of a model that redraws pictures.
public enum GeneratorPart: String, Codable, Sendable, CaseIterable {
    case encoder, whole

    /// What may be trained of it, in store order.
    func names(in model: any ImageToImageModel) -> [String] {
        self == .encoder ? model.encoderNames : model.parameters.trainableNames
    }
}

/// How a model that redraws pictures is trained from the start.
public struct GeneratorTraining: Configurable {
    @Setting("The peak learning rate.", .positive) public var learningRate = 2e-3
    @Setting("Passes over the images.", .above(0, upTo: 100_000)) public var epochs = 3.0
    @Setting("Images in each step.", .within(1...1_000_000)) public var batchSize = 128
    @Setting("Weight decay, as a part of the gradient.", .notNegative) public var weightDecay = 0.0
    public var schedule = Schedule(.cosine, warmupSteps: 40)
    @Setting("How much the whole picture counts beside the part that is drawn.", .notNegative)
    public var wholeWeight = 0.25
    @Setting(
        "Seconds after which the state of a training is kept again, so that it can go on after an interruption.",
        .notNegative)
    public var checkpointSeconds = 120.0

    public init() {}

    public var phase: Phase {
        Phase(
            .adam, learningRate: learningRate, epochs: epochs, batchSize: batchSize, weightDecay: weightDecay,
            schedule: schedule)
    }

    /// Trains the session's model on its retain set. Terms: the mean absolute error of what is drawn, and of all.
    /// - Parameters:
    ///   - part: what of it changes.
    ///   - steps: how many there are, whatever `epochs` says; nil: as many as that makes.
    public func train(_ session: GeneratorSession, part: GeneratorPart = .whole, steps: Int? = nil) throws {
        let phase = steps.map(phase.lasting) ?? phase
        let descent = try session.descent(phase, over: session.retain.count, part.names(in: session.model))
        try descent.run("train", [session.retain], count: descent.totalSteps) { step in
            let errors = (step.drawn(0) - step.batches[0].inputs).abs()
            let mask = step.degraded[0].mask
            let share = withoutRecording { mask.mean().item }
            return [
                Term("drawn", (errors * mask).mean() * (1 / Double(max(share, 1e-6)))),
                Term("whole", weight: wholeWeight, errors.mean()),
            ]
        }
    }
}
