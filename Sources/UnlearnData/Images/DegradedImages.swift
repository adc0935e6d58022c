// Degraded images as a model reads them: what is left of them, and where it is to draw.

public import UnlearnEngine

/// A batch of images of which a part, or some of what they show, was taken away.
public struct DegradedImages {
    /// What is left: `[images, channels, height, width]`, −1…1, 0 where nothing is left.
    public let images: Tensor
    /// 1 where a model is to draw and 0 where the pixels are those of the original: `[images, 1, height, width]`.
    public let mask: Tensor
    /// For diffusion models, the whole images at a moment of their noising; nil for models that answer at once.
    public var noised: NoisedImages?

    public init(images: Tensor, mask: Tensor, noised: NoisedImages? = nil) {
        precondition(
            images.rank == 4 && mask.shape == [images.shape[0], 1, images.shape[2], images.shape[3]],
            "DegradedImages: a mask of shape \(mask.shape) does not belong to images of shape \(images.shape)")
        (self.images, self.mask, self.noised) = (images, mask, noised)
    }

    public var count: Int { images.shape[0] }

    /// The images of several batches one after another; all of them have noised ones, or none has.
    public static func concatenate(_ batches: [DegradedImages]) -> DegradedImages {
        let noised = batches.compactMap(\.noised)
        precondition(
            noised.isEmpty || noised.count == batches.count, "DegradedImages: some batches have noised images, some not"
        )
        return DegradedImages(
            images: Tensor.concatenate(batches.map(\.images)), mask: Tensor.concatenate(batches.map(\.mask)),
            noised: noised.isEmpty
                ? nil
                : NoisedImages(images: Tensor.concatenate(noised.map(\.images)), steps: noised.flatMap(\.steps)))
    }

    /// The whole pictures: what was drawn where something was to be drawn, the original's own pixels elsewhere.
    /// - Parameter drawn: `[images, channels, height, width]`, −1…1. A picture with other channels than the degraded
    ///   one, such as the colours of a grey one, is taken whole.
    public func completed(with drawn: Tensor) -> Tensor {
        drawn.shape == images.shape ? images * (mask * -1 + 1) + drawn * mask : drawn
    }
}

/// Images with noise in them, and how much.
public struct NoisedImages {
    /// `[images, channels, height, width]`, a weighted sum of the image and standard normal noise.
    public let images: Tensor
    /// After how many steps of the noising each image is seen, from 0.
    public let steps: [Int]

    public init(images: Tensor, steps: [Int]) {
        precondition(steps.count == images.shape[0], "NoisedImages: \(steps.count) steps for images \(images.shape)")
        (self.images, self.steps) = (images, steps)
    }
}
