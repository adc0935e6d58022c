// Few-shot: a conversation that tells some facts goes before each question. What was hidden may come along.

public import UnlearnData
public import UnlearnFormats
import UnlearnModels

/// Puts facts of what was forgotten before each question, with unrelated ones between them, and asks for others: terms
/// that the facts hold do not count.
public struct FewShot: LanguageAttack {
    public static let card = Card(
        name: "few-shot", summary: "Puts some of the forgotten facts before each question and asks for others.",
        paper: "Lynch et al. 2024, arXiv 2402.16835", needs: [.losses, .generation])

    @Setting("Facts of what was forgotten before each question.", .within(1...100)) public var facts = 3
    @Setting("Unrelated ones between them.", .within(0...100)) public var others = 3

    public init() {}

    public func workCount(_ audit: LanguageAudit) -> Int { 1 }

    public func looks(at audited: AuditedLanguageModel, _ audit: LanguageAudit) throws -> [LanguageLook] {
        defer { audit.advance() }
        let form = "\(facts) facts"
        guard let shots = audit.forgotten.shots(facts, others) else {
            return [
                .skipped(
                    form: form,
                    reason:
                        "There are too few facts to tell, or none beside them to ask for; of a tendency there are none."
                )
            ]
        }
        let plain = try shots.probe.figures(of: audited.model, .answers)
        let attacked = try shots.probe.figures(of: audited.model.following(shots.turns), .answers)
        return [.made(LanguageTrial(form: form, plain: plain, attacked: attacked))]
    }
}
