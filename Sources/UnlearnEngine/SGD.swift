// Stochastic gradient descent with momentum, one fused update for all parameters.
// Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", in PyTorch's form.

internal import CTorch

/// The settings of gradient descent.
public struct SGDOptions: Codable, Sendable, Equatable {
    public var momentum = 0.9
    /// Added to the gradient: weightDecay · θ.
    public var weightDecay = 5e-4

    public init() {}
}

/// v ← momentum · v + g, θ ← θ − learningRate · v. State is kept in the order of the parameters.
public struct SGD: Optimizer {
    private static let fused = Operator("_fused_sgd_")

    public let options: SGDOptions
    private let parameters: [Tensor]
    private let velocities: [Tensor]

    public init(_ parameters: [Tensor], _ options: SGDOptions = SGDOptions()) {
        self.options = options
        self.parameters = parameters
        velocities = parameters.map { .zeros($0.shape) }
    }

    public var state: [(kind: String, tensors: [Tensor])] { [("velocity", velocities)] }

    public func step(_ gradients: [Tensor?], learningRate: Double) {
        precondition(gradients.count == parameters.count, "SGD: one gradient or nil for each parameter")
        let live = gradients.indices.filter { gradients[$0] != nil }
        if live.isEmpty { return }
        withoutRecording {
            // A velocity of zero makes the first step like the others. The kernel walks through memory: gradients of
            // convolutions come with channels last.
            Self.fused.run(
                .tensors(live.map { parameters[$0] }), .tensors(live.compactMap { gradients[$0]?.contiguous() }),
                .tensors(options.momentum == 0 ? [] : live.map { velocities[$0] }), .double(options.weightDecay),
                .double(options.momentum), .double(learningRate), 0.0, false, false, false)
        }
    }
}
