// How the training loop of language models goes.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// The options of the training loop, common to all methods.
public struct TrainingOptions: Configurable {
    @Setting("The peak learning rate.", .positive) public var learningRate = 1e-5
    @Setting("Steps; null: as many as epochs passes over the forget set take.", .within(1...1_000_000))
    public var steps: Int? = nil
    @Setting("Passes over the forget set.", .within(1...1_000_000)) public var epochs = 5
    @Setting("Passes are repeated until there are so many steps: for few or short texts.", .within(0...1_000_000))
    public var leastSteps = 0
    @Setting("Forget examples in each step.", .within(1...1_000_000)) public var batchSize = 4
    @Setting("Retain examples in each step.", .within(0...1_000_000)) public var retainBatchSize = 4
    @Setting(
        "Which parameters change: patterns separated by commas. The default names the matrices of every "
            + "block, in the names of Llama and its kin, of GPT-2, and of GPT-NeoX.")
    public var parameters =
        "model.layers.*_proj.weight,*h.*.c_*.weight,gpt_neox.layers.*.query_key_value.weight,gpt_neox.layers.*.dense*.weight"
    @Setting("How what does not change is kept in memory: “stored” halves it for checkpoints in half precision.")
    public var frozenPrecision = Precision.single
    public var schedule = Schedule()
    public var optimizer = AdamWOptions()
    @Setting("The largest norm that the gradient of all parameters together may have.", .positive)
    public var gradientNormLimit = 1.0
    public var stop = StopOptions()
    public var flatness = FlatnessOptions()
    @Setting(
        "Whether every second step is taken as the model stands when its matrices are stored in so many bits, so that this "
            + "brings less back. It takes as much memory again as what changes.")
    public var rounding = RoundedTraining.none
    @Setting(
        "How much of the change of the weights the model keeps once the method is done: 1.25 goes a quarter further, "
            + "without training.", .notNegative)
    public var extrapolation = 1.0
    @Setting(
        "Seconds after which the state of a training is kept again, so that it can go on after an "
            + "interruption.", .notNegative)
    public var checkpointSeconds = 120.0

    public init() {}

    /// How many steps are taken over so many examples.
    func steps(over count: Int) -> Int {
        steps ?? max(leastSteps, (count + batchSize - 1) / batchSize * epochs)
    }
}

/// When training ends before its last step.
public struct StopOptions: Configurable {
    @Setting(
        "How far the model may get from the original: the divergence KL(original ‖ model) on examples to keep, in nats per "
            + "token. Beyond it training ends, and the last state within it is the result; null: nothing is measured.",
        .positive)
    public var divergence: Double? = nil
    @Setting("Steps between two measurements.", .within(1...1_000_000)) public var every = 5
    @Setting(
        "Measurements beyond it in a row that end training: a rate that falls may bring the model back.",
        .within(1...1_000_000))
    public var patience = 1
    @Setting("Examples to keep on which it is measured, drawn from all groups alike.", .within(1...1_000_000))
    public var examples = 48

    public init() {}
}
