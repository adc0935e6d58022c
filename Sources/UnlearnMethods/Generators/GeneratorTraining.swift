// Ordinary training of a model that redraws pictures, by the objective of its kind.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// What a model draws while it is trained is looked at now and then.
public struct TrainingLooks {
    /// Whether it is time to look again.
    let areDue: () -> Bool
    /// Looks at the model after so many steps: a value that is recorded as the step's `validation`.
    let take: (_ step: Int) throws -> Double

    public init(areDue: @escaping () -> Bool, take: @escaping (_ step: Int) throws -> Double) {
        (self.areDue, self.take) = (areDue, take)
    }
}

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
    @Setting(
        "How much the whole picture counts beside the part that is drawn; nothing for a diffusion-inpainter.",
        .notNegative)
    public var wholeWeight = 0.25
    @Setting(
        "The decay of a running mean of the parameters, which is what is kept in the end; 0: the parameters of the last "
            + "step are.", .within(0.0..<1))
    public var averageDecay = 0.0
    @Setting(
        "Seconds after which the state of a training is kept again, so that it can go on after an interruption.",
        .notNegative)
    public var checkpointSeconds = 120.0
    @Setting(
        "Seconds after which some pictures that are not trained on are redrawn again, into look.png of the run's folder.",
        .notNegative)
    public var lookSeconds = 120.0

    public init() {}

    /// What suits a kind of model.
    public init(for kind: GeneratorDesign.Kind) {
        switch kind {
        case .tinyAutoencoder: break
        case .maskedAutoencoder: (learningRate, epochs, wholeWeight) = (1e-3, 10, 0)
        case .vqgan: (learningRate, epochs) = (1e-3, 3)
        case .diffusionInpainter:
            (learningRate, epochs, batchSize, wholeWeight, averageDecay) = (1e-3, 6, 64, 0, 0.995)
        }
    }

    public var phase: Phase {
        Phase(
            .adam, learningRate: learningRate, epochs: epochs, batchSize: batchSize, weightDecay: weightDecay,
            schedule: schedule)
    }

    /// Trains the session's model on its retain set. Terms: see ``ImageToImageModel/losses(_:of:for:wholeWeight:)``.
    /// - Parameters:
    ///   - part: what of it changes.
    ///   - steps: how many there are, whatever `epochs` says; nil: as many as that makes.
    public func train(
        _ session: GeneratorSession, part: GeneratorPart = .whole, steps: Int? = nil, looks: TrainingLooks? = nil
    ) throws {
        let phase = steps.map(phase.lasting) ?? phase
        var average: WeightAverage?
        let names = part.names(in: session.model)
        let descent = try session.descent(phase, over: session.retain.count, names) { parameters in
            guard averageDecay > 0 else { return [] }
            let made = WeightAverage(names, parameters, decay: averageDecay)
            average = made
            return made.state
        }
        descent.steps.afterStep = { average?.add(at: descent.steps.done) }
        func measure(_ step: Int) throws -> Look? {
            guard let looks, looks.areDue() else { return nil }
            guard let average else { return .validation(try looks.take(step)) }
            return .validation(try average.during { try looks.take(step) })
        }
        try descent.run("train", [session.retain], count: descent.totalSteps, measure: measure) { step in
            step.losses(0, wholeWeight: wholeWeight)
        }
        average?.adopt()
    }
}
