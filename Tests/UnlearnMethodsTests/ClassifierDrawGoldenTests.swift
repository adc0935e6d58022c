// What the methods draw by chance: which parameters, against PyTorch (Tools/reference/classifier_recipes_golden.py) or
// by hand, and from which distribution.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct ClassifierDrawGoldenTests {
    private static let seeds: Range<UInt64> = 0..<16
    private static let convolutions = ["conv1.weight", "conv2.weight"]
    private static let head = ["fc.bias", "fc.weight"]
    /// The deviations of fresh parameters: √(2 / fan-out) of convolutions, evenly within 1 / √6 for the head of width 6.
    private static let fresh = [
        "conv1.weight": (2 / Double(4 * 9)).squareRoot(), "conv2.weight": (2 / Double(6 * 9)).squareRoot(),
        "fc.weight": 1 / 18.0.squareRoot(), "fc.bias": 1 / 18.0.squareRoot(),
    ]

    private func deviation(_ name: String) throws -> Double { try #require(Self.fresh[name]) }

    /// The values of one tensor where another is 1.
    private func chosen(_ values: [Float], _ mask: [Float]) -> [Float] { zip(values, mask).filter { $1 == 1 }.map(\.0) }

    private func changes(_ name: String, _ before: Values, _ after: Values) throws -> [Float] {
        zip(try #require(after[name]), try #require(before[name])).map { $0 - $1 }
    }

    /// 1 where a tensor is not bitwise as it was.
    private func mask(_ name: String, _ before: Values, _ after: Values) throws -> [Float] {
        zip(try #require(after[name]), try #require(before[name])).map { $0 == $1 ? 0 : 1 }
    }

    @Test func kookminDrawsTheWeightsOfTheSmallestGradients() throws {
        var draws = Draws()
        for seed in Self.seeds {
            let run = try GoldenRun(Kookmin(), fed: false, seed: seed)
            let drawn = run.model.passes[0]
            #expect(differing(run.before, drawn) == Self.convolutions)
            for name in Self.convolutions {
                let expected = try run.golden.values("kookmin-drawn.\(name)")
                #expect(try mask(name, run.before, drawn) == expected, "\(name)")
                draws.add(chosen(try #require(drawn[name]), expected), deviation: try deviation(name))
            }
        }
        draws.follow(.normal)
    }

    /// With one image to forget the part is one image.
    @Test func kookminComparesWithAPartOfRetainOfForgetsSize() throws {
        var places: Set<Int> = []
        for seed in Self.seeds {
            let run = try GoldenRun(Kookmin(), fed: false, forgetCount: 1, seed: seed)
            let place = try run.golden.retain.indices.first { place in
                try Self.convolutions.allSatisfy { name in
                    try mask(name, run.before, run.model.passes[0])
                        == run.golden.values("kookmin-part-\(place).\(name)")
                }
            }
            places.insert(try #require(place))
        }
        #expect(places.count > 3)
    }

    @Test func sebastianDrawsTheSmallestWeightsOfAllLayers() throws {
        var draws = Draws()
        for seed in Self.seeds.prefix(4) {
            let run = try GoldenRun(Sebastian(), fed: false, seed: seed)
            let drawn = run.model.passes[0]
            #expect(differing(run.before, drawn) == Self.convolutions + ["fc.weight"])
            for (name, fanIn) in [("conv1.weight", 27), ("conv2.weight", 36), ("fc.weight", 6)] {
                let expected = try run.golden.values("sebastian-drawn.\(name)")
                #expect(try mask(name, run.before, drawn) == expected, "\(name)")
                // Evenly within √(1 / fan-in).
                let deviation = (1 / Double(3 * fanIn)).squareRoot()
                draws.add(chosen(try #require(drawn[name]), expected), deviation: deviation)
            }
        }
        draws.follow(.uniform)
    }

    @Test func seifAddsNoiseBeforeTheFirstAndTheLastEpoch() throws {
        var (first, last) = (Draws(), Draws())
        for seed in Self.seeds.prefix(4) {
            let run = try GoldenRun(Seif(), fed: false, seed: seed)
            let passes = run.model.passes
            #expect(differing(run.before, passes[0]) == Self.convolutions)
            for step in 0..<2 { #expect(passes[step + 1] == run.afterStep[step]) }
            #expect(differing(run.afterStep[2], passes[3]) == Self.convolutions)
            for name in Self.convolutions {
                first.add(try changes(name, run.before, passes[0]), deviation: 0.6)
                last.add(try changes(name, run.afterStep[2], passes[3]), deviation: 0.005)
            }
        }
        first.follow(.normal)
        last.follow(.normal)
    }

    /// Under every seed a run is one of the reference's two.
    @Test func toshiIsEitherRecipe() throws {
        var transposed = 0
        for seed in Self.seeds {
            let run = try GoldenRun(Toshi(), fed: false, seed: seed)
            let isTransposed = try run.golden.agrees(run.model.parameters, "toshi-transpose", since: "original")
            let isRelabelled = try run.golden.agrees(run.model.parameters, "toshi-pseudo-labels", since: "original")
            #expect(isTransposed != isRelabelled)
            transposed += isTransposed ? 1 : 0
        }
        #expect(0 < transposed && transposed < Self.seeds.count)
        expectShare(transposed, of: Self.seeds.count, 0.5)
    }

    @Test func amnesiacsDrawTheFirstConvolutionAndTheHead() throws {
        var (convolution, head) = (Draws(), Draws())
        for seed in Self.seeds.prefix(4) {
            let run = try GoldenRun(Amnesiacs(), fed: false, seed: seed)
            let drawn = run.model.passes[0]
            #expect(differing(run.before, drawn) == ["conv1.weight"] + Self.head)
            convolution.add(try #require(drawn["conv1.weight"]), deviation: try deviation("conv1.weight"))
            for name in Self.head { head.add(try #require(drawn[name]), deviation: try deviation(name)) }
        }
        convolution.follow(.normal)
        head.follow(.uniform)
    }
}

extension ClassifierDrawGoldenTests {
    @Test func sunDrawsTheHead() throws {
        var head = Draws()
        var method = Sun()
        method.noisyCount = 0
        for seed in Self.seeds.prefix(4) {
            let run = try GoldenRun(method, fed: false, seed: seed)
            #expect(differing(run.before, run.model.passes[0]) == Self.head)
            for name in Self.head {
                head.add(try #require(run.model.passes[0][name]), deviation: try deviation(name))
            }
        }
        head.follow(.uniform)
    }

    /// Two of the four parameters that are no norms are trained, and another one gets noise, in each of the first epochs.
    @Test func sunTrainsSomeAndDisturbsOthers() throws {
        var method = Sun()
        (method.trainedCount, method.noisyCount) = (2, 1)
        var noise = Draws()
        var disturbed: Set<String> = []
        for seed in Self.seeds.prefix(8) {
            let run = try GoldenRun(method, fed: false, seed: seed)
            let norms = run.model.normNames
            let (passes, after) = (run.model.passes, run.afterStep)
            let buffers = run.model.parameters.bufferNames
            for epoch in 0..<9 {
                let noisy = epoch == 0 ? [] : differing(after[epoch - 1], passes[epoch])
                let trained = differing(passes[epoch], after[epoch]).filter { !buffers.contains($0) }
                #expect(Set(norms).isSubset(of: trained))
                #expect(Set(trained).isDisjoint(with: noisy))
                #expect(trained.count == (epoch < 5 ? norms.count + 2 : run.model.parameters.trainableNames.count))
                if epoch > 0 { #expect(noisy.count == (epoch < 5 ? 1 : 0)) }
                for name in noisy {
                    disturbed.insert(name)
                    noise.add(try changes(name, after[epoch - 1], passes[epoch]), deviation: 0.04)
                }
            }
        }
        #expect(disturbed == Set(Self.convolutions + Self.head))
        noise.follow(.normal)
    }

    /// Of two layers drawn with replacement from two, both are drawn in half of the cycles.
    @Test func forgetEntryDrawsLayersBeforeEachCycle() throws {
        var method = ForgetEntry()
        method.layerCount = 2
        var (draws, cycles, both) = (Draws(), 0, 0)
        for seed in Self.seeds {
            let run = try GoldenRun(method, fed: false, seed: seed)
            let passes = run.model.passes
            for (step, isCycle) in [true, true, false, true, false].enumerated() {
                let before = step == 0 ? run.before : run.afterStep[step - 1]
                let drawn = differing(before, passes[step])
                #expect(drawn.isEmpty != isCycle && Set(drawn).isSubset(of: Self.convolutions))
                for name in drawn { draws.add(try #require(passes[step][name]), deviation: try deviation(name)) }
                cycles += isCycle ? 1 : 0
                both += drawn.count == 2 ? 1 : 0
            }
        }
        draws.follow(.normal)
        expectShare(both, of: cycles, 0.5)
    }

    @Test func forgetEntryAddsNoiseToTheImages() throws {
        let run = try GoldenRun(ForgetEntry(), fed: false)
        var noise = Draws()
        for inputs in run.model.inputs {
            for row in 0..<inputs.shape[0] {
                let seen = inputs.narrow(0, from: row, count: 1).contiguous().scalars(Float.self)
                // The image it was made from is the one that is least unlike it.
                let differences = run.golden.retain.map { id in
                    zip(seen, run.golden.images.batch([id]).inputs.contiguous().scalars(Float.self)).map { $0 - $1 }
                }
                let nearest = differences.min { one, other in
                    one.reduce(0) { $0 + $1 * $1 } < other.reduce(0) { $0 + $1 * $1 }
                }
                noise.add(try #require(nearest), deviation: 0.01)
            }
        }
        noise.follow(.normal)
    }
}

extension ClassifierDrawGoldenTests {
    /// 0.7 θ + 0.3 · fresh; fresh scales are 1 and fresh shifts 0, and what is left tells what else is fresh.
    @Test func warmRestartMixesFreshParametersIn() throws {
        var method = WarmRestart()
        method.renewalSpread = 0
        var (convolution, head) = (Draws(), Draws())
        for seed in Self.seeds.prefix(4) {
            let run = try GoldenRun(method, fed: false, seed: seed)
            let mixed = run.model.passes[0]
            func fresh(_ name: String) throws -> [Float] {
                zip(try #require(mixed[name]), try #require(run.before[name])).map { ($0 - 0.7 * $1) / 0.3 }
            }
            for norm in ["bn1", "bn2"] {
                #expect(try fresh("\(norm).weight").allSatisfy { abs($0 - 1) < 1e-5 })
                #expect(try fresh("\(norm).bias").allSatisfy { abs($0) < 1e-5 })
            }
            for name in Self.convolutions { convolution.add(try fresh(name), deviation: try deviation(name)) }
            for name in Self.head { head.add(try fresh(name), deviation: try deviation(name)) }
        }
        convolution.follow(.normal)
        head.follow(.uniform)
    }

    /// Evenly from 0 to 0.6, once for each block: read off the scales, which fresh are 1.
    @Test func warmRestartDrawsAShareForEachBlock() throws {
        var shares = Draws()
        for seed in Self.seeds {
            let run = try GoldenRun(WarmRestart(), fed: false, seed: seed)
            for name in ["bn1.weight", "bn2.weight"] {
                let scales = zip(try #require(run.before[name]), try #require(run.model.passes[0][name]))
                let found = scales.filter { abs(1 - $0.0) > 0.02 }.map { ($1 - $0) / (1 - $0) }
                #expect(found.count > 1 && found.allSatisfy { abs($0 - found[0]) < 1e-4 })
                shares.add([found[0] - 0.3], deviation: 0.6 / 12.0.squareRoot())
            }
        }
        shares.follow(.uniform)
    }

    /// A run's loss of an image, divided by the reference's loss of it, is its weight: 0.7 + 0.3 · e, e ~ Exp(1).
    @Test func warmRestartWeighsEveryImageOnceForEachRun() throws {
        var method = WarmRestart()
        method.plainRuns = 1
        let phase = Phase(learningRate: 0, epochs: 2, batchSize: 1, schedule: Schedule(.constant))
        var draws: [Double] = []
        for seed in Self.seeds {
            let run = try GoldenRun(method, fed: true, phase: phase, seed: seed)
            let losses = try #require(run.golden.json["imageLosses"]?.array).compactMap(\.double)
            let pixels = run.golden.retain.map { run.golden.images.batch([$0]).inputs }
            var weights: [[Double]] = losses.map { _ in [] }
            for (event, inputs) in zip(run.events, run.model.inputs) {
                let place = try #require(pixels.firstIndex { $0.isIdentical(to: inputs) })
                weights[place].append(try #require(event.terms["retain-nll"]) / losses[place])
            }
            #expect(weights.allSatisfy { $0.count == 2 && abs($0[0] - $0[1]) < 1e-5 && $0[0] > 0.6999 })
            draws += weights.map { ($0[0] - 0.7) / 0.3 }
        }
        // The deviation of Exp(1) is 1, and its median log 2.
        let mean = draws.reduce(0, +) / Double(draws.count)
        #expect(abs(mean - 1) < 4 / Double(draws.count).squareRoot())
        expectShare(draws.count { $0 > log(2) }, of: draws.count, 0.5)
    }

    /// N(0, (0.3 · rms)²) on the head's weights, after the last step and nowhere else.
    @Test func warmRestartEndsWithNoiseOnTheHead() throws {
        var noise = Draws()
        for seed in Self.seeds {
            let run = try GoldenRun(WarmRestart(), fed: true, seed: seed)
            let (last, end) = (try #require(run.afterStep.last), run.model.parameters.values)
            #expect(differing(last, end) == ["fc.weight"])
            let weights = try #require(last["fc.weight"]).map(Double.init)
            let meanSquare = weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)
            noise.add(try changes("fc.weight", last, end), deviation: 0.3 * meanSquare.squareRoot())
        }
        noise.follow(.normal)
    }
}
