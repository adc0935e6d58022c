// Likeness of pictures pixel by pixel: peak signal-to-noise ratio and structural similarity, equal to scikit-image's.

internal import Foundation
internal import UnlearnEngine

/// How like two pictures are, one number for each pair.
public enum ImageQuality {
    /// Images have values from −1 to 1.
    static let range = 2.0
    /// Equal pictures have no noise at all; a larger ratio than this, in decibels, is not told apart from it.
    public static let highestRatio = 100.0
    /// Rows and columns that the window of ``structuralSimilarity(of:on:)`` has.
    public static let windowSide = 2 * radius + 1

    private static let deviation = 1.5
    private static let radius = 5
    private static let imagesAtOnce = 64

    /// 10 · log₁₀(range² / mean squared difference) in decibels, at most ``highestRatio``. The mean is over the
    /// region's pixels and all channels.
    public static func peakSignalToNoise(of pairs: PicturePairs, on region: Region) -> [Double] {
        batched(pairs) { originals, redrawn, mask in
            let squares = (originals - redrawn).square()
            return regionMeans(of: squares, region == .filled ? mask : mask * 0 + 1)
        }.map { error in min(highestRatio, 10 * log10(range * range / error)) }
    }

    /// Structural similarity (Wang et al. 2004, "Image quality assessment"), averaged over pixels and channels: 1 for
    /// equal pictures.
    ///
    /// As scikit-image computes it with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=2`:
    /// a Gaussian window of 11 × 11 pixels, edges mirrored, k₁ = .01, k₂ = .03. On the whole picture, the outermost
    /// five pixels are left out of the mean, as there; on the filled region, the mean is over its pixels alone,
    /// wherever they are.
    public static func structuralSimilarity(of pairs: PicturePairs, on region: Region) -> [Double] {
        let (height, width) = (pairs.originals.shape[2], pairs.originals.shape[3])
        precondition(
            min(height, width) >= windowSide,
            "structuralSimilarity: \(width) × \(height) pixels are less than the window")
        return batched(pairs) { originals, redrawn, mask in
            let similarity = similarityMap(originals, redrawn)
            if region == .filled { return regionMeans(of: similarity, mask) }
            let inner = similarity.narrow(2, from: radius, count: height - 2 * radius)
                .narrow(3, from: radius, count: width - 2 * radius)
            return inner.reshape([inner.shape[0], -1]).mean(along: 1)
        }
    }

    /// Numbers for every pair, computed in double precision a few pairs at a time.
    private static func batched(_ pairs: PicturePairs, _ body: (Tensor, Tensor, Tensor) -> Tensor) -> [Double] {
        withoutRecording {
            stride(from: 0, to: pairs.count, by: imagesAtOnce).flatMap { start in
                let count = min(imagesAtOnce, pairs.count - start)
                func part(_ tensor: Tensor) -> Tensor { tensor.narrow(0, from: start, count: count).to(.float64) }
                return body(part(pairs.originals), part(pairs.redrawn), part(pairs.mask)).scalars(Double.self)
            }
        }
    }

    /// The mean of `values [images, channels, height, width]` where `mask [images, 1, height, width]` is 1, `[images]`;
    /// NaN where it is so nowhere.
    private static func regionMeans(of values: Tensor, _ mask: Tensor) -> Tensor {
        let (count, channels) = (values.shape[0], values.shape[1])
        let sums = (values * mask).reshape([count, -1]).sum(along: 1)
        return sums / (mask.reshape([count, -1]).sum(along: 1) * Double(channels))
    }

    private static func similarityMap(_ x: Tensor, _ y: Tensor) -> Tensor {
        let (meanX, meanY) = (blurred(x), blurred(y))
        let varianceX = blurred(x * x) - meanX * meanX
        let varianceY = blurred(y * y) - meanY * meanY
        let covariance = blurred(x * y) - meanX * meanY
        let (c1, c2) = (pow(0.01 * range, 2), pow(0.03 * range, 2))
        let above = (meanX * meanY * 2 + c1) * (covariance * 2 + c2)
        let below = (meanX * meanX + meanY * meanY + c1) * (varianceX + varianceY + c2)
        return above / below
    }

    /// Weighted means around each pixel, first down, then across; beyond an edge the image goes on mirrored, its last
    /// row or column seen twice.
    private static func blurred(_ images: Tensor) -> Tensor {
        let raw = (-radius...radius).map { exp(-0.5 * pow(Double($0) / deviation, 2)) }
        let kernel = raw.map { $0 / raw.reduce(0, +) }
        return [2, 3].reduce(images) { images, dimension in
            let shape = images.shape
            let count = shape[dimension]
            let mirrored = (-radius..<count + radius).map {
                Int64($0 < 0 ? -1 - $0 : $0 < count ? $0 : 2 * count - 1 - $0)
            }
            let size = dimension == 2 ? [1, 1, kernel.count, 1] : [1, 1, 1, kernel.count]
            let wide = images.select(Tensor(mirrored), along: dimension)
            // One channel a time, whatever there are: all have the same window.
            return wide.reshape([shape[0] * shape[1], 1, wide.shape[2], wide.shape[3]])
                .convolved(with: Tensor(kernel, shape: size), stride: 1, padding: 0).reshape(shape)
        }
    }
}
