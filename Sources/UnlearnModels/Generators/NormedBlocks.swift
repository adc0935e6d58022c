// The blocks of which convolutional generators with group normalisation consist, whatever their parameters are called.

internal import UnlearnEngine

/// x + F(x) with F = two 3 × 3 convolutions, each behind a group normalisation and x · σ(x); a 1 × 1 convolution brings
/// x to another width.
struct NormedResidual {
    private let norms: (GroupNorm, GroupNorm)
    private let convolutions: (Convolution, Convolution)
    private let shortcut: Convolution?
    private let moment: Linear?

    /// - Parameters:
    ///   - shortcutName: what the layout calls the 1 × 1 convolution.
    ///   - momentWidth: the width of what tells the block how noisy the images are; nil for blocks that are not told.
    init(
        _ weights: Weights, in inputs: Int, out outputs: Int, _ norm: NormChoice, shortcutName: String,
        momentWidth: Int? = nil
    ) throws(CheckpointError) {
        norms = (try norm.make(weights["norm1"], width: inputs), try norm.make(weights["norm2"], width: outputs))
        let first = try Convolution(weights["conv1"], in: inputs, out: outputs, size: 3, bias: true)
        moment = try momentWidth.map { (width) throws(CheckpointError) in
            try Linear(biased: weights["time_emb_proj"], in: width, out: outputs)
        }
        // A new block changes nothing (see TinyBlock).
        convolutions = (
            first, try Convolution(weights["conv2"], in: outputs, out: outputs, size: 3, bias: true, or: .zeros)
        )
        shortcut =
            inputs == outputs
            ? nil : try Convolution(weights[shortcutName], in: inputs, out: outputs, size: 1, bias: true)
    }

    /// - Parameter moment: `[images, momentWidth]`.
    func callAsFunction(_ x: Tensor, moment told: Tensor? = nil) -> Tensor {
        var y = convolutions.0(norms.0(x).silu())
        if let moment, let told { y = y + moment(told.silu()).reshape([y.shape[0], y.shape[1], 1, 1]) }
        return (shortcut?(x) ?? x) + convolutions.1(norms.1(y).silu())
    }
}

/// How group normalisation is done throughout a model.
struct NormChoice {
    let groups: Int
    let epsilon: Double

    func make(_ weights: Weights, width: Int) throws(CheckpointError) -> GroupNorm {
        try GroupNorm(weights, width: width, groups: groups, epsilon: epsilon)
    }
}

/// x + attention(norm x) between all pixels of an image.
struct PixelAttention {
    /// What a layout calls its parameters, and whether its matrices are 1 × 1 convolutions.
    struct Layout {
        let norm: String
        let projections: [String]
        let output: String
        let isConvolutional: Bool

        static let taming = Layout(
            norm: "norm", projections: ["q", "k", "v"], output: "proj_out", isConvolutional: true)
        static let diffusers = Layout(
            norm: "group_norm", projections: ["to_q", "to_k", "to_v"], output: "to_out.0", isConvolutional: false)
    }

    private let norm: GroupNorm
    private let matrices: [(weight: Tensor, bias: Tensor)]  // query, key, value, output
    private let headCount: Int

    init(
        _ weights: Weights, width: Int, headCount: Int = 1, _ norm: NormChoice, _ layout: Layout
    ) throws(CheckpointError) {
        self.norm = try norm.make(weights[layout.norm], width: width)
        let shape = layout.isConvolutional ? [width, width, 1, 1] : [width, width]
        let bound = 1 / Float(width).squareRoot()
        var matrices: [(Tensor, Tensor)] = []
        for name in layout.projections + [layout.output] {
            // A new one changes nothing.
            let initial = name == layout.output ? Initializer.zeros : .uniform(bound: bound)
            let place = weights[name]
            matrices.append(
                (try place.parameter("weight", shape, or: initial), try place.parameter("bias", [width], or: .zeros)))
        }
        self.matrices = matrices
        self.headCount = headCount
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let (count, width, height, across) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let pixels = norm(x).reshape([count, width, height * across]).transpose(1, 2)  // [images, pixels, width]
        func projected(_ index: Int, _ y: Tensor) -> Tensor {
            y.linear(matrices[index].weight.reshape([width, width]), bias: matrices[index].bias)
        }
        func heads(_ index: Int) -> Tensor {  // [images, heads, pixels, headWidth]
            projected(index, pixels).reshape([count, height * across, headCount, width / headCount]).transpose(1, 2)
        }
        let attended = Tensor.attention(query: heads(0), key: heads(1), value: heads(2), mask: nil)
        let mixed = projected(3, attended.transpose(1, 2).reshape([count, height * across, width]))
        return x + mixed.transpose(1, 2).reshape(x.shape)
    }
}
