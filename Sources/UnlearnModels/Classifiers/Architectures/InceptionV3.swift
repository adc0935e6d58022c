// Inception-v3: Szegedy et al. 2016, "Rethinking the Inception architecture for computer vision" (arXiv 1512.00567), with
// parameters named as torchvision and timm do.

public import UnlearnEngine
public import UnlearnFormats

/// The numbers of an Inception-v3, of which timm's config.json states what can differ.
public struct InceptionV3Configuration: Sendable, Equatable {
    public var classNames: [String]
    /// Images of any size are brought to this many pixels a side; 299 is the usual one.
    public var imageSize: Int
    /// By which colours from 0 to 1 were normalised in training, for red, green and blue.
    public var mean: [Double]
    public var deviation: [Double]
    /// 1: the published widths. A larger one makes each layer narrower by this factor.
    public var widthDivisor: Int
}

/// A stem, eleven blocks of parallel branches in which the size is halved twice, a mean over pixels, and scores. What the
/// second head, `AuxLogits`, holds is not read: it serves training alone. Trains without dropout.
public final class InceptionV3: Classifier {
    public let numbers: InceptionV3Configuration
    public let parameters: ParameterStore
    private let stem: [Unit]
    private let blocks: [[Branch]]
    private let head: Linear
    /// What brings colours from −1…1 to those of training, `[3, 1, 1]`.
    private let scale: Tensor
    private let shift: Tensor

    public init(_ c: InceptionV3Configuration, _ weights: Weights) throws(CheckpointError) {
        numbers = c
        var width = 3
        var stem: [Unit] = []
        for plan in InceptionV3Plan.stem.map({ $0.narrowed(by: c.widthDivisor) }) {
            stem.append(try Unit(plan, in: width, weights[plan.name]))
            width = plan.width
        }
        self.stem = stem
        var blocks: [[Branch]] = []
        for (name, plans) in InceptionV3Plan.blocks {
            var branches: [Branch] = []
            for plan in plans {
                branches.append(try Branch(plan, in: width, divisor: c.widthDivisor, weights[name]))
            }
            width = branches.map(\.width).reduce(0, +)
            blocks.append(branches)
        }
        self.blocks = blocks
        head = try Linear(biased: weights["fc"], in: width, out: c.classNames.count)
        func column(_ values: [Double]) -> Tensor { Tensor(values.map { Float($0) }, shape: [3, 1, 1]) }
        scale = column(c.deviation.map { 0.5 / $0 })
        shift = column(zip(c.mean, c.deviation).map { (0.5 - $0) / $1 })
        parameters = try weights.finish { $0.hasSuffix("num_batches_tracked") || $0.hasPrefix("AuxLogits.") }
    }

    public var classCount: Int { numbers.classNames.count }
    public var configuration: JSONValue { numbers.json }
    public func isHead(_ name: String) -> Bool { name.hasPrefix("fc.") }
    public func isShortcut(_ name: String) -> Bool { false }
    /// `Mixed_5b` of `Mixed_5b.branch1x1.conv.weight`.
    public func block(of name: String) -> String { String(name.prefix { $0 != "." }) }
    public func remade(_ weights: Weights) throws(CheckpointError) -> Self { try Self(numbers, weights) }

    public func logits(_ images: Tensor, training: Bool) -> Tensor { head(features(images, training: training)) }

    public func features(_ images: Tensor, training: Bool) -> Tensor {
        let side = numbers.imageSize
        let isThatSize = images.shape[2] == side && images.shape[3] == side
        var x = (isThatSize ? images : images.resized(height: side, width: side, .bilinear)) * scale + shift
        for (index, unit) in stem.enumerated() {
            x = unit(x, training: training)
            if InceptionV3Plan.pooledStem.contains(index) { x = x.maxPooled(size: 3, stride: 2) }
        }
        for branches in blocks {
            x = Tensor.concatenate(branches.map { $0(x, training: training) }, along: 1)
        }
        return x.globalMean()
    }
}

/// Convolution without a bias, batch normalisation, ReLU.
private struct Unit {
    private let weight: Tensor
    private let norm: BatchNorm
    private let plan: InceptionV3Plan.Unit

    init(_ plan: InceptionV3Plan.Unit, in inputs: Int, _ weights: Weights) throws(CheckpointError) {
        self.plan = plan
        let fanOut = Float(plan.width * plan.rows * plan.columns)
        weight = try weights["conv"].parameter(
            "weight", [plan.width, inputs, plan.rows, plan.columns],
            or: .normal(deviation: (2 / fanOut).squareRoot()))
        norm = try BatchNorm(weights["bn"], width: plan.width, epsilon: 1e-3)
    }

    func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
        let y = x.convolved(
            with: weight, stride: plan.stride, rows: plan.keepsSize ? plan.rows / 2 : 0,
            columns: plan.keepsSize ? plan.columns / 2 : 0)
        return norm(y, training: training).relu()
    }
}

/// Units one after the other, of which the last may be two side by side.
private struct Branch {
    /// How many channels leave it.
    let width: Int
    private let pooling: InceptionV3Plan.Pooling
    private let units: [Unit]
    private let fork: [Unit]

    init(
        _ plan: InceptionV3Plan.Branch, in inputs: Int, divisor: Int, _ weights: Weights
    ) throws(CheckpointError) {
        var width = inputs
        var units: [Unit] = []
        for unit in plan.units.map({ $0.narrowed(by: divisor) }) {
            units.append(try Unit(unit, in: width, weights[unit.name]))
            width = unit.width
        }
        var fork: [Unit] = []
        let forkPlans = plan.fork.map { $0.narrowed(by: divisor) }
        for unit in forkPlans { fork.append(try Unit(unit, in: width, weights[unit.name])) }
        (pooling, self.units, self.fork) = (plan.pooling, units, fork)
        self.width = fork.isEmpty ? width : forkPlans.map(\.width).reduce(0, +)
    }

    func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
        let pooled =
            switch pooling {
            case .none: x
            case .mean: x.smoothed(size: 3)
            case .largest: x.maxPooled(size: 3, stride: 2)
            }
        let y = units.reduce(pooled) { $1($0, training: training) }
        return fork.isEmpty ? y : Tensor.concatenate(fork.map { $0(y, training: training) }, along: 1)
    }
}
