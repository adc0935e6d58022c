// Redrawn pictures beside the originals, and the part of them that a figure is measured on.

public import UnlearnEngine

/// The part of pictures that a figure is measured on.
public enum Region: String, Codable, Sendable, CaseIterable {
    /// Only what the model drew.
    case filled
    /// All pixels, those that were given to the model included.
    case whole

    /// A figure's name on this region: `psnr`, `psnr-whole`.
    func name(_ metric: String) -> String { self == .filled ? metric : "\(metric)-whole" }
}

/// What a model drew, beside what there was.
public struct PicturePairs {
    /// `[images, channels, height, width]`, −1…1.
    public let originals: Tensor
    /// The same, with what the model drew where something was missing.
    public let redrawn: Tensor
    /// 1 where the model drew, `[images, 1, height, width]`.
    public let mask: Tensor
    /// The name of each image.
    public let names: [String]

    public init(originals: Tensor, redrawn: Tensor, mask: Tensor, names: [String]) {
        let shape = originals.shape
        precondition(
            redrawn.shape == shape && mask.shape == [shape[0], 1, shape[2], shape[3]] && names.count == shape[0],
            "PicturePairs: \(names.count) names, originals \(shape), redrawn \(redrawn.shape) and mask \(mask.shape)")
        (self.originals, self.redrawn, self.mask, self.names) = (originals, redrawn, mask, names)
    }

    public var count: Int { names.count }

    /// Originals and redrawn pictures as a network is to see them: on the filled region, all else is the same grey (0)
    /// in both, so that pixels which nobody drew bring no likeness, whatever shape the region has.
    func seen(_ region: Region) -> (originals: Tensor, redrawn: Tensor) {
        region == .whole ? (originals, redrawn) : (originals * mask, redrawn * mask)
    }
}

extension MetricName {
    /// Distance between the distributions of redrawn and original pictures' features (forget, retain, unseen).
    public static let fid = "fid"
    /// Peak signal-to-noise ratio in decibels (the same splits, as all below).
    public static let psnr = "psnr"
    /// Structural similarity.
    public static let ssim = "ssim"
    /// How surely, and how variedly, redrawn pictures are recognised.
    public static let inceptionScore = "inception-score"
    /// Cosine between the features of a redrawn picture and the original's.
    public static let embeddingCosine = "embedding-cosine"
}
