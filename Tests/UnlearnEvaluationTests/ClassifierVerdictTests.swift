// What a classifier's run is judged to have shown.

import Testing

@testable import UnlearnEvaluation

@Suite struct ImageVerdictTests {
    /// Accuracies on `count` images of each split, and the attack's.
    private func measurements(
        forget: Double, unseen: Double = 0.8, retain: Double = 0.9, test: Double = 0.85, attack: Double = 0.5,
        count: Int = 2000
    ) -> [Measurement] {
        let shares = [(Split.forget, forget), (.unseen, unseen), (.retain, retain), (.test, test)]
        let accuracies = shares.compactMap { split, share in
            Outcome.share(
                name: MetricName.accuracy, split: split, direction: .lowerIsBetter, unit: "share of images",
                perExample: (0..<count).map {
                    ExampleValue(id: "\($0)", value: Double($0) < share * Double(count) ? 1 : 0)
                }
            ).measurement
        }
        let hits = Int(attack * Double(2 * count))
        return accuracies + [
            Measurement(
                name: MetricName.membershipAttack, split: .forget, direction: .lowerIsBetter, unit: "", value: attack,
                interval: Statistics.wilsonInterval(hits: hits, of: 2 * count), n: 2 * count)
        ]
    }

    private func verdict(_ before: [Measurement], _ after: [Measurement], wholeClasses: Bool) -> Verdict {
        Verdict(before: before, after: after, forgetsWholeClasses: wholeClasses, rule: ClassifierVerdictRule())
    }

    @Test func aClassThatIsNoLongerNamedIsForgotten() {
        let found = verdict(measurements(forget: 0.9), measurements(forget: 0.01, unseen: 0.01), wholeClasses: true)
        #expect(found.verdict == .forgotten)
        #expect(found.reasons[0].hasPrefix("Of the forgotten class, 20 of 2000 images (1.0 %;"))
    }

    @Test func aClassThatIsStillNamedIsNot() {
        let found = verdict(measurements(forget: 0.9), measurements(forget: 0.4), wholeClasses: true)
        #expect(found.verdict == .notForgotten)
    }

    @Test func aClassThatWasNeverKnownDecidesNothing() {
        let found = verdict(measurements(forget: 0.01), measurements(forget: 0), wholeClasses: true)
        #expect(found.verdict == .inconclusive)
    }

    @Test func imagesAreForgottenIfTheyAreLikeUnseenOnes() {
        let before = measurements(forget: 0.99, attack: 0.7)
        #expect(verdict(before, measurements(forget: 0.81), wholeClasses: false).verdict == .forgotten)
        #expect(verdict(before, measurements(forget: 0.97), wholeClasses: false).verdict == .notForgotten)
        #expect(verdict(before, measurements(forget: 0.81, attack: 0.7), wholeClasses: false).verdict == .notForgotten)
    }

    @Test func imagesThatWereLikeUnseenOnesBeforeDecideNothing() {
        let found = verdict(measurements(forget: 0.82), measurements(forget: 0.81), wholeClasses: false)
        #expect(found.verdict == .inconclusive)
        #expect(
            found.reasons[0]
                == "There was little to forget: before, the images were recognised in 82.0 % of cases and unseen ones of "
                + "their classes in 80.0 %, and the attack guessed rightly in 50.0 %.")
    }

    @Test func lostAbilitiesAndTooFewImagesCount() {
        let before = measurements(forget: 0.9)
        let lost = verdict(before, measurements(forget: 0.01, retain: 0.6), wholeClasses: true)
        #expect(lost.verdict == .notForgotten)
        #expect(lost.reasons[0].hasPrefix("The accuracy on the images to keep changed by -0.3"))
        let few = verdict(measurements(forget: 0.9, count: 12), measurements(forget: 0, count: 12), wholeClasses: true)
        #expect(few.verdict == .inconclusive)
        #expect(few.reasons.contains("Only 12 images were forgotten; at least 20 are needed."))
    }

    @Test func whatWasNotMeasuredDecidesNothing() {
        #expect(verdict([], [], wholeClasses: true).verdict == .inconclusive)
    }
}
