// What the paper's method and its baselines share: both terms, their scale, and the moments of what is kept.
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

    let session: GeneratorSession
    let original: any ImageToImageModel
    private let alpha: Double
    private var budget: RetainBudget?
    /// Of each feature, over pictures to keep: the mean `[1, …]`.
    let retainMean: [Tensor]
    /// Mean and deviation over everything.
    let retainMoments: [(mean: Double, deviation: Float)]
    /// Mean and deviation of each channel's pixels, `[1, channels, 1, 1]`.
    let pixels: (mean: Tensor, deviation: Tensor)
    /// What the original makes of the noise in place of a picture to forget, by that picture.
    var noiseFeatures = KeptTensors()
    /// What the original draws of a picture to keep, by that picture.
    var redrawn = KeptTensors()

    /// - Parameters:
    ///   - alpha: the weight of the forget term beside the retain term.
    ///   - retainBudget: where it is above 0, `alpha` is only where the weight begins.
    init(_ session: GeneratorSession, _ alpha: Double, retainBudget: Double = 0) throws {
        (self.session, self.alpha) = (session, alpha)
        budget = retainBudget > 0 ? RetainBudget(retainBudget, alpha: alpha) : nil
        original = try session.readOriginal()
        var generator = session.generator("moments")
        let sample = Array(session.retain.shuffled(using: &generator).prefix(Self.sampled))
        let pieces = stride(from: 0, to: sample.count, by: session.phase.batchSize).map { start in
            Array(sample[start..<min(start + session.phase.batchSize, sample.count)])
        }
        let features = withoutRecording {
            Tensor.joined(
                pieces.map { ids in
                    let inputs = session.images.batch(ids).inputs
                    return session.originalFeatures(ids, session.look(at: inputs, using: &generator))
                })
        }
        (retainMean, retainMoments) = withoutRecording {
            (
                features.map { $0.mean(along: 0, keeping: true) },
                features.map { feature in
                    let mean = Double(feature.mean().item)
                    return (mean, (feature + -mean).square().mean().sqrt().item)
                }
            )
        }
        pixels = Self.pixelMoments(session.images.batch(sample).inputs)
    }

    /// Mean and deviation of each channel over all pixels of pictures, `[1, channels, 1, 1]`.
    private static func pixelMoments(_ pictures: Tensor) -> (mean: Tensor, deviation: Tensor) {
        withoutRecording {
            let channels = pictures.shape[1]
            func channelMean(_ values: Tensor) -> Tensor {
                values.transpose(0, 1).reshape([channels, -1]).mean(along: 1).reshape([1, channels, 1, 1])
            }
            let mean = channelMean(pictures)
            return (mean, channelMean((pictures - mean).square()).sqrt())
        }
    }

    /// Minimises both terms; `target` is for the forget features, one for each of them.
    func run(_ target: @escaping (PictureStep) -> [Tensor]) throws {
        try descend("forget-features") { [self] step in distance(step.features(0), target(step)) }
    }

    /// The same with pictures as the target of the forget term.
    func runOnPictures(_ target: @escaping (PictureStep) -> Tensor) throws {
        try descend("forget-pictures") { step in step.errors(0, of: target(step)).square().mean() }
    }

    private func descend(_ name: String, _ forgetDistance: @escaping (PictureStep) -> Tensor) throws {
        let descent = try session.descent(
            session.phase, over: session.forget.count, session.model.encoderNames)
        try descent.run("redirect", [session.forget, session.retain], count: descent.totalSteps) { [self] step in
            let retainDistance = distance(step.features(1), step.originalFeatures(1))
            let weights = budget?.weights(Double(retainDistance.item)) ?? (forget: alpha, retain: 1)
            return [
                Term(name, weight: weights.forget, forgetDistance(step)),
                Term("retain-features", weight: weights.retain, retainDistance),
            ]
        }
    }

    /// Mean squared distances in units of the variance of each feature over pictures to keep, averaged over features.
    func distance(_ features: [Tensor], _ targets: [Tensor]) -> Tensor {
        let distances = features.indices.map { place in
            let deviation = Double(max(retainMoments[place].deviation, 1e-6))
            return (features[place] - targets[place]).square().mean() * (1 / (deviation * deviation))
        }
        return distances.dropFirst().reduce(distances[0], +) * (1 / Double(distances.count))
    }
}
