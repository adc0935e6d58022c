// Ordinary training of a language model: a model to experiment with, a control, or an attack by learning anew.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// How a language model is trained further on examples.
public struct LanguageTraining: Configurable {
    @Setting("The peak learning rate.", .positive) public var learningRate = 2e-5
    @Setting("Steps; null: as many as epochs passes over the examples take.", .within(1...1_000_000))
    public var steps: Int? = nil
    @Setting("Passes over the examples.", .within(1...1_000_000)) public var epochs = 3
    @Setting("Examples that are read together.", .within(1...1_000_000)) public var batchSize = 8
    @Setting("How many batches make one step.", .within(1...1_000_000)) public var accumulation = 1
    @Setting(
        "The share of the examples that is not learnt from: the model is measured on it after each "
            + "epoch.", .within(0.0..<1))
    public var validationShare = 0.0
    @Setting(
        "Epochs without a lower value on that share after which training ends, with the best model; 0: "
            + "never.", .within(0...1_000_000))
    public var patience = 0
    @Setting("Which parameters change: patterns separated by commas.") public var parameters = "*"
    @Setting("How what does not change is kept in memory: “stored” halves it for checkpoints in half precision.")
    public var frozenPrecision = Precision.single
    public var schedule = Schedule()
    public var optimizer = AdamWOptions()
    @Setting("The largest norm that the gradient of all parameters together may have.", .positive)
    public var gradientNormLimit = 1.0
    @Setting(
        "Seconds after which the state of a training is kept again, so that it can go on after an "
            + "interruption.", .notNegative)
    public var checkpointSeconds = 120.0

    public init() {}

    public func problem() -> OptionProblem? {
        patience == 0 || validationShare > 0
            ? nil : OptionProblem("patience", "training can end early only if validationShare is more than 0")
    }

    /// The options of the training loop over so many examples; no step sees one of them twice.
    public func loop(over count: Int = .max) -> TrainingOptions {
        var loop = TrainingOptions()
        (loop.learningRate, loop.steps, loop.epochs) = (learningRate, steps, epochs)
        (loop.batchSize, loop.retainBatchSize) = (min(batchSize * accumulation, max(1, count)), 0)
        (loop.parameters, loop.schedule, loop.optimizer) = (parameters, schedule, optimizer)
        (loop.gradientNormLimit, loop.checkpointSeconds) = (gradientNormLimit, checkpointSeconds)
        loop.frozenPrecision = frozenPrecision
        return loop
    }

    /// Which of `count` examples are learnt from and which are only measured on, both in the order of the file.
    public func split(_ count: Int, seed: UInt64) -> (train: [Int], validation: [Int]) {
        let size = validationShare == 0 ? 0 : max(1, Int((validationShare * Double(count)).rounded()))
        var generator = Generator(seed: seed, purpose: "validation split")
        let order = (0..<count).shuffled(using: &generator)
        return (order.dropFirst(size).sorted(), order.prefix(size).sorted())
    }

    /// Trains the session's model on its forget set, which here is to be learnt. Term: the mean cross-entropy of all
    /// labelled tokens of a step, however many batches they are read in.
    /// - Parameter validation: examples to measure on after each epoch; empty: nothing is measured.
    /// - Returns: how many steps were done.
    public func train(_ session: Session, validation: [TokenExample] = []) throws -> Int {
        guard !session.forget.isEmpty else { throw MethodError.noTargets(split: "training") }
        let validation = validation.filter { !$0.targets.isEmpty }
        let perEpoch = (session.forget.count + session.options.batchSize - 1) / session.options.batchSize
        let watch =
            validation.isEmpty
            ? nil : Validation(validation, of: session.model, every: perEpoch, patience: patience)
        return try session.descend(partSize: batchSize, watch: watch) { step in
            [Term("nll", step.forgetTargetMean())]
        }
    }
}

/// Measures a model in training on examples that it does not learn from, remembers the best, and says when to stop.
final class Validation: Watch {
    private let examples: [TokenExample]
    private let model: LanguageModel
    private let interval: Int
    private let patience: Int
    /// The lowest value so far and how many measurements came after it: a tensor, to be kept with the training's state.
    private let record = Tensor([Float.infinity, 0])
    /// Copies of the trained parameters at the lowest value; none if training never stops early.
    private var best: [Tensor] = []
    private var parameters: [Tensor] = []

    init(_ examples: [TokenExample], of model: LanguageModel, every interval: Int, patience: Int) {
        (self.examples, self.model, self.interval, self.patience) = (examples, model, interval, patience)
    }

    /// Begins to watch these parameters.
    /// - Returns: what has to be kept with the state of the training, and how it is called.
    func begin(_ names: [String], _ parameters: [Tensor]) -> [NamedTensor] {
        self.parameters = parameters
        if patience > 0 { best = withoutRecording { parameters.map { $0 + 0 } } }
        return [("validation", record)] + zip(names, best).map { ("best.\($0)", $1) }
    }

    private var state: (lowest: Float, later: Float) {
        let values = record.scalars(Float.self)
        return (values[0], values[1])
    }

    /// Whether training has gone on for long enough without becoming better.
    var isOver: Bool { patience > 0 && state.later >= Float(patience) }

    /// Measures if an epoch ends with this many steps: mean cross-entropy per labelled token.
    func measure(after steps: Int) -> Look? {
        guard steps % interval == 0 else { return nil }
        let value = Float(model.tokenMean(examples))
        let (lowest, later) = state
        let isBest = value < lowest
        withoutRecording {
            record.copy(from: Tensor(isBest ? [value, 0] : [lowest, later + 1]))
            if isBest { for (copy, parameter) in zip(best, parameters) { copy.copy(from: parameter) } }
        }
        return .validation(Double(value))
    }

    /// Puts the parameters of the lowest value back, if training may stop early.
    func finish(after steps: Int) {
        guard state.lowest.isFinite else { return }
        withoutRecording { for (copy, parameter) in zip(best, parameters) { parameter.copy(from: copy) } }
    }
}

extension LanguageModel {
    /// Mean cross-entropy per labelled token of all examples together, in nats; at least one token must be labelled.
    public func tokenMean(_ examples: [TokenExample]) -> Double {
        let values = logProbabilities(examples)
        let sum = values.reduce(0) { $0 + $1.reduce(0) { $0 + Double($1) } }
        return -sum / Double(values.reduce(0) { $0 + $1.count })
    }
}
