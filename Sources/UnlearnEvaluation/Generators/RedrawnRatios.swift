// How well one model redraws given pictures, and whether that gives away which of them it was trained on.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnModels

extension ImageQuality {
    /// The signal-to-noise ratio of what a model draws of each picture, in decibels.
    /// - Parameters:
    ///   - places: of the pictures in `images`.
    ///   - seed: of what pictures lose at random, and of models that begin with noise; the same for all models.
    public static func ratios(
        of model: any ImageToImageModel, on images: ImageSet, _ places: [Int], _ degradation: Degradation, seed: UInt64
    ) -> [Double] {
        var generator = Generator(seed: seed, purpose: "redrawing")
        return stride(from: 0, to: places.count, by: picturesAtOnce).flatMap { start -> [Double] in
            let batch = Array(places[start..<min(start + picturesAtOnce, places.count)])
            let originals = images.batch(batch).inputs
            let degraded = degradation(originals, using: &generator)
            let pairs = PicturePairs(
                originals: originals, redrawn: model.redraw(degraded, using: &generator),
                mask: withoutRecording { degraded.mask + 0 }, names: batch.map { images.names[$0] })
            return peakSignalToNoise(of: pairs, on: .filled)
        }
    }

    private static let picturesAtOnce = 128
}

extension GeneratorEvaluation {
    /// Whether the errors of redrawing alone tell the pictures to forget from others of their classes, which the model
    /// never saw. The output is all that is looked at.
    static func membershipAttack(_ outcomes: [Outcome]) -> Outcome {
        func ratios(_ split: Split) -> [Double] {
            outcomes.measurements.first { $0.name == MetricName.psnr && $0.split == split }?.perExample.map(\.value)
                ?? []
        }
        let (seen, unseen) = (ratios(.forget), ratios(.unseen))
        guard let area = SeparationArea(seen, over: unseen) else {
            return .skipped(
                name: MetricName.membershipAttack,
                reason: "There are too few pictures to forget, or too few of their classes that were never seen.")
        }
        return .measured(
            Measurement(
                name: MetricName.membershipAttack, split: .forget, direction: .lowerIsBetter,
                unit: "area under the curve", value: area.value, interval: area.interval,
                n: seen.count + unseen.count))
    }
}
