// How the training loop of language models goes.

public import UnlearnData
public import UnlearnEngine

/// The options of the training loop, common to all methods.
public struct TrainingOptions: Configurable {
    /// The peak learning rate.
    public var learningRate = 1e-5
    /// Steps; nil: as many as `epochs` passes over the forget set take.
    public var steps: Int?
    public var epochs = 5
    /// Forget examples in each step.
    public var batchSize = 4
    /// Retain examples in each step.
    public var retainBatchSize = 4
    /// Which parameters change: patterns separated by commas. The default names the matrices of every block, in the
    /// names of Llama and its kin, of GPT-2, and of GPT-NeoX.
    public var parameters =
        "model.layers.*_proj.weight,*h.*.c_*.weight,gpt_neox.layers.*.query_key_value.weight,gpt_neox.layers.*.dense*.weight"
    /// How what does not change is kept in memory: "stored" halves it for checkpoints in half precision.
    public var frozenPrecision = Precision.single
    public var schedule = Schedule()
    public var optimizer = AdamWOptions()
    /// The largest norm that the gradient of all parameters together may have.
    public var gradientNormLimit = 1.0
    /// Seconds after which the state of a training is kept again, so that it can go on after an interruption.
    public var checkpointSeconds = 120.0

    public init() {}
}
