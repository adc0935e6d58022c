// The challenge's metric: hand arithmetic on small samples, and its known values on normal ones.

import Foundation
import Testing
import UnlearnEngine

@testable import UnlearnEvaluation

@Suite struct ForgettingQualityTests {
    /// ε of one example.
    private func epsilon(_ unlearned: [Double], _ retrained: [Double]) -> Double {
        ForgettingQuality(unlearned: unlearned.map { [$0] }, retrained: retrained.map { [$0] }).epsilons[0]
    }

    @Test func scoreHalvesWithEachBin() {
        // H = 2 / 2ⁿ, n = 1 for 0 ≤ ε < 0.5, n = 2 from 0.5 on.
        #expect(ForgettingQuality.score(0) == 1)
        #expect(ForgettingQuality.score(0.499) == 1)
        #expect(ForgettingQuality.score(0.5) == 0.5)
        #expect(ForgettingQuality.score(1.2) == 0.25)
        #expect(ForgettingQuality.score(50) == 2 / pow(2, 101))
    }

    @Test func separatedSamplesAreFullyTold() {
        #expect(epsilon([0, 1, 2], [10, 11, 12]) == 50)
    }

    @Test func aSampleThatBarelyVariesIsFullyTold() {
        // Ranges 0.009 and 1: the ratio is below 0.01.
        #expect(epsilon([0.5, 0.509], [0, 1]) == 50)
        #expect(epsilon([1, 1], [0, 1]) == 50)
    }

    @Test func equalConstantsAreNotTold() {
        #expect(epsilon([1, 1], [1, 1]) == 0)
        #expect(epsilon([1, 1], [2, 2]) == 50)
    }

    @Test func equalSamplesAreNotTold() {
        // A threshold in (0, 1] has FPR = FNR = 1/2, and log(1/2 − δ) − log(1/2) < 0; one at 0 errs on negatives alone.
        #expect(epsilon([0, 1], [0, 1]) == 0)
    }

    @Test func oneErrorInFourOnBothSidesIsLogThree() {
        // Thresholds in (3, 4]: of the unlearned [0, 4, 5, 6] one lies below, of the retrained [1, 2, 3, 6.5] one above:
        // FPR = FNR = 1/4. Windows are 3.5 to 7.5 wide, as the retrained range is 5.5: [0.5, 4.5) holds three of the
        // retrained and one of the unlearned, the same errors; the others err more.
        #expect(abs(epsilon([0, 4, 5, 6], [1, 2, 3, 6.5]) - log((0.75 - 1e-5) / 0.25)) < 1e-12)
    }

    @Test func windowsFindWhatThresholdsCannot() {
        // Equal medians, so that a threshold sees little. Windows around the peakier sample:
        let narrow = [-1.0, -0.5, -0.1, 0.1, 0.5, 1]
        let wide = [-6.0, -0.9, -0.3, 0.3, 0.9, 6]
        // [−0.5, 0.5]: FNR 2/6, FPR 2/6 → log(4/6) − log(2/6) = log 2. [−0.1, 0.1]: FNR 4/6, FPR 0, discarded.
        // [−0.1, 0.5]: FNR 3/6, FPR 1/6 → log(3/6 − δ) − log(1/6), about log 3, the best.
        #expect(abs(epsilon(narrow, wide) - log((3.0 / 6 - 1e-5) / (1.0 / 6))) < 1e-9)
    }

    @Test func logitIsTheLogOddsOfTheLabel() {
        // Probabilities 1/4, 1/4, 1/2.
        let logits = [0, 0, log(2.0)]
        #expect(abs(ForgettingQuality.logit(logits, label: 2)) < 1e-12)
        #expect(abs(ForgettingQuality.logit(logits, label: 0) - log(1.0 / 3)) < 1e-12)
        #expect(ForgettingQuality.logit([1000, 0], label: 0).isFinite)
    }

    /// Normal samples with the given shift, for many examples.
    private func normalQuality(models: Int, shift: Double = 0, scale: Double = 1, examples: Int = 60) -> Double {
        var generator = Generator(seed: UInt64(models))
        func normal() -> Double {
            let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude..<1, using: &generator))).squareRoot()
            return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
        }
        let retrained = (0..<models).map { _ in (0..<examples).map { _ in normal() } }
        let unlearned = (0..<models).map { _ in (0..<examples).map { _ in normal() * scale + shift } }
        return ForgettingQuality(unlearned: unlearned, retrained: retrained).quality
    }

    @Test(arguments: [32, 64, 128, 512])
    func identicalNormalSamplesReachTheCeiling(models: Int) {
        let quality = normalQuality(models: models)
        #expect((0.14...0.22).contains(quality), "\(quality)")
    }

    /// Published for N = 512: half a deviation .066, one deviation .017, half the spread .003. An independent
    /// computation in NumPy on 60 examples gives .078, .015 and .003, so the mean over examples is ± .015 or so.
    @Test func shiftsReproduceTheCalibration() {
        let half = normalQuality(models: 512, shift: 0.5)
        let one = normalQuality(models: 512, shift: 1)
        #expect(abs(half - 0.066) < 0.02, "\(half)")
        #expect(abs(one - 0.017) < 0.006, "\(one)")
        #expect(normalQuality(models: 512, scale: 0.5) < 0.006)
    }

    /// The same computation in NumPy gives .18 at deviation 1 and .105 at .32, on 150 examples.
    @Test(arguments: [(1.0, 0.18), (0.32, 0.105)])
    func ceilingDependsOnTheScale(deviation: Double, expected: Double) {
        var generator = Generator(seed: 3)
        let models = (0..<32).map { model in
            (0..<40).map { _ in deviation * (Double(model) - 15.5) / 9.38 }  // deviation of 0…31: 9.38
        }
        let ceiling = ForgettingQuality.ceiling(retrained: models, using: &generator)
        #expect(abs(ceiling - expected) < 0.03, "\(ceiling)")
    }

    @Test func intervalHoldsTheValue() {
        var generator = Generator(seed: 0)
        let models = (0..<16).map { model in (0..<5).map { Double((model * 7 + $0 * 3) % 16) } }
        let scores = NeurIPS2023Scores(unlearned: models, retrained: models.reversed())
        let interval = ForgettingQuality.interval(
            unlearned: scores.unlearned, retrained: scores.retrained, resamples: 20, using: &generator)
        #expect(interval.low <= scores.quality.quality && scores.quality.quality <= interval.high)
    }
}

@Suite struct AverageCaseAttackTests {
    @Test func equalLossesAreGuessed() {
        var generator = Generator(seed: 1)
        let losses = (0..<400).map { _ in Double.random(in: 0..<3, using: &generator) }
        let accuracy = AverageCaseAttack(
            forgotten: Array(losses[..<200]), unseen: Array(losses[200...]), using: &generator
        ).accuracy
        #expect(abs(accuracy - 0.5) < 0.1, "\(accuracy)")
    }

    @Test func separatedLossesAreTold() {
        var generator = Generator(seed: 1)
        let low = (0..<100).map { Double($0) / 100 }
        let accuracy = AverageCaseAttack(forgotten: low, unseen: low.map { $0 + 10 }, using: &generator).accuracy
        #expect(accuracy == 1)
    }
}
