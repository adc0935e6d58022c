// The network through whose features pictures are compared: any classifier of this package.

public import UnlearnEngine
internal import UnlearnFormats
public import UnlearnModels

/// A classifier, by its features and classes. Figures that it makes compare with those of the same network alone, so
/// that its name stands beside them.
public struct FeatureNetwork {
    public let name: String
    private let classifier: any Classifier
    private let batchSize: Int

    public init(_ classifier: any Classifier, name: String, batchSize: Int = 256) {
        (self.classifier, self.name, self.batchSize) = (classifier, name, batchSize)
    }

    /// Why it cannot look at images of that size, as a sentence; nil if it can.
    public func problem(for shape: ImageShape) -> String? {
        let configuration = classifier.configuration["member"] ?? classifier.configuration
        if let channels = configuration["num_channels"]?.int, channels != shape.channels {
            return "The feature network '\(name)' reads \(channels) channel(s), and the images have \(shape.channels)."
        }
        if let side = configuration["image_size"]?.int, side != shape.height || side != shape.width {
            return "The feature network '\(name)' reads \(side) × \(side) pixels, and the images have "
                + "\(shape.width) × \(shape.height)."
        }
        return nil
    }

    /// What its last layer reads, `[images, width]`.
    /// - Parameter images: `[images, channels, height, width]`, −1…1.
    public func features(_ images: Tensor) -> Tensor {
        batched(images) { classifier.features($0, training: false) }
    }

    /// Of each class, for each image.
    /// - Parameter images: as above.
    public func probabilities(_ images: Tensor) -> [[Double]] {
        let values = batched(images) { classifier.logits($0, training: false).to(.float64).softmax() }
        let (scalars, width) = (values.scalars(Double.self), classifier.classCount)
        return (0..<images.shape[0]).map { Array(scalars[$0 * width..<($0 + 1) * width]) }
    }

    private func batched(_ images: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
        withoutRecording {
            Tensor.concatenate(
                stride(from: 0, to: images.shape[0], by: batchSize).map { start in
                    body(images.narrow(0, from: start, count: min(batchSize, images.shape[0] - start)))
                })
        }
    }
}
