// What one classifier knows about the images to be forgotten, and about the others: the figures of a run's report.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnModels

/// The answers of one model about every split.
public struct ClassifierEvaluation: Sendable {
    public let forget: ClassifierAnswers
    /// About images of the forgotten classes that it never saw.
    public let unseen: ClassifierAnswers
    public let retain: ClassifierAnswers
    public let test: ClassifierAnswers
    private let names: [String]
    private let forgetsWholeClasses: Bool

    /// What the figures are.
    public static let cards = [
        Card(name: MetricName.accuracy, summary: "Share of images that are recognised.", needs: [.classes]),
        Card(name: MetricName.crossEntropy, summary: "Mean cross-entropy of images, in nats.", needs: [.classes]),
        Card(
            name: MetricName.membershipAttack,
            summary: "How well losses, or errors of redrawing, tell which images were trained on.",
            paper: "NeurIPS 2023 Machine Unlearning Challenge, starting kit", needs: [.losses]),
    ]

    public init(of model: any Classifier, on images: ImageSet, _ splits: ImageSplits) {
        forget = ClassifierAnswers(model, images, splits.forget)
        retain = ClassifierAnswers(model, images, splits.retain)
        test = ClassifierAnswers(model, images, splits.test)
        unseen = test.extended(to: splits.unseen, model, images)
        (names, forgetsWholeClasses) = (images.names, splits.forgetsWholeClasses)
    }

    /// Accuracies, losses, and the membership attack.
    public var outcomes: [Outcome] {
        let all: [(Split, ClassifierAnswers, Direction)] = [
            (.forget, forget, .lowerIsBetter),
            (.unseen, unseen, forgetsWholeClasses ? .lowerIsBetter : .unchangedIsBetter),
            (.retain, retain, .unchangedIsBetter), (.test, test, .unchangedIsBetter),
        ]
        let accuracies = all.map { split, answers, direction in
            Outcome.share(
                name: MetricName.accuracy, split: split, direction: direction, unit: "share of images",
                perExample: values(answers) { answers.isRight($0) ? 1 : 0 })
        }
        let losses = [(Split.forget, forget, Direction.higherIsBetter), (.test, test, .unchangedIsBetter)].map {
            split, answers, direction in
            var generator = Generator(seed: 0)
            return Outcome.mean(
                name: MetricName.crossEntropy, split: split, direction: direction, unit: "nats per image",
                perExample: values(answers) { answers.losses[$0] }, using: &generator)
        }
        return accuracies + losses + [attack]
    }

    private func values(_ answers: ClassifierAnswers, _ value: (Int) -> Double) -> [ExampleValue] {
        answers.places.indices.map { ExampleValue(id: names[answers.places[$0]], value: value($0)) }
    }

    private var attack: Outcome {
        var generator = Generator(seed: 0)
        let found = AverageCaseAttack(forgotten: forget.losses, unseen: unseen.losses, using: &generator).accuracy
        let count = 2 * min(forget.losses.count, unseen.losses.count)
        guard found.isFinite else {
            return .skipped(
                name: MetricName.membershipAttack,
                reason: "There are too few images to forget, or too few of their classes that were never seen.")
        }
        return .measured(
            Measurement(
                name: MetricName.membershipAttack, split: .forget, direction: .lowerIsBetter,
                unit: "share of right guesses", value: found,
                interval: Statistics.wilsonInterval(hits: Int((found * Double(count)).rounded()), of: count),
                n: count))
    }
}
