// Vision transformer: Dosovitskiy et al. 2021, "An image is worth 16x16 words" (arXiv 2010.11929), with parameters named
// as torchvision does.

public import UnlearnEngine
public import UnlearnFormats

/// The numbers of a vision transformer, as Hugging Face's config.json states them.
public struct ViTConfiguration: Sendable, Equatable {
    public var channelCount: Int
    public var classNames: [String]
    /// Width and height of the images, and of the squares that become tokens.
    public var imageSize: Int
    public var patchSize: Int
    public var width: Int
    public var layerCount: Int
    public var headCount: Int
    public var feedForwardWidth: Int
    public var normEpsilon: Double
}

/// Patches as tokens behind a class token, with learnt positions; pre-normalised blocks; scores of the class token.
public final class ViT: Classifier {
    public let numbers: ViTConfiguration
    public let parameters: ParameterStore
    private let patches: (weight: Tensor, bias: Tensor)
    private let classToken: Tensor
    private let positions: Tensor
    private let blocks: [ViTBlock]
    private let norm: LayerNorm
    private let head: Linear

    public init(_ c: ViTConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        let side = c.imageSize / c.patchSize
        // Fan-in of a patch: LeCun's deviation.
        let deviation = 1 / Float(c.channelCount * c.patchSize * c.patchSize).squareRoot()
        classToken = try weights.parameter("class_token", [1, 1, c.width], or: .zeros)
        let shape = [c.width, c.channelCount, c.patchSize, c.patchSize]
        patches = (
            try weights["conv_proj"].parameter("weight", shape, or: .normal(deviation: deviation)),
            try weights["conv_proj"].parameter("bias", [c.width], or: .zeros)
        )
        let encoder = weights["encoder"]
        positions = try encoder.parameter("pos_embedding", [1, side * side + 1, c.width], or: .normal(deviation: 0.02))
        var blocks: [ViTBlock] = []
        for layer in 0..<c.layerCount {
            blocks.append(try ViTBlock(c, encoder["layers"]["encoder_layer_\(layer)"]))
        }
        self.blocks = blocks
        norm = try LayerNorm(encoder["ln"], width: c.width, epsilon: c.normEpsilon)
        head = try Linear(biased: weights["heads"]["head"], in: c.width, out: c.classNames.count)
        parameters = try weights.finish { _ in false }
    }

    public var classCount: Int { numbers.classNames.count }
    public var configuration: JSONValue { numbers.json }
    public func isHead(_ name: String) -> Bool { name.hasPrefix("heads.") }
    public func isShortcut(_ name: String) -> Bool { false }
    /// `encoder.layers.encoder_layer_0` of all that is in the first block.
    public func block(of name: String) -> String {
        name.split(separator: ".").dropLast().prefix(3).joined(separator: ".")
    }
    public func remade(_ weights: Weights) throws(CheckpointError) -> Self { try Self(numbers, weights) }

    public func logits(_ images: Tensor, training: Bool) -> Tensor { head(features(images, training: training)) }

    /// The class token behind the last norm.
    public func features(_ images: Tensor, training: Bool) -> Tensor {
        let count = images.shape[0]
        let tokens = images.convolved(
            with: patches.weight, bias: patches.bias, stride: numbers.patchSize, padding: 0
        ).reshape([count, numbers.width, -1]).transpose(1, 2)  // [images, patches, width]
        var x = Tensor.concatenate([classToken.expand([count, 1, numbers.width]), tokens], along: 1) + positions
        for block in blocks { x = block(x) }
        return norm(x).narrow(1, from: 0, count: 1).reshape([count, numbers.width])
    }
}

/// x + attention(norm x), then x + feedForward(norm x).
private struct ViTBlock {
    let attentionNorm: LayerNorm
    /// Queries, keys and values side by side.
    let input: (weight: Tensor, bias: Tensor)
    let output: Linear
    let feedForwardNorm: LayerNorm
    let up: Linear
    let down: Linear
    let headCount: Int

    init(_ c: ViTConfiguration, _ weights: Weights) throws(CheckpointError) {
        attentionNorm = try LayerNorm(weights["ln_1"], width: c.width, epsilon: c.normEpsilon)
        let attention = weights["self_attention"]
        let initial = Initializer.uniform(bound: (6 / Float(4 * c.width)).squareRoot())
        input = (
            try attention.parameter("in_proj_weight", [3 * c.width, c.width], or: initial),
            try attention.parameter("in_proj_bias", [3 * c.width], or: .zeros)
        )
        output = try Linear(biased: attention["out_proj"], in: c.width, out: c.width)
        feedForwardNorm = try LayerNorm(weights["ln_2"], width: c.width, epsilon: c.normEpsilon)
        // torchvision counts the activation and the dropout between both.
        up = try Linear(biased: weights["mlp"][0], in: c.width, out: c.feedForwardWidth)
        down = try Linear(biased: weights["mlp"][3], in: c.feedForwardWidth, out: c.width)
        headCount = c.headCount
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let (rows, time, width) = (x.shape[0], x.shape[1], x.shape[2])
        let mixed = attentionNorm(x).linear(input.weight, bias: input.bias)
        func part(_ index: Int) -> Tensor {  // [rows, heads, time, headWidth]
            mixed.narrow(2, from: index * width, count: width).reshape([rows, time, headCount, width / headCount])
                .transpose(1, 2)
        }
        let attended = Tensor.attention(query: part(0), key: part(1), value: part(2), mask: nil)
        let y = x + output(attended.transpose(1, 2).reshape([rows, time, width]))
        return y + down(up(feedForwardNorm(y)).gelu())
    }
}
