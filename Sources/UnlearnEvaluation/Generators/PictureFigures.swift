// The figures of redrawn pictures on one split, each with its interval or the reason why there is none.

public import UnlearnData
internal import UnlearnEngine

/// What there is to say of the pictures of one split.
public struct PictureFigures {
    /// Fewer pictures have no distribution.
    static let fewestForDistance = 2

    public let pairs: PicturePairs
    public let split: Split
    /// Through which pictures are compared; without one, only pixels are.
    public let network: FeatureNetwork?

    public init(_ pairs: PicturePairs, split: Split, network: FeatureNetwork?) {
        (self.pairs, self.split, self.network) = (pairs, split, network)
    }

    /// What the figures are.
    public static let cards = [
        Card(
            name: MetricName.psnr, summary: "Mean peak signal-to-noise ratio of redrawn pictures, in decibels.",
            needs: [.encoder]),
        Card(
            name: MetricName.ssim, summary: "Mean structural similarity of redrawn pictures.",
            paper: "Wang et al. 2004, Image quality assessment: from error visibility to structural similarity",
            needs: [.encoder]),
        Card(
            name: MetricName.fid, summary: "Fréchet distance between features of redrawn and of original pictures.",
            paper: "Heusel et al. 2017, GANs trained by a two time-scale update rule", needs: [.encoder]),
        Card(
            name: MetricName.inceptionScore, summary: "How surely and how variedly redrawn pictures are recognised.",
            paper: "Salimans et al. 2016, Improved techniques for training GANs", needs: [.encoder]),
        Card(
            name: MetricName.embeddingCosine,
            summary: "Mean cosine between the features of redrawn pictures and of the originals.", needs: [.encoder]),
    ]

    /// All figures on one region, in the cards' order.
    public func outcomes(on region: Region, using generator: inout some RandomNumberGenerator) -> [Outcome] {
        let pixels = [ratio(region, &generator), similarity(region, &generator)]
        guard let network else {
            let reason = "No network was named through which pictures could be compared."
            return pixels
                + [MetricName.fid, MetricName.inceptionScore, MetricName.embeddingCosine].map {
                    .skipped(name: region.name($0), reason: reason)
                }
        }
        let seen = pairs.seen(region)
        let (originals, redrawn) = (network.features(seen.originals), network.features(seen.redrawn))
        return pixels + [
            distance(region, network, originals, redrawn, &generator),
            score(region, network, network.probabilities(seen.redrawn), &generator),
            mean(
                region, MetricName.embeddingCosine, "cosine in '\(network.name)'", cosines(originals, redrawn),
                &generator),
        ]
    }

    private func ratio(_ region: Region, _ generator: inout some RandomNumberGenerator) -> Outcome {
        mean(region, MetricName.psnr, "decibels", ImageQuality.peakSignalToNoise(of: pairs, on: region), &generator)
    }

    private func similarity(_ region: Region, _ generator: inout some RandomNumberGenerator) -> Outcome {
        let (height, width) = (pairs.originals.shape[2], pairs.originals.shape[3])
        guard min(height, width) >= ImageQuality.windowSide else {
            return .skipped(
                name: region.name(MetricName.ssim),
                reason: "Images of \(width) × \(height) pixels are smaller than the window, which has "
                    + "\(ImageQuality.windowSide).")
        }
        return mean(region, MetricName.ssim, "", ImageQuality.structuralSimilarity(of: pairs, on: region), &generator)
    }

    private func distance(
        _ region: Region, _ network: FeatureNetwork, _ originals: Tensor, _ redrawn: Tensor,
        _ generator: inout some RandomNumberGenerator
    ) -> Outcome {
        guard pairs.count >= Self.fewestForDistance else { return tooFew(region, MetricName.fid) }
        let found = FrechetDistance.estimate(originals: originals, redrawn: redrawn, using: &generator)
        return .measured(
            Measurement(
                name: region.name(MetricName.fid), split: split,
                direction: split == .forget ? .higherIsBetter : .unchangedIsBetter,
                unit: "squared distance in '\(network.name)'", value: found.value, interval: found.interval,
                n: pairs.count))
    }

    private func score(
        _ region: Region, _ network: FeatureNetwork, _ probabilities: [[Double]]?,
        _ generator: inout some RandomNumberGenerator
    ) -> Outcome {
        guard let probabilities else {
            return .skipped(
                name: region.name(MetricName.inceptionScore),
                reason: "The feature network '\(network.name)' has no classes.")
        }
        guard pairs.count >= Self.fewestForDistance else { return tooFew(region, MetricName.inceptionScore) }
        let found = InceptionScore.estimate(probabilities, using: &generator)
        return .measured(
            Measurement(
                name: region.name(MetricName.inceptionScore), split: split, direction: lowerIfForgotten,
                unit: "classes of '\(network.name)'", value: found.value, interval: found.interval, n: pairs.count))
    }

    private func cosines(_ a: Tensor, _ b: Tensor) -> [Double] {
        withoutRecording {
            let (a, b) = (a.to(.float64), b.to(.float64))
            let lengths = (a.square().sum(along: 1) * b.square().sum(along: 1)).sqrt()
            return ((a * b).sum(along: 1) / lengths).scalars(Double.self)
        }
    }

    private var lowerIfForgotten: Direction { split == .forget ? .lowerIsBetter : .unchangedIsBetter }

    private func mean(
        _ region: Region, _ metric: String, _ unit: String, _ values: [Double],
        _ generator: inout some RandomNumberGenerator
    ) -> Outcome {
        .mean(
            name: region.name(metric), split: split, direction: lowerIfForgotten, unit: unit,
            perExample: zip(pairs.names, values).map { ExampleValue(id: $0, value: $1) }, using: &generator)
    }

    private func tooFew(_ region: Region, _ metric: String) -> Outcome {
        .skipped(
            name: region.name(metric),
            reason: "The \(split.rawValue) split has \(pairs.count) picture(s), too few for a distribution.")
    }
}
