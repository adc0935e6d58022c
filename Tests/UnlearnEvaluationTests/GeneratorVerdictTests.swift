// What a run of a model that redraws pictures is judged to have shown.

import Testing

@testable import UnlearnEvaluation

@Suite struct GeneratorVerdictTests {
    /// Decibels of `count` pictures of each split, a quarter of a decibel apart in turn, and of a blind fill.
    private func measurements(
        forget: Double, retain: Double = 18, blind: Double = 9, count: Int = 40
    ) -> [Measurement] {
        [(MetricName.psnr, Split.forget, forget), (MetricName.psnr, .retain, retain), ("psnr-blind", .forget, blind)]
            .map { name, split, mean in
                let values = (0..<count).map {
                    ExampleValue(id: "\($0)", value: mean + ($0 % 2 == 0 ? 0.125 : -0.125))
                }
                return Measurement(
                    name: name, split: split, direction: .lowerIsBetter, unit: "decibels", value: mean,
                    interval: Interval(low: mean - 0.1, high: mean + 0.1), n: count, perExample: values)
            }
    }

    private func verdict(_ after: [Measurement], control: [Measurement] = []) -> Verdict {
        Verdict(
            before: measurements(forget: 16), after: after, control: control, rule: GeneratorVerdictRule())
    }

    @Test func withoutAControlABlindFillIsTheMeasure() {
        #expect(verdict(measurements(forget: 10)).verdict == .forgotten)
        #expect(verdict(measurements(forget: 12)).verdict == .notForgotten)
        #expect(verdict(measurements(forget: 10, retain: 17)).verdict == .notForgotten)
        #expect(verdict(measurements(forget: 10, count: 10)).verdict == .inconclusive)
    }

    /// A model that never saw them draws them better than blindly.
    @Test func aControlTakesItsPlace() {
        let control = measurements(forget: 15)
        let found = verdict(measurements(forget: 14.9), control: control)
        #expect(found.verdict == .forgotten)
        #expect(
            found.reasons[0]
                == "Forgotten pictures are redrawn at 14.90 dB, before at 16.00 dB, and by a control that never saw them at "
                + "15.00 dB: a difference to it of -0.100 (95 % interval -0.100 to -0.100); within the limit of 0.50 dB."
        )
        #expect(verdict(measurements(forget: 15.6), control: control).verdict == .notForgotten)
        #expect(verdict(measurements(forget: 9), control: control).verdict == .forgotten)
    }
}
