// The distance between two sets of pictures by the mean and covariance of their features: Heusel et al. 2017, "GANs
// trained by a two time-scale update rule" (arXiv 1706.08500), equation 6.

public import UnlearnEngine

/// Mean and covariance of features, in double precision.
public struct FeatureMoments {
    public let mean: Tensor  // [width]
    /// Divided by the number of rows less one.
    public let covariance: Tensor  // [width, width]

    /// - Parameter features: `[images, width]`, at least two rows.
    public init(of features: Tensor) {
        precondition(features.rank == 2 && features.shape[0] > 1, "FeatureMoments: features of shape \(features.shape)")
        let values = features.to(.float64)
        mean = values.mean(along: 0)
        let centered = values - mean
        covariance = centered.transpose(0, 1).matmul(centered) * (1 / Double(features.shape[0] - 1))
    }
}

/// The Fréchet distance of two normal distributions. With the features of Inception-v3 it is what papers call FID; with
/// those of another network it is another figure, of the same kind, which compares with figures of the same network
/// alone.
public enum FrechetDistance {
    /// |m₁ − m₂|² + tr(C₁ + C₂ − 2 (C₁ C₂)^½).
    ///
    /// The trace of the square root is exact: C₁ C₂ has the eigenvalues of the symmetric C₁^½ C₂ C₁^½, so that no
    /// iteration, no complex numbers and nothing added to the diagonal is needed, whatever rank the covariances have.
    public static func between(_ a: FeatureMoments, _ b: FeatureMoments) -> Double {
        withoutRecording {
            let root = squareRoot(of: a.covariance)
            let product = root.matmul(b.covariance).matmul(root)
            // The same to the last digit on both sides of the diagonal.
            let (values, _) = ((product + product.transpose(0, 1)) * 0.5).symmetricEigen()
            let rootTrace = roots(of: values).sum()
            let distance = (a.mean - b.mean).square().sum() + trace(a.covariance) + trace(b.covariance) - rootTrace * 2
            // Rounding may leave equal distributions a little below zero.
            return max(0, distance.scalars(Double.self)[0])
        }
    }

    /// The distance between sets of features `[images, width]`.
    public static func between(_ a: Tensor, _ b: Tensor) -> Double {
        withoutRecording { between(FeatureMoments(of: a), FeatureMoments(of: b)) }
    }

    /// The distance, with an interval by drawing pairs of rows with replacement.
    static func estimate(
        originals: Tensor, redrawn: Tensor, using generator: inout some RandomNumberGenerator
    ) -> (value: Double, interval: Interval) {
        let value = between(originals, redrawn)
        // Each resample costs the cube of the width: of 2,048 features, some seconds.
        let resamples = originals.shape[1] > 256 ? Statistics.setResamples / 10 : Statistics.setResamples
        let interval = Statistics.bootstrapInterval(
            around: value, count: originals.shape[0], resamples: resamples, using: &generator
        ) { draw in
            let rows = Tensor(draw.map(Int64.init))
            return between(originals.select(rows), redrawn.select(rows))
        }
        return (value, interval)
    }

    /// R with R · R = `matrix`, which is symmetric and has no negative eigenvalues but by rounding.
    private static func squareRoot(of matrix: Tensor) -> Tensor {
        let (values, vectors) = matrix.symmetricEigen()
        return (vectors * roots(of: values)).matmul(vectors.transpose(0, 1))
    }

    /// Square roots of eigenvalues, smallest first. Those that rounding alone can have made are zero: the root of 10⁻¹⁶
    /// is 10⁻⁸, which would be seen.
    private static func roots(of values: Tensor) -> Tensor {
        let scalars = values.scalars(Double.self)
        let smallest = Double(scalars.count) * .ulpOfOne * (scalars.last ?? 0)
        return Tensor(scalars.map { $0 > smallest ? $0.squareRoot() : 0 })
    }

    private static func trace(_ matrix: Tensor) -> Tensor {
        let width = matrix.shape[0]
        return matrix.reshape([width * width]).select(Tensor((0..<width).map { Int64($0 * (width + 1)) })).sum()
    }
}

extension Statistics {
    /// How many resamples a figure of a whole set is drawn, each of which costs as much as the figure.
    static let setResamples = 200

    /// The bootstrap interval of a figure that a whole set has and no single example.
    ///
    /// A set in which some examples stand twice is less varied, which moves such figures to one side: the resamples'
    /// percentiles are moved back so that their mean is `value`. The interval tells how the figure scatters, not how
    /// far the size of the set shifts it.
    static func bootstrapInterval(
        around value: Double, count: Int, resamples: Int = setResamples, level: Double = 0.95,
        using generator: inout some RandomNumberGenerator, statistic: ([Int]) -> Double
    ) -> Interval {
        var sum = 0.0
        let interval = bootstrap(count, resamples, level, &generator) { draw in
            let drawn = statistic(draw)
            sum += drawn
            return drawn
        }
        let shift = value - sum / Double(resamples)
        return Interval(low: interval.low + shift, high: interval.high + shift)
    }
}
