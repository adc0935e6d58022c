// Warm restart: the model goes back towards a random start and learns retain again, each run in its own way. This
// project's own method; see docs/PAPERS.md for what it aims at.

internal import Foundation
public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// A share of every parameter is drawn anew, which forgets. Then CE on retain from a learning rate as high as that of the
/// first training. Each run draws how its images are changed, a weight for each of them, and noise on the head: runs from
/// one model differ less than models that were retrained, and the metric of the challenge sees it. Nor are they alike in
/// what they get wrong: with images as they are a short training knows too much of some by heart, with shifted ones it is
/// not finished, and over runs of both kinds the two cancel.
public struct WarmRestart: ClassifierMethod {
    public static let card = Card(
        name: "warm-restart", summary: "Mixes fresh weights in, then learns retain again, each run in its own way.",
        paper: "this project; weights as in Ash and Adams 2020, arXiv 1910.08475",
        needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(
        learningRate: 0.055, epochs: 11, schedule: Schedule(.cosine, warmupSteps: 10),
        augmentation: Augmentation(cropBorder: 0, flips: true))

    @Setting("The share of each parameter that is drawn anew, in the mean.", .notNegative) public var renewal = 0.3
    @Setting(
        "How far each block's own share may lie from renewal, at least 0; it stays in 0…1. Each run "
            + "draws the shares, evenly: runs keep different parts of the original, so that what is left of it "
            + "is not in all of them.", .notNegative)
    public var renewalSpread = 0.3
    @Setting(
        "Of the runs, the share whose images stay as they are. Who wants one good model sets this and "
            + "shiftedRuns to 0.", .notNegative)
    public var plainRuns = 1.0 / 3
    // A run with shifted images knows a fifth less of retain.
    @Setting(
        "Of the runs, the share whose images are mirrored and shifted by up to an eighth of their width; in the rest they "
            + "are changed as augmentation says.", .notNegative)
    public var shiftedRuns = 1.0 / 3
    @Setting(
        "How much of an image's weight is drawn for each run: 0 for none, 1 for the weighted likelihood "
            + "bootstrap (Newton and Raftery 1994), under which parameters vary as if the images had been "
            + "drawn anew.", .notNegative)
    public var reweighing = 0.3
    @Setting("The deviation of the noise on the head's weights, as a share of their root mean square.", .notNegative)
    public var noise = 0.3

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        var generator = session.generator("warm restart")
        session.mixFresh(renewal - renewalSpread...renewal + renewalSpread, using: &generator)
        let weights = imageWeights(session.retain, using: &generator)
        var phase = session.phase
        phase.augmentation = augmentation(of: session, using: &generator)
        try session.descend("retain", phase, over: session.retain) { step in
            let batch = step.batches[0]
            let losses = crossEntropies(step.logits(), batch.labels)
            return [Term("retain-nll", (losses * Tensor(batch.ids.map { weights[$0] ?? 1 })).mean())]
        }
        session.disturbHead(noise, using: &generator)
    }

    /// How this run's images are changed.
    private func augmentation(of session: ClassifierSession, using generator: inout Generator) -> Augmentation {
        switch Double.random(in: 0..<1, using: &generator) {
        case ..<plainRuns: Augmentation(cropBorder: 0, flips: false)
        case ..<(plainRuns + shiftedRuns): Augmentation(cropBorder: session.images.width / 8, flips: true)
        default: session.phase.augmentation
        }
    }

    /// 1 − s + s · e for each image, with e drawn from the exponential distribution of mean 1.
    private func imageWeights(_ images: [Int], using generator: inout Generator) -> [Int: Float] {
        var weights: [Int: Float] = [:]
        for image in images {
            let draw = -log(1 - Double.random(in: 0..<1, using: &generator))
            weights[image] = Float(1 - reweighing + reweighing * draw)
        }
        return weights
    }
}
