// How one phase of training a classifier goes.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// Optimizer, learning rate, length and batches of a phase.
public struct Phase: Configurable {
    public enum OptimizerKind: String, Codable, Sendable, CaseIterable {
        /// Gradient descent with momentum.
        case sgd
        /// Adam with the decay added to the gradient.
        case adam
    }

    @Setting("How gradients change parameters: gradient descent with momentum, or Adam.")
    public var optimizer = OptimizerKind.sgd
    @Setting("The peak learning rate.", .positive) public var learningRate = 1e-3
    @Setting("Passes over the examples; 3.2 is three passes and a fifth of one.", .above(0, upTo: 100_000))
    public var epochs = 5.0
    @Setting(
        "On few examples, as many further passes as make so many steps; 0: none. Where epochs is set it "
            + "is 0.", .within(0...1_000_000))
    public var leastSteps = 0
    @Setting("Images in each step.", .within(1...1_000_000)) public var batchSize = 64
    @Setting("Of gradient descent.", .notNegative) public var momentum = 0.9
    @Setting("Weight decay, as a part of the gradient.", .notNegative) public var weightDecay = 5e-4
    public var schedule = Schedule(.cosine)
    public var augmentation = Augmentation()

    public init() {}

    public init(
        _ optimizer: OptimizerKind = .sgd, learningRate: Double, epochs: Double, leastSteps: Int = 0,
        batchSize: Int = 64, weightDecay: Double = 5e-4, schedule: Schedule = Schedule(.cosine),
        augmentation: Augmentation = Augmentation()
    ) {
        self.optimizer = optimizer
        self.learningRate = learningRate
        self.epochs = epochs
        self.leastSteps = leastSteps
        self.batchSize = batchSize
        self.weightDecay = weightDecay
        self.schedule = schedule
        self.augmentation = augmentation
    }

    /// How many steps the phase takes over so many examples.
    public func steps(over count: Int) -> Int {
        guard epochs > 0 else { return 0 }
        let exact = epochs * Double(count) / Double(batchSize)
        // Whole passes end with a smaller batch, so that a pass counts as ⌈count / batch⌉ steps.
        let steps =
            epochs == epochs.rounded()
            ? Int(epochs) * ((count + batchSize - 1) / batchSize) : Int(exact.rounded(.up))
        return max(leastSteps, steps)
    }

    /// The same with exactly so many steps, whatever there is to train on.
    func lasting(_ steps: Int) -> Phase {
        var phase = self
        (phase.epochs, phase.leastSteps) = (.leastNonzeroMagnitude, steps)
        return phase
    }

    func makeOptimizer(_ parameters: [Tensor]) -> any Optimizer {
        switch optimizer {
        case .sgd:
            var options = SGDOptions()
            (options.momentum, options.weightDecay) = (momentum, weightDecay)
            return SGD(parameters, options)
        case .adam:
            var options = AdamWOptions()
            (options.beta2, options.weightDecay) = (0.999, weightDecay)
            return AdamW(parameters, options, decayIsCoupled: true)
        }
    }
}
