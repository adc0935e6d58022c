// CLIP's vision encoder: Radford et al. 2021, "Learning transferable visual models from natural language supervision"
// (arXiv 2103.00020). Parameters are named as transformers does.

public import Foundation
public import UnlearnEngine
internal import UnlearnFormats

/// The numbers of CLIP's vision encoder, as Hugging Face's config.json states them.
public struct CLIPVisionConfiguration: Sendable, Equatable {
    /// Values of `model_type`: the vision encoder alone, or a whole CLIP, of which it is a part.
    public static let modelTypes = ["clip_vision_model", "clip"]

    public var channelCount: Int
    /// Width and height of what the network looks at, and of the squares that become tokens.
    public var imageSize: Int
    public var patchSize: Int
    public var width: Int
    public var layerCount: Int
    public var headCount: Int
    public var feedForwardWidth: Int
    public var projectionWidth: Int
    public var normEpsilon: Double
    /// Whether the activation is x · σ(1.702 x) in place of the exact one.
    public var isQuick: Bool

    public init(_ file: ConfigurationFile) throws(ModelError) {
        // A whole CLIP states the width of the projection beside its parts.
        let part = file.json["vision_config"].map { ConfigurationFile(path: file.path, json: $0) } ?? file
        width = try part.count("hidden_size", default: 768)
        headCount = try part.count("num_attention_heads", default: 12)
        imageSize = try part.count("image_size", default: 224)
        patchSize = try part.count("patch_size", default: 32)
        guard width % headCount == 0 else {
            throw .key("num_attention_heads", path: file.path, expected: "a divisor of hidden_size, which is \(width)")
        }
        guard imageSize % patchSize == 0 else {
            throw .key("patch_size", path: file.path, expected: "a divisor of image_size, which is \(imageSize)")
        }
        let activation = try part.text("hidden_act") ?? "quick_gelu"
        guard ["quick_gelu", "gelu"].contains(activation) else {
            throw .unsupported(
                "hidden_act '\(activation)'", path: file.path, advice: "Supported are 'quick_gelu' and 'gelu'.")
        }
        isQuick = activation == "quick_gelu"
        channelCount = try part.count("num_channels", default: 3)
        layerCount = try part.count("num_hidden_layers", default: 12)
        feedForwardWidth = try part.count("intermediate_size", default: 3072)
        projectionWidth = try file.count("projection_dim", default: try part.count("projection_dim", default: 512))
        normEpsilon = try part.number("layer_norm_eps", default: 1e-5)
    }
}

/// Patches as tokens behind a class token, pre-normalised blocks, and a projection of the class token: the embedding that
/// CLIP compares with texts.
public final class CLIPVisionEncoder {
    /// Mean and deviation of red, green and blue, 0…1, by which pictures were brought to one scale in training.
    private static let scale: (mean: [Float], deviation: [Float]) = (
        [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    )

    public let numbers: CLIPVisionConfiguration
    public let parameters: ParameterStore
    private let patches: Tensor
    private let classToken: Tensor
    private let positions: Tensor
    private let entryNorm: LayerNorm
    private let blocks: [CLIPBlock]
    private let norm: LayerNorm
    private let projection: Linear

    public init(_ c: CLIPVisionConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        let vision = weights["vision_model"]
        let (tables, side) = (vision["embeddings"], c.imageSize / c.patchSize)
        let initial = Initializer.normal(deviation: 0.02)
        classToken = try tables.parameter("class_embedding", [c.width], or: initial)
        patches = try tables["patch_embedding"].parameter(
            "weight", [c.width, c.channelCount, c.patchSize, c.patchSize], or: initial)
        positions = try tables["position_embedding"].parameter("weight", [side * side + 1, c.width], or: initial)
        // Spelt so in all checkpoints.
        entryNorm = try LayerNorm(vision["pre_layrnorm"], width: c.width, epsilon: c.normEpsilon)
        var blocks: [CLIPBlock] = []
        for layer in 0..<c.layerCount { blocks.append(try CLIPBlock(c, vision["encoder"]["layers"][layer])) }
        self.blocks = blocks
        norm = try LayerNorm(vision["post_layernorm"], width: c.width, epsilon: c.normEpsilon)
        projection = try Linear(weights["visual_projection"], in: c.width, out: c.projectionWidth)
        parameters = try weights.finish { name in
            ["text_model.", "text_projection.", "logit_scale"].contains { name.hasPrefix($0) }
                || name.hasSuffix(".position_ids")
        }
    }

    /// Reads a folder in Hugging Face's layout; nil if its config.json names a model of another kind.
    public static func load(_ folder: URL) throws(ModelError) -> CLIPVisionEncoder? {
        let file = try ConfigurationFile(modelIn: folder)
        guard let type = file.json["model_type"]?.string, CLIPVisionConfiguration.modelTypes.contains(type) else {
            return nil
        }
        let numbers = try CLIPVisionConfiguration(file)
        try file.checkUnpacked()
        let checkpoint = try ModelError.reading { () throws(FormatError) in
            try SafetensorsCheckpoint(directory: folder)
        }
        let weights = Weights(SafetensorsSource(checkpoint: checkpoint, title: folder.path))
        return try ModelError.building { () throws(CheckpointError) in try CLIPVisionEncoder(numbers, weights) }
    }

    /// The embeddings of pictures of any size, `[images, projection]`. They are brought to the network's size bilinearly.
    /// - Parameter images: `[images, channels, height, width]`, −1…1.
    public func embeddings(of images: Tensor) -> Tensor {
        let side = numbers.imageSize
        let sized =
            images.shape[2] == side && images.shape[3] == side
            ? images : images.resized(height: side, width: side, .bilinear)
        return embeddings(ofScaled: Self.scaled(sized))
    }

    /// The same of pictures of the network's size and scale.
    func embeddings(ofScaled images: Tensor) -> Tensor {
        let count = images.shape[0]
        let tokens = images.convolved(with: patches, bias: nil, stride: numbers.patchSize, padding: 0)
            .reshape([count, numbers.width, -1]).transpose(1, 2)  // [images, patches, width]
        let first = classToken.reshape([1, 1, numbers.width]).expand([count, 1, numbers.width])
        var x = entryNorm(Tensor.concatenate([first, tokens], along: 1) + positions)
        for block in blocks { x = block(x) }
        return projection(norm(x.narrow(1, from: 0, count: 1).reshape([count, numbers.width])))
    }

    /// From −1…1 to the scale of the training.
    private static func scaled(_ images: Tensor) -> Tensor {
        guard images.shape[1] == 3 else { return images }
        let mean = Tensor(scale.mean, shape: [1, 3, 1, 1])
        return ((images + 1) * 0.5 - mean) / Tensor(scale.deviation, shape: [1, 3, 1, 1])
    }
}

/// x + attention(norm x), then x + feedForward(norm x).
private struct CLIPBlock {
    private let attentionNorm: LayerNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let feedForwardNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let headCount: Int
    private let isQuick: Bool

    init(_ c: CLIPVisionConfiguration, _ weights: Weights) throws(CheckpointError) {
        let attention = weights["self_attn"]
        attentionNorm = try LayerNorm(weights["layer_norm1"], width: c.width, epsilon: c.normEpsilon)
        query = try Linear(attention["q_proj"], in: c.width, out: c.width, bias: true)
        key = try Linear(attention["k_proj"], in: c.width, out: c.width, bias: true)
        value = try Linear(attention["v_proj"], in: c.width, out: c.width, bias: true)
        output = try Linear(attention["out_proj"], in: c.width, out: c.width, bias: true)
        feedForwardNorm = try LayerNorm(weights["layer_norm2"], width: c.width, epsilon: c.normEpsilon)
        up = try Linear(weights["mlp"]["fc1"], in: c.width, out: c.feedForwardWidth, bias: true)
        down = try Linear(weights["mlp"]["fc2"], in: c.feedForwardWidth, out: c.width, bias: true)
        (headCount, isQuick) = (c.headCount, c.isQuick)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let (rows, time, width) = (x.shape[0], x.shape[1], x.shape[2])
        let normed = attentionNorm(x)
        func heads(_ y: Tensor) -> Tensor {  // [rows, heads, time, headWidth]
            y.reshape([rows, time, headCount, width / headCount]).transpose(1, 2)
        }
        let attended = Tensor.attention(
            query: heads(query(normed)), key: heads(key(normed)), value: heads(value(normed)), mask: nil)
        let y = x + output(attended.transpose(1, 2).reshape([rows, time, width]))
        let raised = up(feedForwardNorm(y))
        return y + down(isQuick ? (raised * 1.702).silu() * (1 / 1.702) : raised.gelu())
    }
}
