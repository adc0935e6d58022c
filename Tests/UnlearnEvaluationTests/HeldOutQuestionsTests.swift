// The suite questions by hand: what counts as right, as better than the control, and as a difference from it.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnEvaluation

@Suite struct HeldOutQuestionsTests {
    private static func row(
        _ expected: String, _ answer: String?, _ own: Double, control: Double? = nil
    ) -> HeldOutQuestions.Row {
        HeldOutQuestions.Row(
            prompt: "?", expected: expected, answer: answer, logProbability: own, control: control)
    }

    private func value(_ name: String, _ findings: SuiteFindings) throws -> Double {
        try #require(findings.outcomes.measurements.first { $0.name == name }).value
    }

    @Test func anAnswerHoldsTheKnownWordsInTheirOrder() {
        let row = Self.row("The Snow-Man.", nil, 0)
        #expect(row.isHeld(by: "It was the snow-man, I think."))
        #expect(!row.isHeld(by: "The man of snow."))
        #expect(!row.isHeld(by: ""))
        #expect(!Self.row(" ", nil, 0).isHeld(by: "anything"))
    }

    @Test func figuresByHand() throws {
        let findings = try HeldOutQuestions().findings([
            Self.row("sun", "The sun.", -1, control: -2), Self.row("moon", "The sun.", -2, control: -1.5),
            Self.row("a star", "A star", -0.5, control: -3), Self.row("dog", "cat", -3, control: -3),
        ])
        #expect(try value("log-probability", findings) == -1.625)
        #expect(try value("right", findings) == 0.5)
        #expect(try value("better-than-control", findings) == 0.5)
        // 1, −.5, 2.5 and 0: of the sixteen sums ±3 and ±4 are as far from 0 as 3, each in two ways as 0 has two signs.
        #expect(try value("difference-from-control", findings) == 0.75)
        #expect(findings.notes[0].contains("p = 0.5000"), "\(findings.notes)")
        #expect(findings.rows.count == 4)
    }

    @Test func withoutAControlNothingIsCompared() throws {
        let findings = try HeldOutQuestions().findings([Self.row("sun", nil, -1), Self.row("moon", nil, -2)])
        #expect(findings.outcomes.measurements.map(\.name) == ["log-probability"])
        #expect(findings.notes.isEmpty)
    }
}
