// ResNet: He et al. 2016, "Deep residual learning for image recognition" (arXiv 1512.03385), with the stride of a
// bottleneck in its 3 × 3 convolution and parameters named as torchvision does.

public import UnlearnEngine
public import UnlearnFormats

/// The numbers of a ResNet, as Hugging Face's config.json states them.
public struct ResNetConfiguration: Sendable, Equatable {
    public enum Block: String, Sendable, CaseIterable {
        /// Two 3 × 3 convolutions.
        case basic
        /// 1 × 1 to a quarter of the width, 3 × 3, 1 × 1 back.
        case bottleneck
    }

    public var channelCount: Int
    public var classNames: [String]
    public var block: Block
    /// The width of the first convolution, and of the output of each stage.
    public var stemWidth: Int
    public var stageWidths: [Int]
    public var depths: [Int]
    /// For images of about 32 pixels: a 3 × 3 stem that keeps the size, in place of 7 × 7 with stride 2 and pooling.
    public var stemIsSmall: Bool
}

/// A stem, four stages of residual blocks of which all but the first halve the size, a mean over pixels, and scores.
public final class ResNet: Classifier {
    public let numbers: ResNetConfiguration
    public let parameters: ParameterStore
    private let stem: Convolution
    private let stemNorm: BatchNorm
    private let blocks: [Block]
    private let head: Linear

    public init(_ c: ResNetConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        stem = try Convolution(
            weights["conv1"], in: c.channelCount, out: c.stemWidth, size: c.stemIsSmall ? 3 : 7,
            stride: c.stemIsSmall ? 1 : 2)
        stemNorm = try BatchNorm(weights["bn1"], width: c.stemWidth)
        var blocks: [Block] = []
        var width = c.stemWidth
        for (stage, depth) in c.depths.enumerated() {
            for index in 0..<depth {
                let shape = BlockShape(
                    inputs: width, outputs: c.stageWidths[stage], stride: stage > 0 && index == 0 ? 2 : 1)
                blocks.append(try Block(c.block, shape, weights["layer\(stage + 1)"][index]))
                width = c.stageWidths[stage]
            }
        }
        self.blocks = blocks
        head = try Linear(biased: weights["fc"], in: width, out: c.classNames.count)
        // How many batches the statistics have seen: PyTorch stores it, and nothing depends on it here.
        parameters = try weights.finish { $0.hasSuffix("num_batches_tracked") }
    }

    public var classCount: Int { numbers.classNames.count }
    public var configuration: JSONValue { numbers.json }
    public func isHead(_ name: String) -> Bool { name.hasPrefix("fc.") }
    public func isShortcut(_ name: String) -> Bool { name.contains(".downsample.") }
    public func remade(_ weights: Weights) throws(CheckpointError) -> Self { try Self(numbers, weights) }

    public func logits(_ images: Tensor, training: Bool) -> Tensor { head(features(images, training: training)) }

    public func features(_ images: Tensor, training: Bool) -> Tensor {
        var x = stemNorm(stem(images), training: training).relu()
        if !numbers.stemIsSmall { x = x.maxPooled(size: 3, stride: 2, padding: 1) }
        for block in blocks { x = block(x, training: training) }
        return x.globalMean()
    }
}

private struct BlockShape {
    let inputs: Int
    let outputs: Int
    let stride: Int
}

/// relu(F(x) + shortcut(x)).
private struct Block {
    private let layers: [(convolution: Convolution, norm: BatchNorm)]
    private let shortcut: (convolution: Convolution, norm: BatchNorm)?

    init(_ kind: ResNetConfiguration.Block, _ shape: BlockShape, _ weights: Weights) throws(CheckpointError) {
        let (inputs, outputs, stride) = (shape.inputs, shape.outputs, shape.stride)
        let inner = outputs / 4
        // in, out, kernel size, stride
        let plan: [(Int, Int, Int, Int)] =
            switch kind {
            case .basic: [(inputs, outputs, 3, stride), (outputs, outputs, 3, 1)]
            case .bottleneck: [(inputs, inner, 1, 1), (inner, inner, 3, stride), (inner, outputs, 1, 1)]
            }
        var layers: [(Convolution, BatchNorm)] = []
        for (index, (inputs, outputs, size, stride)) in plan.enumerated() {
            let convolution = try Convolution(
                weights["conv\(index + 1)"], in: inputs, out: outputs, size: size, stride: stride)
            layers.append((convolution, try BatchNorm(weights["bn\(index + 1)"], width: outputs)))
        }
        self.layers = layers
        if stride == 1 && inputs == outputs {
            shortcut = nil
        } else {
            let weights = weights["downsample"]
            let convolution = try Convolution(weights[0], in: inputs, out: outputs, size: 1, stride: stride)
            shortcut = (convolution, try BatchNorm(weights[1], width: outputs))
        }
    }

    func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
        var y = x
        for (index, layer) in layers.enumerated() {
            y = layer.norm(layer.convolution(y), training: training)
            if index < layers.count - 1 { y = y.relu() }
        }
        let skipped = shortcut.map { $0.norm($0.convolution(x), training: training) } ?? x
        return (y + skipped).relu()
    }
}
