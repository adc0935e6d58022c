// What unlearning and evaluation ask of an image classifier.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// A model that sorts images into classes.
public protocol Classifier: AnyObject {
    var parameters: ParameterStore { get }
    var classCount: Int { get }
    /// What config.json says about it.
    var configuration: JSONValue { get }
    /// Whether a parameter belongs to the last layer, which scores the classes.
    func isHead(_ name: String) -> Bool
    /// Whether a parameter belongs to a shortcut around a block.
    func isShortcut(_ name: String) -> Bool
    /// The residual or transformer block that a parameter belongs to, or its layer where it is in none.
    func block(of name: String) -> String
    /// Scores `[images, classes]` of images `[images, channels, height, width]`.
    /// - Parameter training: whether layers that depend on the batch do so, and remember its statistics.
    func logits(_ images: Tensor, training: Bool) -> Tensor
    /// What the last layer makes the scores of, `[images, width]`.
    func features(_ images: Tensor, training: Bool) -> Tensor
    /// A model of the same architecture with parameters from elsewhere.
    func remade(_ weights: Weights) throws(CheckpointError) -> Self
}

extension Classifier {
    /// `layer1.0` of `layer1.0.conv1.weight`, `fc` of `fc.weight`.
    public func block(of name: String) -> String {
        name.split(separator: ".").dropLast().prefix(2).joined(separator: ".")
    }
    /// The kernels of all convolutions, `[out, in, height, width]`.
    public var convolutionNames: [String] { parameters.trainableNames.filter { parameters[$0].rank == 4 } }
    public var headNames: [String] { parameters.trainableNames.filter(isHead) }
    /// Scales and shifts of normalisation.
    public var normNames: [String] {
        parameters.trainableNames.filter { parameters[$0].rank == 1 && !isHead($0) }
    }

    /// Scores of the images at `indices`, `[images, classes]`, as the model is used, not trained.
    public func logits(of images: ImageSet, _ indices: [Int], batchSize: Int = 256) -> Tensor {
        withoutRecording {
            guard !indices.isEmpty else { return .zeros([0, classCount]) }
            return Tensor.concatenate(
                stride(from: 0, to: indices.count, by: batchSize).map { start in
                    logits(
                        images.batch(Array(indices[start..<min(start + batchSize, indices.count)])).inputs,
                        training: false)
                })
        }
    }

    /// A model with copies of the parameters: changing one leaves the other as it is.
    public func copy() throws(CheckpointError) -> Self { try remade(Weights(StoreSource(store: parameters))) }
}
