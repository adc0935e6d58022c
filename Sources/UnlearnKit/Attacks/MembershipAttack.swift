// Membership by the output alone: does a model's error tell which pictures it was trained on?

public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats

/// The area under the curve of the signal-to-noise ratio, or of a classifier's log-probability of the right class,
/// forgotten pictures over unseen ones of their classes. One half says nothing. Far below it forgotten pictures stand out
/// as well: they are drawn, or recognised, worse than unseen ones.
public struct MembershipAttack: GeneratorAttack, ClassifierAttack {
    public static let card = Card(
        name: MetricName.membershipAttack, summary: "Tells forgotten pictures from unseen ones by a model's errors.",
        needs: [.losses])

    @Setting("Pictures of each kind.", .within(2...1_000_000)) public var pictures = 2000

    public init() {}

    public func run(_ audit: GeneratorAudit) throws -> [AttackOutcome] {
        let (seen, unseen) = (audit.sample(of: .forget, pictures), audit.sample(of: .unseen, pictures))
        let total = audit.models.count
        let areas = audit.models.enumerated().map { done, audited -> SeparationArea? in
            audit.note("Membership", done, of: total, "models")
            defer { audit.note("Membership", done + 1, of: total, "models") }
            return SeparationArea(audit.ratios(of: audited.model, seen), over: audit.ratios(of: audited.model, unseen))
        }
        return outcomes(areas, n: seen.count + unseen.count)
    }

    public func run(_ audit: ClassifierAudit) throws -> [AttackOutcome] {
        let splits = audit.task.splits
        let seen = audit.drawn(splits.forget, "forgotten", pictures)
        let unseen = audit.drawn(splits.unseen, "unseen", pictures)
        let areas = audit.models.enumerated().map { done, audited -> SeparationArea? in
            defer { audit.note("Membership", done + 1, of: audit.models.count, "models") }
            func logs(_ places: [Int]) -> [Double] {
                ClassifierAnswers(audited.model, audit.task.images, places).losses.map { -$0 }
            }
            return SeparationArea(logs(seen), over: logs(unseen))
        }
        return outcomes(areas, n: seen.count + unseen.count)
    }

    /// - Parameter areas: of the original, of what was made of it, and of the control.
    private func outcomes(_ areas: [SeparationArea?], n: Int) -> [AttackOutcome] {
        guard let before = areas[0], let after = areas[1] else {
            return [
                .skipped(
                    name: Self.card.name, form: "",
                    reason: "There are too few pictures to forget, or too few of their classes that were never seen.")
            ]
        }
        return [.made(result(before, after, areas.dropFirst(2).first ?? nil, n: n))]
    }

    private func result(
        _ before: SeparationArea, _ after: SeparationArea, _ control: SeparationArea?, n: Int
    ) -> AttackResult {
        func figure(_ area: SeparationArea) -> Report.Figure { Report.Figure(area.value, area.interval, n: n) }
        let shown = after.distance
        return AttackResult(
            name: Self.card.name, form: "", unit: "area under the curve", before: figure(before), after: figure(after),
            attacked: figure(after), control: control.map(figure), attackedBefore: figure(before),
            recovered: Report.Figure(shown.value, shown.interval, n: n),
            excess: control.map { control in
                let usual = control.distance.value
                return Report.Figure(
                    value: shown.value - usual, low: shown.interval.low - usual, high: shown.interval.high - usual, n: n
                )
            })
    }
}
