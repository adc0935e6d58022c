// The conclusion of an audit: does forgetting hold under the attacks, and which one came furthest?

public import UnlearnData
import UnlearnEvaluation
public import UnlearnFormats

/// The limits of an audit's verdict.
public struct AuditRule: Configurable {
    @Setting("How many decibels more an attack may get out of the model than out of the control.", .notNegative)
    public var excessAtMost = 1.0
    @Setting(
        "How much more an attack may get out of the model than out of the control, of probabilities and shares.",
        .within(0.0...1.0))
    public var excessShareAtMost = 0.1
    @Setting(
        "The share of what was forgotten that an attack may bring back, where there is no control to compare with.",
        .within(0.0...1.0))
    public var recoveredAtMost = 0.5
    @Setting(
        "How far |2 · area − 1| of the membership attack may be above the control's, or without one above 0.",
        .within(0.0...1.0))
    public var membershipAtMost = 0.1

    public init() {}
}

/// What an audit concludes, the attack that came furthest, and why.
public struct AuditVerdict: Codable, Sendable, Equatable {
    public enum Conclusion: String, Codable, Sendable, CaseIterable {
        /// No attack brought back more than allowed.
        case held
        /// At least one clearly did.
        case broken
        /// The measurements do not decide, or no attack could be made.
        case inconclusive
    }

    public let verdict: Conclusion
    /// The attack that came nearest to its limit or furthest beyond it, with its form; nil if none was made.
    public let strongest: String?
    /// A sentence for each attack, the strongest first.
    public let reasons: [String]

    init(_ outcomes: [AttackOutcome], _ rule: AuditRule) {
        // Sorting is not stable: of equal ones the earlier stays first.
        let looks = outcomes.compactMap(\.result).map { Look($0, rule) }.enumerated()
            .sorted { ($1.element.strength, $0.offset) < ($0.element.strength, $1.offset) }.map(\.element)
        strongest = looks.first?.title
        reasons = looks.map(\.sentence)
        let judgements = looks.map(\.judgement)
        verdict =
            judgements.contains(.failed)
            ? .broken : judgements.isEmpty || judgements.contains(.unclear) ? .inconclusive : .held
    }
}

/// One attack held against its limit.
private struct Look {
    let title: String
    let judgement: Finding.Judgement
    /// The deciding figure by its limit: more than 1 is beyond it.
    let strength: Double
    let sentence: String

    init(_ result: AttackResult, _ rule: AuditRule) {
        title = result.title
        let (figure, limit, what) = Self.deciding(result, rule)
        guard let figure else {
            (judgement, strength) = (.unclear, -.infinity)
            sentence = "\(title): nothing was forgotten that could be brought back, and there is no control."
            return
        }
        // Met only where the worse end keeps the limit, failed only where the better end breaks it.
        let (best, worst) = (figure.low ?? figure.value, figure.high ?? figure.value)
        judgement = worst <= limit ? .met : best > limit ? .failed : .unclear
        strength = figure.value / max(limit, 1e-9)
        let standing =
            switch judgement {
            case .met: "within"
            case .failed: "beyond"
            default: "not clear of"
            }
        let interval = figure.intervalWords(places: 2).map { " (\($0))" } ?? ""
        sentence =
            "\(title): \(what) \(NumberText.decimal(figure.value, places: 2))\(interval), \(standing) the limit of "
            + "\(NumberText.decimal(limit, places: 2))."
    }

    /// The figure on which the verdict rests, its limit, and what it is.
    private static func deciding(
        _ result: AttackResult, _ rule: AuditRule
    ) -> (figure: Report.Figure?, limit: Double, words: String) {
        if result.name == MembershipAttack.card.name {
            return (result.excess ?? result.recovered, rule.membershipAtMost, "membership shows by")
        }
        guard let excess = result.excess else {
            return (result.recovered, rule.recoveredAtMost, "the share that came back is")
        }
        let limit = result.isOfPictures ? rule.excessAtMost : rule.excessShareAtMost
        return (excess, limit, "\(result.unit) more than the control under the same attack:")
    }
}

extension AttackResult {
    /// "relearning (10 pictures, encoder)", "rounding (Q4_0, key probability)".
    public var title: String { details.isEmpty ? name : "\(name) (\(details))" }

    /// The decimals that matter.
    var places: Int { isOfPictures ? 2 : 3 }

    /// Whether the figures are decibels, and not within 0…1.
    var isOfPictures: Bool { unit == "decibels" }

    /// The form of the attack, and what the figures are.
    var details: String {
        [form, metric.map(Report.Metric.title) ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
    }
}
