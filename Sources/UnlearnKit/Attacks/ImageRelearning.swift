// Relearning of classifiers: a few forgotten images and a few steps of ordinary training. What comes back is measured on
// others.

public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats
import UnlearnMethods

/// Trains copies of the models on k images to forget and as many of what is kept, and looks at how many others of these
/// images are recognised meanwhile.
public struct ImageRelearning: ClassifierAttack {
    public static let card = Card(
        name: Relearning.card.name, summary: "Trains a little further on some forgotten images and looks at others.",
        paper: Relearning.card.paper, needs: [.classes])

    @Setting("How many forgotten images the attacker has, one attack each.", .within(1...100_000))
    public var images = [10, 50]
    @Setting("Steps of training.", .within(1...100_000)) public var steps = 20
    @Setting("The learning rate, of Adam, all the time.", .positive) public var learningRate = 1e-4
    @Setting("Images on which what came back is measured.", .within(2...1_000_000)) public var measured = 1000

    public init() {}

    /// After how many steps the models are looked at.
    private var marks: [Int] { AttackCurve.marks(steps) }

    public func run(_ audit: ClassifierAudit) throws -> [AttackOutcome] {
        let total = images.count * audit.models.count * steps
        var done = 0
        return try images.map { count -> AttackOutcome in
            let form = "\(count) images"
            let (known, others) = audit.divided(count, measured)
            guard known.count == count, others.count > 1 else {
                return .skipped(
                    name: Self.card.name, form: form,
                    reason: "There are not so many images to forget and others beside them to measure on.")
            }
            // A model that is shown one class alone would soon call everything by its name.
            let shown = known + audit.drawn(audit.task.splits.retain, "kept", count)
            let looks = try audit.models.map { audited in
                try audit.relearn(audited.model, on: shown, measuring: others, training(shown.count), at: marks) {
                    done += 1
                    audit.note("Relearning", done, of: total, "steps")
                }
            }
            return .made(result(looks, audit, form))
        }
    }

    private func training(_ count: Int) -> ClassifierTraining {
        var training = ClassifierTraining()
        (training.optimizer, training.learningRate, training.schedule) = (.adam, learningRate, Schedule(.constant))
        (training.batchSize, training.epochs, training.weightDecay) = (count, Double(steps), 0)
        training.augmentation = Augmentation()
        return training
    }

    /// - Parameter looks: of each model, the hits at each mark.
    private func result(_ looks: [[[Double]]], _ audit: ClassifierAudit, _ form: String) -> AttackResult {
        let curves = zip(audit.models, looks).map { audited, looks in
            AttackCurve(
                model: audited.name,
                points: zip(marks, looks).map {
                    .init(step: $0, figure: Report.Figure(meanOf: $1, MetricName.accuracy))
                })
        }
        let last = looks.map { $0[marks.count - 1] }
        let values = AttackedValues(
            before: looks[0][0], after: looks[1][0], attackedBefore: last[0], attacked: last[1],
            control: last.count > 2 ? last[2] : nil)
        return values.result(
            Self.card.name, form: form, metric: MetricName.accuracy, unit: "share of images", curves: curves)
    }
}
