// A small convolutional network for small images: stages of convolution, batch normalisation, rectifier and pooling.

public import UnlearnEngine
public import UnlearnFormats

/// The numbers of a ConvNet.
public struct ConvNetConfiguration: Sendable, Equatable {
    public var channelCount: Int
    public var classNames: [String]
    /// The width of each stage. All but the last one end by halving the size.
    public var widths: [Int]

    public init(channelCount: Int = 3, classNames: [String], widths: [Int] = [32, 64, 128]) {
        (self.channelCount, self.classNames, self.widths) = (channelCount, classNames, widths)
    }
}

/// 3 × 3 convolutions that double their width as pooling halves the size, a mean over pixels, and scores.
public final class ConvNet: Classifier {
    public let numbers: ConvNetConfiguration
    public let parameters: ParameterStore
    private let stages: [(convolution: Convolution, norm: BatchNorm)]
    private let head: Linear

    public init(_ c: ConvNetConfiguration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        var stages: [(Convolution, BatchNorm)] = []
        var width = c.channelCount
        for (index, outputs) in c.widths.enumerated() {
            let convolution = try Convolution(weights["conv\(index + 1)"], in: width, out: outputs, size: 3)
            stages.append((convolution, try BatchNorm(weights["bn\(index + 1)"], width: outputs)))
            width = outputs
        }
        self.stages = stages
        head = try Linear(biased: weights["fc"], in: width, out: c.classNames.count)
        parameters = try weights.finish { $0.hasSuffix("num_batches_tracked") }
    }

    public var classCount: Int { numbers.classNames.count }
    public var configuration: JSONValue { numbers.json }
    public func isHead(_ name: String) -> Bool { name.hasPrefix("fc.") }
    public func isShortcut(_ name: String) -> Bool { false }
    public func remade(_ weights: Weights) throws(CheckpointError) -> Self { try Self(numbers, weights) }

    public func logits(_ images: Tensor, training: Bool) -> Tensor { head(features(images, training: training)) }

    public func features(_ images: Tensor, training: Bool) -> Tensor {
        var x = images
        for (index, stage) in stages.enumerated() {
            x = stage.norm(stage.convolution(x), training: training).relu()
            if index < stages.count - 1 { x = x.maxPooled(size: 2, stride: 2) }
        }
        return x.globalMean()
    }
}

extension ConvNet {
    public static let architecture = ClassifierArchitecture(
        name: "convnet", modelTypes: ["convnet"], summary: "a small network for images of about 32 pixels",
        check: { (file) throws(ModelError) in _ = try ConvNetConfiguration(file) },
        build: { (file, weights) throws(ModelError) in
            let configuration = try ConvNetConfiguration(file)
            return try ModelError.building { () throws(CheckpointError) in try ConvNet(configuration, weights) }
        })
}

extension ConvNetConfiguration {
    public init(_ file: ConfigurationFile) throws(ModelError) {
        let widths = file.json["hidden_sizes"]?.array?.compactMap(\.int) ?? []
        guard (1...8).contains(widths.count), widths.allSatisfy({ (1...65_536).contains($0) }) else {
            throw .key("hidden_sizes", path: file.path, expected: "a list of one to eight positive whole numbers")
        }
        self.init(
            channelCount: try file.count("num_channels", default: 3), classNames: try file.classNames(), widths: widths)
    }

    var json: JSONValue {
        [
            "architectures": ["ConvNet"], "model_type": "convnet", "num_channels": .int(channelCount),
            "hidden_sizes": .array(widths.map { .int($0) }), "id2label": .labels(classNames), "dtype": "float32",
        ]
    }
}
