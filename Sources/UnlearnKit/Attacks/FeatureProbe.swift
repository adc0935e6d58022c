// Feature probe: the last layer may have been made blind to a class that the layers below it still tell apart.

public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats
import UnlearnModels

/// Fits a line to what the last layer reads, forgotten classes against the others, and asks it about images that it and
/// the models never saw, as many of each kind: one half is chance. The models' own choices are the figures without attack.
public struct FeatureProbe: ClassifierAttack {
    public static let card = Card(
        name: "feature-probe",
        summary: "Fits a line to what the last layer reads, to tell forgotten classes from the others.",
        paper: "Alain and Bengio 2016, arXiv 1610.01644", needs: [.classes])

    @Setting("Images of each kind that the line is fitted to.", .within(2...100_000)) public var images = 500
    @Setting("Images of each kind that it is asked about.", .within(2...100_000)) public var measured = 500

    public init() {}

    public func run(_ audit: ClassifierAudit) throws -> [AttackOutcome] {
        let splits = audit.task.splits
        guard splits.forgetsWholeClasses else {
            return [
                .skipped(
                    name: Self.card.name, form: "",
                    reason: "No whole class was to be forgotten that could be told apart.")
            ]
        }
        let known = (audit.drawn(splits.forget, "fitted", images), audit.drawn(splits.retain, "fitted kept", images))
        let asked = (audit.drawn(splits.unseen, "asked", measured), audit.drawn(splits.test, "asked kept", measured))
        guard min(known.0.count, known.1.count, asked.0.count, asked.1.count) > 1 else {
            return [.skipped(name: Self.card.name, form: "", reason: "There are too few images of a kind.")]
        }
        let count = min(asked.0.count, asked.1.count)
        let places = Array(asked.0.prefix(count) + asked.1.prefix(count))
        var probed: [[Double]] = []
        for (done, audited) in audit.models.enumerated() {
            probed.append(try hits(audit, audited.model, known, places))
            audit.note("Probing features", done + 1, of: audit.models.count, "models")
        }
        let forgotten = Set(splits.forget.map { audit.task.images.labels[$0] })
        let own = audit.models.prefix(2).map { audited in
            let choices = ClassifierAnswers(audited.model, audit.task.images, places).choices
            return choices.indices.map { forgotten.contains(choices[$0]) == ($0 < count) ? 1.0 : 0 }
        }
        let values = AttackedValues(
            before: own[0], after: own[1], attackedBefore: probed[0], attacked: probed[1],
            control: probed.count > 2 ? probed[2] : nil)
        return [.made(values.result(Self.card.name, metric: MetricName.accuracy, unit: "share of images"))]
    }

    /// 1 for each image whose kind a line tells, fitted to the features of one model; 0 for each other.
    /// - Parameter places: of forgotten classes first, as many of the others after them.
    private func hits(
        _ audit: ClassifierAudit, _ model: any Classifier, _ known: (forgotten: [Int], kept: [Int]), _ places: [Int]
    ) throws -> [Double] {
        let fitted = audit.features(of: model, known.forgotten + known.kept)
        // Features of one size, so that the penalty weighs them alike.
        let (center, scale) = withoutRecording { () -> (Tensor, Tensor) in
            let center = fitted.mean(along: 0, keeping: true)
            return (center, ((fitted - center).square().mean(along: 0, keeping: true) + 1e-12).sqrt())
        }
        func rows(_ features: Tensor) -> FeatureRows {
            FeatureRows(withoutRecording { (features - center) / scale })
        }
        let isForgotten = known.forgotten.map { _ in true } + known.kept.map { _ in false }
        var options = LogisticRegression.Options()
        options.balancesClasses = true
        let line = try LogisticRegression(fitting: rows(fitted), isForgotten, options)
        return line.probabilities(of: rows(audit.features(of: model, places))).enumerated().map { place, probability in
            (probability > 0.5) == (place < places.count / 2) ? 1 : 0
        }
    }
}
