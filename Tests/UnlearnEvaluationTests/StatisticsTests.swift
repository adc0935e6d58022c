// Checks means, quantiles and intervals against values worked out by hand.
import Testing
import UnlearnEngine

@testable import UnlearnEvaluation

@Suite struct StatisticsTests {
    private func close(_ one: Double, _ other: Double, within tolerance: Double = 1e-12) -> Bool {
        abs(one - other) <= tolerance
    }

    @Test func meanMedianAndStandardErrorOfFourNumbers() {
        let values = [4.0, 1, 3, 2]
        #expect(Statistics.mean(values) == 2.5)
        #expect(Statistics.median(values) == 2.5)
        // Squared deviations 2.25 + .25 + .25 + 2.25 = 5; √(5 / 3 / 4).
        #expect(close(Statistics.standardError(values), 0.6454972243679028))
    }

    @Test func quantilesInterpolateBetweenOrderStatistics() {
        // Position .9 · 3 = 2.7 lies between 3 and 4.
        #expect(close(Statistics.quantile(0.9, of: [1, 2, 3, 4]), 3.7))
        #expect(Statistics.quantile(0, of: [2, 1]) == 1)
        #expect(Statistics.quantile(1, of: [2, 1]) == 2)
        #expect(Statistics.quantile(0, of: [1, .infinity]) == 1)
    }

    @Test func nothingHasNoStatistics() {
        var generator = Generator(seed: 1)
        #expect(Statistics.mean([]).isNaN)
        #expect(Statistics.median([]).isNaN)
        #expect(Statistics.standardError([1]).isNaN)
        #expect(Statistics.bootstrapInterval(of: [], using: &generator).low.isNaN)
        #expect(Statistics.bootstrapInterval(of: [1], using: &generator).low.isNaN)
        #expect(Statistics.wilsonInterval(hits: 0, of: 0).low.isNaN)
        #expect(Statistics.wilsonInterval(hits: 2, of: 1).low.isNaN)
    }

    @Test func signsAreFlippedInEveryWayWhereTheseAreFew() {
        var generator = Generator(seed: 1)
        // Of the eight sums of ±1 ± 2 ± 3 two are as far from 0 as 6.
        #expect(Statistics.signFlipTest(of: [1, 2, 3], using: &generator) == 0.25)
        #expect(Statistics.signFlipTest(of: [1, -2, 3], using: &generator) == 0.75)
        #expect(Statistics.signFlipTest(of: [0, 0], using: &generator) == 1)
        #expect(Statistics.signFlipTest(of: [], using: &generator).isNaN)
    }

    /// scipy.stats.permutation_test of the mean of these, permutation_type "samples", all 2¹⁶ signs: 0.343536376953125.
    @Test func signsAreDrawnWhereTheyAreMany() {
        let values = [0.3, -1.2, 2.1, 0.7, -0.4, 1.9, -0.8, 0.2, 1.1, -1.5, 0.6, 0.9, -0.1, -0.7, 1.3, -0.2]
        var generator = Generator(seed: 1)
        let found = Statistics.signFlipTest(of: values, using: &generator)
        #expect(close(found, 0.343536376953125, within: 0.02))
        let shifted = Statistics.signFlipTest(of: values.map { $0 + 3 }, using: &generator)
        #expect(shifted < 0.001 && shifted > 0)
    }

    @Test func wilsonIntervalsMatchTheFormula() {
        // z² = 3.841459; for 0 of 20 the upper end is z² / (20 + z²).
        #expect(Statistics.wilsonInterval(hits: 0, of: 20).low == 0)
        #expect(close(Statistics.wilsonInterval(hits: 0, of: 20).high, 0.1611251580528, within: 1e-9))
        // 5 of 10: center .5, half = z / (1 + z²/10) · √(.025 + z²/400).
        let half = Statistics.wilsonInterval(hits: 5, of: 10)
        #expect(close(half.low, 0.2365930905, within: 1e-9))
        #expect(close(half.high, 0.7634069095, within: 1e-9))
        #expect(Statistics.wilsonInterval(hits: 20, of: 20).high == 1)
    }

    @Test func theSameSeedGivesTheSameInterval() {
        let values = (0..<50).map { Double($0 * $0 % 17) }
        var (one, same, other) = (Generator(seed: 7), Generator(seed: 7), Generator(seed: 8))
        let first = Statistics.bootstrapInterval(of: values, using: &one)
        #expect(first == Statistics.bootstrapInterval(of: values, using: &same))
        #expect(first != Statistics.bootstrapInterval(of: values, using: &other))
        #expect(first.low < Statistics.mean(values) && Statistics.mean(values) < first.high)
    }

    @Test func theBootstrapAgreesWithTheNormalInterval() {
        let values = (0..<200).map { Double($0 % 10) }
        var generator = Generator(seed: 3)
        let interval = Statistics.bootstrapInterval(of: values, using: &generator)
        let half = Statistics.normal975 * Statistics.standardError(values)
        // A percentile of 2,000 resamples is itself uncertain, by a few per cent of the half-width.
        #expect(close(interval.low, 4.5 - half, within: 0.15 * half))
        #expect(close(interval.high, 4.5 + half, within: 0.15 * half))
    }

    @Test func constantDifferencesAndRatiosHaveNoWidth() {
        var generator = Generator(seed: 3)
        let before = [1.0, 2, 4]
        #expect(
            Statistics.pairedDifferenceInterval(before: before, after: [2, 3, 5], using: &generator)
                == Interval(low: 1, high: 1))
        #expect(
            Statistics.pairedRatioInterval(before: before, after: [0.5, 1, 2], using: &generator)
                == Interval(low: 0.5, high: 0.5))
    }

    @Test func splitMixGivesThePublishedSequence() {
        // The reference implementation's first outputs for seed 1234567.
        var generator = Generator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in generator.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test func meansAndSharesCarryTheirIntervals() throws {
        var generator = Generator(seed: 1)
        let examples = [ExampleValue(id: "a", value: 1), ExampleValue(id: "b", value: 0)]
        let share = Outcome.share(
            name: "leak", split: .forget, direction: .lowerIsBetter, unit: "", perExample: examples)
        #expect(share.measurement?.value == 0.5)
        #expect(share.measurement?.interval == Statistics.wilsonInterval(hits: 1, of: 2))
        let none = Outcome.mean(
            name: "leak", split: .forget, direction: .lowerIsBetter, unit: "", perExample: [], using: &generator)
        #expect(none == .skipped(name: "leak", reason: "The forget split has no examples to measure leak on."))
        let broken = Outcome.mean(
            name: "perplexity", split: .text, direction: .lowerIsBetter, unit: "",
            perExample: [ExampleValue(id: "a", value: 1), ExampleValue(id: "b", value: .nan)], using: &generator)
        #expect(
            broken
                == .skipped(name: "perplexity", reason: "The value of perplexity on example 'b' (text) is not finite."))
    }
}
