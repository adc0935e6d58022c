// What attacks say of themselves, and the conclusion that is drawn of what they found.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats

@testable import UnlearnKit

@Suite struct AuditTests {
    private func figure(_ value: Double, _ low: Double, _ high: Double) -> Report.Figure {
        Report.Figure(value: value, low: low, high: high, n: 100)
    }

    private func result(
        _ form: String, excess: Report.Figure? = nil, recovered: Report.Figure? = nil, name: String = "relearning"
    ) -> AttackOutcome {
        .made(
            AttackResult(
                name: name, form: form, unit: "decibels", before: figure(18, 17.9, 18.1),
                after: figure(13, 12.9, 13.1), attacked: figure(16, 15.9, 16.1), recovered: recovered, excess: excess))
    }

    private func verdict(_ outcomes: AttackOutcome...) -> AuditVerdict { AuditVerdict(outcomes, AuditRule()) }

    @Test func everyAttackHasACardANameOfItsOwnAndAnEntryAmongThePapers() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let papers = try String(contentsOf: root.appending(path: "docs/PAPERS.md"), encoding: .utf8)
        let cards = AttackCatalog.all.map { $0.card }
        for family in Family.allCases {
            let names = family.attacks.map { $0.card.name }
            #expect(Set(names).count == names.count, "\(family)")
        }
        for card in cards {
            #expect(
                !card.summary.isEmpty && !card.needs.isEmpty && papers.contains("\n### \(card.name)\n"), "\(card.name)")
        }
        for (path, meaning) in try AttackCatalog.groups(AttackCatalog.all).options().map({
            ($0.facts.path, $0.facts.meaning)
        }) {
            #expect(!meaning.isEmpty, "\(path)")
        }
    }

    @Test func oneAttackClearlyBeyondTheControlBreaksAndTheStrongestIsNamedFirst() {
        let found = verdict(
            result("10 pictures", excess: figure(0.4, 0.2, 0.6)), result("100 pictures", excess: figure(1.8, 1.6, 2)))
        #expect(found.verdict == .broken && found.strongest == "relearning (100 pictures)")
        #expect(
            found.reasons == [
                "relearning (100 pictures): decibels more than the control under the same attack: 1.80 (1.60 to 2.00), beyond "
                    + "the limit of 1.00.",
                "relearning (10 pictures): decibels more than the control under the same attack: 0.40 (0.20 to 0.60), within "
                    + "the limit of 1.00.",
            ])
    }

    @Test func itHoldsIfEveryAttackStaysWithinItsLimitAndIsUndecidedAcrossIt() {
        let within = result("10 pictures", excess: figure(-0.3, -0.5, -0.1))
        #expect(verdict(within).verdict == .held)
        #expect(verdict(within, result("100 pictures", excess: figure(1.1, 0.9, 1.3))).verdict == .inconclusive)
        #expect(verdict(.skipped(name: "relearning", form: "", reason: "Too few.")).verdict == .inconclusive)
        #expect(verdict().strongest == nil)
    }

    /// Without a control the share that came back decides; nothing forgotten is nothing to decide on.
    @Test func withoutAControlTheRecoveredShareDecides() {
        #expect(verdict(result("", recovered: figure(0.3, 0.2, 0.4))).verdict == .held)
        #expect(verdict(result("", recovered: figure(0.9, 0.8, 1))).verdict == .broken)
        // Whatever the figure itself says, an interval that reaches across the limit decides nothing.
        #expect(verdict(result("", recovered: figure(0.4, 0.2, 0.6))).verdict == .inconclusive)
        #expect(verdict(result("")).verdict == .inconclusive)
    }

    /// Forgotten pictures that stand out are leakage on either side of one half.
    @Test func membershipHasALimitOfItsOwn() {
        let shown = result("", recovered: figure(0.3, 0.25, 0.35), name: "membership-attack")
        #expect(verdict(shown).verdict == .broken)
        #expect(verdict(result("", recovered: figure(0.05, 0, 0.1), name: "membership-attack")).verdict == .held)
    }

    @Test func outcomesAreReadAsTheyWereWritten() throws {
        let outcomes = [result("x", excess: figure(1, 0.5, 1.5)), .skipped(name: "a", form: "b", reason: "Why.")]
        #expect(try JSONValue(encoding: outcomes).decode([AttackOutcome].self) == outcomes)
        #expect(try JSONValue(encoding: outcomes[1]).text() == #"{"name":"a","form":"b","skipped":"Why."}"#)
    }
}
