// Random numbers: the same for the same seed and purpose, on every platform.

import Testing
import UnlearnEngine

struct GeneratorTests {
    func numbers(_ seed: UInt64, _ purpose: String) -> [UInt64] {
        var generator = Generator(seed: seed, purpose: purpose)
        return (0..<4).map { _ in generator.next() }
    }

    @Test func oneSeedAndPurposeGiveOneSequence() {
        #expect(numbers(7, "order") == numbers(7, "order"))
    }

    @Test func anotherSeedOrPurposeGivesAnother() {
        #expect(numbers(7, "order") != numbers(8, "order"))
        #expect(numbers(7, "order") != numbers(7, "sampling"))
    }

    @Test func uniformNumbersFillTheUnitInterval() {
        var generator = Generator(seed: 1, purpose: "test")
        let values = (0..<10_000).map { _ in generator.uniform() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        // The mean of 10,000 has standard deviation 0.0029.
        #expect(abs(values.reduce(0, +) / 10_000 - 0.5) < 0.012)
    }

    @Test func normalNumbersHaveTheirMeanAndDeviation() {
        var generator = Generator(seed: 1, purpose: "test")
        let values = Tensor.normal([10_000], deviation: 2, using: &generator).scalars(Float.self)
        let mean = values.reduce(0, +) / 10_000
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 10_000
        #expect(abs(mean) < 0.08)
        #expect(abs(variance - 4) < 0.24)
    }
}
