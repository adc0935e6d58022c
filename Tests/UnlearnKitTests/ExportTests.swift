// What is said of an exported file: how much of what was forgotten rounding brought back.

import Testing

@testable import UnlearnEvaluation
@testable import UnlearnKit

@Suite struct ExportTests {
    /// A probability of key words for twenty questions.
    private func outcomes(_ value: Double) -> [Outcome] {
        [
            .measured(
                Measurement(
                    name: MetricName.keyProbability, split: .forget, direction: .lowerIsBetter, unit: "", value: value,
                    interval: nil, n: 20,
                    perExample: (0..<20).map { ExampleValue(id: "\($0)", value: value + ($0 % 2 == 0 ? 0.01 : -0.01)) })
            )
        ]
    }

    private func effect(_ before: Double, _ after: Double, _ exported: Double) -> RoundingEffect {
        RoundingEffect(.fourBits, outcomes(before), outcomes(after), outcomes(exported), "model-q4_0.gguf")
    }

    @Test func roundingThatBringsBackIsWarnedOf() {
        let found = effect(0.5, 0.1, 0.3)
        #expect(found.isClear)
        #expect(
            found.sentence
                == "model-q4_0.gguf, the model stored as Q4_0, was asked again: of what was forgotten came back 50.0 % of the "
                + "probability of key words (95 % interval 50.0 % to 50.0 %). Rounding brings back more than chance would: "
                + "do not ship this file.")
        #expect(!effect(0.5, 0.1, 0.1).isClear && !effect(0.5, 0.1, 0.05).isClear)
    }

    @Test func whereNothingWasForgottenNothingIsSaidToComeBack() {
        let found = effect(0.1, 0.1, 0.3)
        #expect(!found.isClear)
        #expect(found.sentence.hasSuffix("was asked again: nothing was forgotten that could have come back."))
    }
}
