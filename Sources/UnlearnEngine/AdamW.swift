// Adam with one fused update for all parameters.
// Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2; and, with the decay added to the
// gradient, Kingma and Ba 2015, "Adam".

internal import CTorch
public import UnlearnFormats

/// The optimizer's settings.
public struct AdamWOptions: Codable, Sendable, Equatable {
    @Setting("The decay of the mean of the gradients.", .within(0.0..<1)) public var beta1 = 0.9
    @Setting("The decay of the mean of their squares.", .within(0.0..<1)) public var beta2 = 0.95
    @Setting("What is added to the denominator.", .positive) public var epsilon = 1e-8
    @Setting("Decoupled weight decay.", .notNegative) public var weightDecay = 0.0

    public init() {}
}

/// Adam with decoupled weight decay. State is kept in the order of the parameters.
public struct AdamW: Optimizer {
    private static let fused = Operator("_fused_adamw_")
    private static let fusedCoupled = Operator("_fused_adam_")

    public let options: AdamWOptions
    private let decayIsCoupled: Bool
    private let parameters: [Tensor]
    private let averages: [Tensor]
    private let squareAverages: [Tensor]
    private let steps: [Tensor]

    /// - Parameter decayIsCoupled: whether the decay is part of the gradient, as in Adam before AdamW.
    public init(
        _ parameters: [Tensor], _ options: AdamWOptions = AdamWOptions(), decayIsCoupled: Bool = false
    ) {
        self.options = options
        self.decayIsCoupled = decayIsCoupled
        self.parameters = parameters
        averages = parameters.map { .zeros($0.shape) }
        squareAverages = parameters.map { .zeros($0.shape) }
        steps = parameters.map { _ in .zeros([]) }
    }

    public var state: [(kind: String, tensors: [Tensor])] {
        [("average", averages), ("square", squareAverages), ("steps", steps)]
    }

    public func step(_ gradients: [Tensor?], learningRate: Double) {
        precondition(gradients.count == parameters.count, "AdamW: one gradient or nil for each parameter")
        let live = gradients.indices.filter { gradients[$0] != nil }
        if live.isEmpty { return }
        withoutRecording {
            for index in live { steps[index].add(inPlace: Tensor(1)) }
            // The fused kernels walk through memory: a gradient that is a transposed view, or that comes with channels
            // last as those of convolutions do, must be laid out anew.
            (decayIsCoupled ? Self.fusedCoupled : Self.fused).run(
                .tensors(live.map { parameters[$0] }), .tensors(live.compactMap { gradients[$0]?.contiguous() }),
                .tensors(live.map { averages[$0] }), .tensors(live.map { squareAverages[$0] }), .tensors([]),
                .tensors(live.map { steps[$0] }), .double(learningRate), .double(options.beta1),
                .double(options.beta2), .double(options.weightDecay), .double(options.epsilon), false, false)
        }
    }
}
