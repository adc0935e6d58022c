// The figures of attacks: the area under the curve with its interval, and the share of what was forgotten that came back.

import Testing
import UnlearnEngine

@testable import UnlearnEvaluation

@Suite struct AttackFigureTests {
    /// Against scikit-learn's roc_auc_score and the placements of DeLong 1988 counted pair by pair in NumPy:
    /// Tools/reference/attack_golden.py.
    @Test func theAreaEqualsScikitLearnsAndItsErrorThatOfAllPairs() throws {
        let first = [2.5, 3.0, 1.0, 4.0, 3.0, 5.5]
        let second = [1.0, 2.0, 3.0, 0.5, 2.5]
        let area = try #require(SeparationArea(first, over: second))
        #expect(abs(area.value - 0.8) < 1e-12)
        // The upper end is cut off at 1.
        let error = 0.13914420976494535
        #expect(area.interval.high == 1)
        #expect(abs(area.interval.low - (0.8 - 1.959963984540054 * error)) < 1e-9)
    }

    @Test func theAreaDoesNotChangeUnderAnIncreasingMapAndTurnsRoundWithTheGroups() throws {
        var generator = Generator(seed: 1)
        let first = (0..<50).map { _ in Double(generator.normal()) + 0.5 }
        let second = (0..<40).map { _ in Double(generator.normal()) }
        let area = try #require(SeparationArea(first, over: second))
        let cubes = try #require(SeparationArea(first.map { $0 * $0 * $0 }, over: second.map { $0 * $0 * $0 }))
        let turned = try #require(SeparationArea(second, over: first))
        #expect(area == cubes)
        #expect(abs(area.value + turned.value - 1) < 1e-12)
        #expect(area.interval.low < area.value && area.value < area.interval.high)
    }

    @Test func equalGroupsAreAHalfAndTooFewValuesNothing() throws {
        let area = try #require(SeparationArea([1, 2, 3], over: [1, 2, 3]))
        #expect(area.value == 0.5 && area.distance.value == 0 && area.distance.interval.low == 0)
        #expect(SeparationArea([1], over: [1, 2]) == nil)
        #expect(SeparationArea([1, .nan], over: [1, 2]) == nil)
        let far = try #require(SeparationArea([0, 1, 2], over: [3, 4]))
        #expect(far.value == 0 && far.distance.value == 1)
    }

    @Test func whatCameBackIsAShareOfWhatWasForgotten() throws {
        var generator = Generator(seed: 0)
        let share = try #require(
            Statistics.recoveredShare(
                before: [18, 20, 16], after: [10, 12, 8], attacked: [14, 16, 12], using: &generator))
        // Each picture lost 8 and got back 4, so that no draw differs.
        #expect(share.value == 0.5 && share.interval == Interval(low: 0.5, high: 0.5))
        let beyond = try #require(
            Statistics.recoveredShare(before: [18, 20], after: [10, 12], attacked: [30, 30], using: &generator))
        #expect(beyond.value == 1)
        // Nothing came back on twenty questions: on others something might.
        let (all, none) = ([Double](repeating: 1, count: 20), [Double](repeating: 0, count: 20))
        let hits = try #require(
            Statistics.recoveredShare(before: all, after: none, attacked: none, ofHits: true, using: &generator))
        #expect(hits.value == 0 && hits.interval.low == 0)
        #expect(hits.interval.high > 0.05 && hits.interval.high < 0.2, "\(hits)")
        #expect(
            Statistics.recoveredShare(before: [10, 10], after: [11, 10], attacked: [12, 12], using: &generator) == nil)
    }
}
