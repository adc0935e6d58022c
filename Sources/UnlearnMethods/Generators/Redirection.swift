// What the paper's method and its baselines share: the retain term, the scale, and the moments of what is kept.
// Li et al. 2024 (arXiv 2402.00351). Forget terms look at pictures to forget alone.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// One run that trains the encoder.
public final class Redirection {
    /// Pictures from which the moments of what is kept are taken.
    private static let sampled = 1024
    /// About two hundred steps are enough, whatever the size of the forget set. Without a warm-up Adam's first steps, which
    /// are as long as any, throw the encoder far off, and what was to be kept does not come back.
    static let phase = Phase(
        .adam, learningRate: 1e-3, epochs: 1, leastSteps: 200, batchSize: 128, weightDecay: 0,
        schedule: Schedule(.cosine, warmupSteps: 20))

    private let session: GeneratorSession
    private let alpha: Double
    /// Of each feature, over pictures to keep: the mean `[1, …]`.
    let retainMean: [Tensor]
    /// Mean and deviation over everything.
    let retainMoments: [(mean: Double, deviation: Float)]
    /// Mean and deviation of each channel's pixels, `[1, channels, 1, 1]`.
    private let pixels: (mean: Tensor, deviation: Tensor)
    let original: any ImageToImageModel
    private var noiseFeatures: [Int: [Tensor]] = [:]

    init(_ session: GeneratorSession, _ alpha: Double) throws {
        (self.session, self.alpha) = (session, alpha)
        let original = try session.readOriginal()
        self.original = original
        var generator = session.generator("moments")
        let sample = Array(session.retain.shuffled(using: &generator).prefix(Self.sampled))
        let batch = session.images.batch(sample).inputs
        let features = withoutRecording { original.encode(session.degradation(batch, using: &generator)).all }
        (retainMean, retainMoments) = withoutRecording {
            (
                features.map { $0.mean(along: 0, keeping: true) },
                features.map { feature in
                    let mean = Double(feature.mean().item)
                    return (mean, (feature + -mean).square().mean().sqrt().item)
                }
            )
        }
        pixels = withoutRecording {
            let channels = batch.shape[1]
            let rows = batch.transpose(0, 1).reshape([channels, -1])
            let mean = rows.mean(along: 1).reshape([1, channels, 1, 1])
            return (
                mean,
                (batch - mean).square().transpose(0, 1).reshape([channels, -1]).mean(along: 1).sqrt()
                    .reshape([1, channels, 1, 1])
            )
        }
    }

    /// Minimises both terms; `target` is for the forget features, one for each of them.
    func run(_ target: @escaping (PictureStep) -> [Tensor]) throws {
        try descend { [self] step in
            [
                Term("forget-features", weight: alpha, distance(step.features(0), target(step))),
                Term("retain-features", distance(step.features(1), step.originalFeatures(1))),
            ]
        }
    }

    /// The same with pictures as the target of the forget term.
    func runOnPictures(_ target: @escaping (PictureStep) -> Tensor) throws {
        try descend { [self] step in
            [
                Term("forget-pictures", weight: alpha, (step.drawn(0) - target(step)).square().mean()),
                Term("retain-features", distance(step.features(1), step.originalFeatures(1))),
            ]
        }
    }

    private func descend(_ objective: @escaping (PictureStep) throws -> [Term]) throws {
        let descent = try session.descent(
            session.phase, over: session.forget.count, session.model.encoderNames)
        try descent.run("redirect", [session.forget, session.retain], count: descent.totalSteps, objective)
    }

    /// Mean squared distances in units of the variance of each feature over pictures to keep, averaged over features.
    func distance(_ features: [Tensor], _ targets: [Tensor]) -> Tensor {
        let distances = features.indices.map { place in
            let deviation = Double(max(retainMoments[place].deviation, 1e-6))
            return (features[place] - targets[place]).square().mean() * (1 / (deviation * deviation))
        }
        return distances.dropFirst().reduce(distances[0], +) * (1 / Double(distances.count))
    }

    /// What the original makes of noise in place of each picture to forget: one draw for each picture.
    func noise(like step: PictureStep) -> [Tensor] {
        let ids = step.batches[0].ids
        if ids.contains(where: { noiseFeatures[$0] == nil }) {
            var generator = session.generator("noise \(ids[0])")
            let noise = noisePictures(step, using: &generator)
            let features = withoutRecording {
                original.encode(session.degradation(noise, using: &generator)).all
            }
            for (place, id) in ids.enumerated() where noiseFeatures[id] == nil {
                noiseFeatures[id] = withoutRecording { features.map { $0.narrow(0, from: place, count: 1) + 0 } }
            }
        }
        let rows = ids.compactMap { noiseFeatures[$0] }
        return withoutRecording { rows[0].indices.map { part in Tensor.concatenate(rows.map { $0[part] }) } }
    }

    /// Noise with the moments of the images, within their range, `[pictures, channels, height, width]`.
    private func noisePictures(_ step: PictureStep, using generator: inout Generator) -> Tensor {
        let shape = step.batches[0].inputs.shape
        return withoutRecording {
            (Tensor.normal(shape, using: &generator) * pixels.deviation + pixels.mean).clamp(to: -1...1)
        }
    }
}
