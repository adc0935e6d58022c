// Relearning: a few forgotten pictures and a few steps of ordinary training. What comes back is measured on others.

public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods

/// Trains copies of the models further on k pictures to forget, by the objective of their training, and looks at how well
/// others of these pictures are redrawn meanwhile. The best look counts, of the model and of the control alike.
public struct Relearning: GeneratorAttack {
    public static let card = Card(
        name: "relearning", summary: "Trains a little further on some forgotten pictures and looks at others.",
        paper: "Hu et al. 2024, arXiv 2406.13356", needs: [.encoder])

    @Setting("How many forgotten pictures the attacker has, one attack each.", .within(1...100_000))
    public var pictures = [10, 100]
    @Setting("What is trained: encoder, whole; one attack each.") public var parts = [GeneratorPart.encoder, .whole]
    @Setting("Steps of training.", .within(1...100_000)) public var steps = 50
    @Setting("The learning rate, of Adam, all the time.", .positive) public var learningRate = 1e-3
    @Setting("Pictures on which what came back is measured.", .within(2...1_000_000)) public var measured = 1000

    public init() {}

    /// After how many steps the models are looked at.
    private var marks: [Int] { AttackCurve.marks(steps) }

    public func run(_ audit: GeneratorAudit) throws -> [AttackOutcome] {
        let forms = parts.flatMap { part in pictures.map { (part: part, count: $0) } }
        let total = forms.count * audit.models.count * steps
        var done = 0
        return try forms.map { part, count -> AttackOutcome in
            let form = "\(count) pictures, \(part.rawValue)"
            let (known, others) = audit.divided(count, measured)
            guard known.count == count, others.count > 1 else {
                return .skipped(
                    name: Self.card.name, form: form,
                    reason: "There are not so many pictures to forget and others beside them to measure on.")
            }
            let looks = try audit.models.map { audited in
                try audit.relearn(
                    audited.model, part, on: known, measuring: others, training(count), at: marks
                ) {
                    done += 1
                    audit.note("Relearning", done, of: total, "steps")
                }
            }
            return .made(result(looks, audit, form))
        }
    }

    private func training(_ count: Int) -> GeneratorTraining {
        var training = GeneratorTraining()
        (training.learningRate, training.schedule) = (learningRate, .init(.constant, warmupSteps: 0))
        training.batchSize = count
        return training
    }

    /// - Parameter looks: of each model, the values of single pictures at each mark.
    private func result(_ looks: [[[Double]]], _ audit: GeneratorAudit, _ form: String) -> AttackResult {
        func best(_ looks: [[Double]]) -> [Double] {
            looks.max { Statistics.mean($0) < Statistics.mean($1) } ?? []
        }
        let curves = zip(audit.models, looks).map { audited, looks in
            AttackCurve(
                model: audited.name,
                points: zip(marks, looks).map { .init(step: $0, figure: Report.Figure(meanOf: $1)) })
        }
        let values = AttackedValues(
            before: looks[0][0], after: looks[1][0], attackedBefore: best(looks[0]), attacked: best(looks[1]),
            control: looks.count > 2 ? best(looks[2]) : nil)
        return values.result(Self.card.name, form: form, unit: "decibels", curves: curves)
    }
}
