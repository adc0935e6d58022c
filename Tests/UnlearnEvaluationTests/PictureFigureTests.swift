// Figures of redrawn pictures against scikit-image, SciPy and numpy, and what must hold of them whatever the pictures
// are.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnEvaluation

/// See Tools/reference/picture_metrics_golden.py.
private struct GoldenPictures {
    let json: JSONValue
    private let file: SafetensorsFile

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden")
        json = try JSONValue(contentsOf: folder.appending(path: "picture-metrics.json"))
        file = try SafetensorsFile(folder.appending(path: "picture-metrics.safetensors"))
    }

    func tensor(_ name: String) throws -> Tensor {
        let entry = try #require(file.entries[name])
        return try withExtendedLifetime(file) {
            Tensor(copying: try file.bytes(of: name), shape: entry.shape, type: .float32)
        }
    }

    func pairs() throws -> PicturePairs {
        PicturePairs(
            originals: try tensor("originals"), redrawn: try tensor("redrawn"), mask: try tensor("mask"),
            names: ["a", "b", "c"])
    }

    func numbers(_ key: String) throws -> [Double] {
        try #require(json[key]?.array).map { try #require($0.double) }
    }

    func number(_ key: String) throws -> Double { try #require(json[key]?.double) }

    func probabilities() throws -> [[Double]] {
        let values = try tensor("probabilities")
        let scalars = values.scalars(Float.self).map(Double.init)
        return (0..<values.shape[0]).map { Array(scalars[$0 * values.shape[1]..<($0 + 1) * values.shape[1]]) }
    }
}

@Suite struct PictureFigureTests {
    /// Both sides compute in double precision.
    private let tolerance = 1e-9

    private func expectEqual(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) <= tolerance * abs(expected)) }
    }

    @Test(arguments: [(Region.whole, "psnr"), (.filled, "psnr-filled")])
    func signalToNoiseEqualsScikitImage(region: Region, key: String) throws {
        let golden = try GoldenPictures()
        expectEqual(ImageQuality.peakSignalToNoise(of: try golden.pairs(), on: region), try golden.numbers(key))
    }

    @Test(arguments: [(Region.whole, "ssim"), (.filled, "ssim-filled")])
    func structuralSimilarityEqualsScikitImage(region: Region, key: String) throws {
        let golden = try GoldenPictures()
        expectEqual(ImageQuality.structuralSimilarity(of: try golden.pairs(), on: region), try golden.numbers(key))
    }

    @Test func frechetDistanceEqualsSciPysMatrixSquareRoot() throws {
        let golden = try GoldenPictures()
        let found = FrechetDistance.between(try golden.tensor("features"), try golden.tensor("otherFeatures"))
        expectEqual([found], [try golden.number("fid")])
    }

    @Test func frechetDistanceIsSymmetricAndZeroForOneSet() throws {
        let golden = try GoldenPictures()
        let (a, b) = (try golden.tensor("features"), try golden.tensor("otherFeatures"))
        expectEqual([FrechetDistance.between(a, b)], [FrechetDistance.between(b, a)])
        #expect(FrechetDistance.between(a, a) < 1e-10)
    }

    /// Four rows of six features have covariances of rank three. The distance of a set moved by a vector is the square
    /// of its length; of a set stretched by two about its mean, the trace of the covariance (mean 0 here).
    @Test func frechetDistanceIsExactForCovariancesWithoutFullRank() throws {
        let rows = try GoldenPictures().tensor("features").narrow(0, from: 0, count: 4).to(.float64)
        expectEqual([FrechetDistance.between(rows, rows + 0.5)], [6 * 0.25])
        let centered = rows - rows.mean(along: 0)
        let trace = (centered.square().sum() * (1 / 3)).scalars(Double.self)[0]
        expectEqual([FrechetDistance.between(centered, centered * 2)], [trace])
    }

    @Test func inceptionScoreEqualsNumpy() throws {
        let golden = try GoldenPictures()
        expectEqual([InceptionScore.value(of: try golden.probabilities())], [try golden.number("inception-score")])
    }

    @Test func inceptionScoreLiesBetweenOneAndTheNumberOfClasses() {
        let sure = (0..<4).map { index in (0..<4).map { $0 == index ? 1.0 : 0.0 } }
        expectEqual([InceptionScore.value(of: sure)], [4])
        expectEqual([InceptionScore.value(of: [sure[0], sure[0]])], [1])
    }

    @Test func equalPicturesHaveTheHighestFigures() throws {
        let originals = try GoldenPictures().tensor("originals")
        let pairs = PicturePairs(
            originals: originals, redrawn: originals, mask: .zeros([3, 1, 14, 16]) + 1, names: ["a", "b", "c"])
        for region in Region.allCases {
            #expect(ImageQuality.peakSignalToNoise(of: pairs, on: region) == [100, 100, 100])
            expectEqual(ImageQuality.structuralSimilarity(of: pairs, on: region), [1, 1, 1])
        }
    }

    /// What lies outside the region decides nothing.
    @Test func theFilledRegionIsAllThatItsFiguresSee() throws {
        let pairs = try GoldenPictures().pairs()
        let outside = pairs.mask * -1 + 1
        let changed = PicturePairs(
            originals: pairs.originals, redrawn: pairs.redrawn + outside * 0.5, mask: pairs.mask, names: pairs.names)
        let network = try network(channels: 2)
        func values(_ pairs: PicturePairs, _ region: Region) -> [Double?] {
            var generator = Generator(seed: 0)
            return PictureFigures(pairs, split: .forget, network: network).outcomes(on: region, using: &generator)
                .filter { $0.measurement?.name != "ssim" }.map { $0.measurement?.value }
        }
        #expect(values(pairs, .filled) == values(changed, .filled))
        #expect(values(pairs, .whole) != values(changed, .whole))
    }

    private func network(channels: Int) throws -> FeatureNetwork {
        let configuration = ConvNetConfiguration(channelCount: channels, classNames: ["a", "b", "c"], widths: [4, 8])
        let weights = Weights(using: Generator(seed: 1, purpose: "test"))
        return FeatureNetwork(try ConvNet(configuration, weights), name: "small")
    }

    @Test func everyFigureHasItsNameDirectionAndInterval() throws {
        let pairs = try GoldenPictures().pairs()
        var generator = Generator(seed: 0)
        let figures = PictureFigures(pairs, split: .forget, network: try network(channels: 2))
        let measured = try figures.outcomes(on: .whole, using: &generator).map { try #require($0.measurement) }
        #expect(
            measured.map(\.name) == [
                "psnr-whole", "ssim-whole", "fid-whole", "inception-score-whole", "embedding-cosine-whole",
            ])
        #expect(measured.map(\.direction).filter { $0 == .higherIsBetter }.count == 1)
        #expect(measured[2].direction == .higherIsBetter)
        for measurement in measured {
            let interval = try #require(measurement.interval, "\(measurement.name)")
            #expect(interval.low <= interval.high && measurement.n == 3)
        }
        #expect(PictureFigures.cards.map(\.name) == ["psnr", "ssim", "fid", "inception-score", "embedding-cosine"])
    }

    /// 300 pairs: the interval of the distance lies around its value, and narrows as pictures come nearer.
    @Test func theDistancesIntervalHoldsItsValue() throws {
        var random = Generator(seed: 3, purpose: "test")
        let originals = Tensor.uniform([300, 1, 8, 8], bound: 1, using: &random)
        let noise = Tensor.uniform([300, 1, 8, 8], bound: 1, using: &random)
        func measurement(_ share: Double) throws -> UnlearnEvaluation.Measurement {
            let pairs = PicturePairs(
                originals: originals, redrawn: originals * (1 - share) + noise * share,
                mask: .zeros([300, 1, 8, 8]) + 1,
                names: (0..<300).map(String.init))
            var generator = Generator(seed: 0)
            let outcomes = PictureFigures(pairs, split: .retain, network: try network(channels: 1))
                .outcomes(on: .filled, using: &generator)
            return try #require(outcomes[2].measurement)
        }
        let (far, near) = (try measurement(0.5), try measurement(0.1))
        let (wide, narrow) = (try #require(far.interval), try #require(near.interval))
        #expect(wide.low < far.value && far.value < wide.high)
        #expect(narrow.high < wide.low)
        #expect(narrow.high - narrow.low < wide.high - wide.low)
    }

    @Test func whatCannotBeMeasuredSaysWhy() throws {
        let pairs = PicturePairs(
            originals: .zeros([1, 1, 8, 8]), redrawn: .zeros([1, 1, 8, 8]), mask: .zeros([1, 1, 8, 8]) + 1, names: ["a"]
        )
        var generator = Generator(seed: 0)
        let small = PictureFigures(pairs, split: .unseen, network: try network(channels: 1))
            .outcomes(on: .filled, using: &generator)
        #expect(
            small[1]
                == .skipped(name: "ssim", reason: "Images of 8 × 8 pixels are smaller than the window, which has 11."))
        #expect(
            small[2]
                == .skipped(name: "fid", reason: "The unseen split has 1 picture(s), too few for a distribution."))
        let blind = PictureFigures(pairs, split: .unseen, network: nil).outcomes(on: .filled, using: &generator)
        let reason = "No network was named through which pictures could be compared."
        #expect(blind.suffix(3).allSatisfy { if case .skipped(_, reason) = $0 { true } else { false } })
    }

    @Test func aNetworkOfOtherImagesIsAnswered() throws {
        let found = try network(channels: 1).problem(for: ImageShape(channels: 3, height: 28, width: 28))
        #expect(found == "The feature network 'small' reads 1 channel(s), and the images have 3.")
        #expect(try network(channels: 1).problem(for: ImageShape(channels: 1, height: 28, width: 28)) == nil)
    }

    /// A picture in grey is one whose three colours are alike.
    @Test func colourNetworksLookAtPicturesInGrey() throws {
        let network = try network(channels: 3)
        #expect(network.problem(for: ImageShape(channels: 1, height: 28, width: 28)) == nil)
        var generator = Generator(seed: 0, purpose: "test")
        let grey = Tensor.uniform([2, 1, 28, 28], bound: 1, using: &generator)
        #expect(network.features(grey).isIdentical(to: network.features(grey.expand([2, 3, 28, 28]) + 0)))
    }

    /// Figures of grey pictures through a network that reads colours and sizes of its own.
    private func outcomes(through network: FeatureNetwork) -> [Outcome] {
        #expect(network.problem(for: ImageShape(channels: 1, height: 28, width: 28)) == nil)
        var generator = Generator(seed: 0, purpose: "test")
        let pictures = Tensor.uniform([20, 1, 28, 28], bound: 1, using: &generator)
        let mask = Tensor.zeros([20, 1, 28, 28]) + 1
        let pairs = PicturePairs(
            originals: pictures, redrawn: pictures * 0.5, mask: mask, names: (0..<20).map { "\($0)" })
        return PictureFigures(pairs, split: .forget, network: network).outcomes(on: .filled, using: &generator)
    }

    private func golden(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden/\(name)")
    }

    @Test func anInceptionComparesByItsFeaturesAndClasses() throws {
        let network = try FeatureNetwork.load(golden("inception-v3"), name: "inception")
        let measured = outcomes(through: network).measurements
        #expect(measured.map(\.name) == ["psnr", "ssim", "fid", "inception-score", "embedding-cosine"])
        #expect(measured[2].value > 0)
    }

    /// Embeddings compare pictures of any size; without classes there is no score of them.
    @Test func aCLIPComparesByItsEmbeddings() throws {
        let outcomes = outcomes(through: try FeatureNetwork.load(golden("clip-vision"), name: "clip"))
        #expect(outcomes.measurements.map(\.name) == ["psnr", "ssim", "fid", "embedding-cosine"])
        #expect(
            outcomes.contains(
                .skipped(name: "inception-score", reason: "The feature network 'clip' has no classes.")))
    }
}
