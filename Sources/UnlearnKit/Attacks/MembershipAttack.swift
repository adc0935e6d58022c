// Membership by the output alone: does the error of redrawing tell which pictures a model was trained on?

public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats

/// The area under the curve of the signal-to-noise ratio, forgotten pictures over unseen ones of their classes. One half
/// says nothing. Far below it forgotten pictures stand out as well: they are drawn worse than unseen ones.
public struct MembershipAttack: GeneratorAttack {
    public static let card = Card(
        name: MetricName.membershipAttack, summary: "Tells forgotten pictures from unseen ones by what is drawn.",
        needs: [.encoder])

    @Setting("Pictures of each kind that are redrawn.", .within(2...1_000_000)) public var pictures = 2000

    public init() {}

    public func run(_ audit: GeneratorAudit) throws -> [AttackOutcome] {
        let (seen, unseen) = (audit.sample(of: .forget, pictures), audit.sample(of: .unseen, pictures))
        let total = audit.models.count
        let areas = audit.models.enumerated().map { done, audited -> SeparationArea? in
            audit.note("Membership", done, of: total, "models")
            defer { audit.note("Membership", done + 1, of: total, "models") }
            return SeparationArea(audit.ratios(of: audited.model, seen), over: audit.ratios(of: audited.model, unseen))
        }
        guard let before = areas[0], let after = areas[1] else {
            return [
                .skipped(
                    name: Self.card.name, form: "",
                    reason: "There are too few pictures to forget, or too few of their classes that were never seen.")
            ]
        }
        return [.made(result(before, after, areas.dropFirst(2).first ?? nil, n: seen.count + unseen.count))]
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
