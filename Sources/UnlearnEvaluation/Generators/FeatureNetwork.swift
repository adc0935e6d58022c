// The network through whose features pictures are compared: a classifier, or the vision encoder of a CLIP.

public import Foundation
public import UnlearnEngine
internal import UnlearnFormats
public import UnlearnModels

/// A network, by its features and, where it has some, its classes. Figures that it makes compare with those of the same
/// network alone, so that its name stands beside them.
public struct FeatureNetwork {
    public let name: String
    private let channels: Int?
    /// The only size that it looks at; nil: any.
    private let side: Int?
    private let classCount: Int
    private let batchSize: Int
    private let read: (Tensor) -> Tensor
    private let score: ((Tensor) -> Tensor)?

    public init(_ classifier: any Classifier, name: String, batchSize: Int = 256) {
        let configuration = classifier.configuration["member"] ?? classifier.configuration
        (channels, side) = (configuration["num_channels"]?.int, configuration["image_size"]?.int)
        (self.name, classCount, self.batchSize) = (name, classifier.classCount, batchSize)
        read = { classifier.features($0, training: false) }
        score = { classifier.logits($0, training: false) }
    }

    /// Pictures of any size are compared by their embeddings; there are no classes.
    public init(_ encoder: CLIPVisionEncoder, name: String, batchSize: Int = 32) {
        (channels, side) = (encoder.numbers.channelCount, nil)
        (self.name, classCount, self.batchSize) = (name, 0, batchSize)
        read = { encoder.embeddings(of: $0) }
        score = nil
    }

    /// The network in a folder, of whichever kind its config.json names.
    public static func load(_ folder: URL, name: String) throws(ModelError) -> FeatureNetwork {
        if let encoder = try CLIPVisionEncoder.load(folder) { return FeatureNetwork(encoder, name: name) }
        let classifier = try ClassifierDirectory.load(folder)
        // Inception-v3 enlarges what it reads to 299 × 299 pixels.
        return FeatureNetwork(classifier, name: name, batchSize: classifier is InceptionV3 ? 32 : 256)
    }

    /// Why it cannot look at images of that size, as a sentence; nil if it can.
    public func problem(for shape: ImageShape) -> String? {
        // A picture in grey is one whose three colours are alike.
        if let channels, channels != shape.channels, (shape.channels, channels) != (1, 3) {
            return "The feature network '\(name)' reads \(channels) channel(s), and the images have \(shape.channels)."
        }
        if let side, side != shape.height || side != shape.width {
            return "The feature network '\(name)' reads \(side) × \(side) pixels, and the images have "
                + "\(shape.width) × \(shape.height)."
        }
        return nil
    }

    /// What its last layer reads, or the embeddings, `[images, width]`.
    /// - Parameter images: `[images, channels, height, width]`, −1…1.
    public func features(_ images: Tensor) -> Tensor { batched(images, read) }

    /// Of each class, for each image; nil for a network without classes.
    /// - Parameter images: as above.
    public func probabilities(_ images: Tensor) -> [[Double]]? {
        guard let score else { return nil }
        let values = batched(images) { score($0).to(.float64).softmax() }
        let (scalars, width) = (values.scalars(Double.self), classCount)
        return (0..<images.shape[0]).map { Array(scalars[$0 * width..<($0 + 1) * width]) }
    }

    private func batched(_ images: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
        withoutRecording {
            Tensor.concatenate(
                stride(from: 0, to: images.shape[0], by: batchSize).map { start in
                    body(coloured(images.narrow(0, from: start, count: min(batchSize, images.shape[0] - start))))
                })
        }
    }

    private func coloured(_ images: Tensor) -> Tensor {
        guard channels == 3, images.shape[1] == 1 else { return images }
        return Tensor.concatenate([images, images, images], along: 1)
    }
}
