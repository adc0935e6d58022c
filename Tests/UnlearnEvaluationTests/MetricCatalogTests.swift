// Checks that every metric says what it is and where it comes from.

import Foundation
import Testing
import UnlearnData
import UnlearnEvaluation

@Suite struct MetricCatalogTests {
    @Test func everyMetricHasACardAndANameOfItsOwn() {
        let cards = MetricCatalog.cards
        #expect(Set(cards.map(\.name)).count == cards.count)
        #expect(Set(["accuracy", "cross-entropy", "membership-attack", "leak"]).isSubset(of: cards.map(\.name)))
        for card in cards { #expect(!card.summary.isEmpty && !card.needs.isEmpty, "\(card.name)") }
    }

    @Test func everyMetricHasAnEntryAmongThePapers() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let papers = try String(contentsOf: root.appending(path: "docs/PAPERS.md"), encoding: .utf8)
        for card in MetricCatalog.cards { #expect(papers.contains("\n### \(card.name)\n"), "\(card.name)") }
    }
}
