// What degradations take away, and that random ones depend on their generator alone.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats

@Suite struct DegradationTests {
    private var generator = Generator(seed: 1, purpose: "test")

    private mutating func images(_ channels: Int = 3, _ side: Int = 8, count: Int = 2) -> Tensor {
        .uniform([count, channels, side, side], bound: 1, using: &generator)
    }

    private func hidden(_ mask: Tensor) -> [Float] {
        let (count, pixels) = (mask.shape[0], mask.shape[2] * mask.shape[3])
        return mask.reshape([count, pixels]).sum(along: 1).scalars(Float.self)
    }

    @Test mutating func inpaintingHidesTheMiddle() {
        let images = images()
        let degraded = Degradation(.inpainting)(images, using: &generator)
        let row: [Float] = [0, 0, 1, 1, 1, 1, 0, 0]
        let expected = (0..<8).flatMap { (2..<6).contains($0) ? row : [Float](repeating: 0, count: 8) }
        #expect(degraded.mask.scalars(Float.self) == expected + expected)
        #expect((degraded.images * degraded.mask).abs().max().item == 0)
        #expect(degraded.completed(with: images).isIdentical(to: images))
    }

    @Test mutating func reconstructionHidesNothingAndDrawsAll() {
        let (images, drawn) = (images(), images())
        let degraded = Degradation(.reconstruction)(images, using: &generator)
        #expect(degraded.images.isIdentical(to: images) && degraded.mask.isIdentical(to: .zeros([2, 1, 8, 8]) + 1))
        #expect(degraded.completed(with: drawn).isIdentical(to: drawn))
    }

    @Test mutating func outpaintingHidesTheRest() {
        let images = images()
        let inside = Degradation(.inpainting)(images, using: &generator)
        let outside = Degradation(.outpainting)(images, using: &generator)
        #expect((inside.mask + outside.mask).isIdentical(to: .zeros([2, 1, 8, 8]) + 1))
        #expect((inside.images + outside.images).isIdentical(to: images))
    }

    @Test(arguments: [(0.25, 7), (0.5, 14), (0.75, 21)])
    func theHoleHasItsShareOfTheSides(center: Double, side: Int) {
        var degradation = Degradation(.inpainting)
        degradation.center = center
        let box = degradation.centerBox(height: 28, width: 28)
        #expect(box == PixelBox(top: (28 - side) / 2, left: (28 - side) / 2, height: side, width: side))
    }

    @Test mutating func randomMasksHideAsManySquaresInEachImage() {
        var degradation = Degradation(.randomMasks)
        (degradation.share, degradation.cell) = (0.25, 2)
        let images = images(count: 6)
        let degraded = degradation(images, using: &generator)
        // A quarter of 16 squares of 4 pixels.
        #expect(hidden(degraded.mask) == [Float](repeating: 16, count: 6))
        // Squares are hidden whole.
        #expect(degraded.mask.averagePooled(size: 2).upsampled(by: 2).isIdentical(to: degraded.mask))
        let rows = (0..<6).map { degraded.mask.narrow(0, from: $0, count: 1).scalars(Float.self) }
        #expect(Set(rows).count > 1)
        #expect((degraded.images * degraded.mask).abs().max().item == 0)
    }

    @Test func randomMasksDependOnTheGeneratorAlone() {
        let degradation = Degradation(.randomMasks)
        func mask(seed: UInt64) -> Tensor {
            var generator = Generator(seed: seed, purpose: "masks")
            return degradation.mask(count: 4, height: 16, width: 16, using: &generator)
        }
        #expect(mask(seed: 1).isIdentical(to: mask(seed: 1)))
        #expect(!mask(seed: 1).isIdentical(to: mask(seed: 2)))
    }

    @Test(arguments: Degradation.Kind.allCases.filter { $0 != .randomMasks })
    mutating func otherKindsTakeNothingFromTheGenerator(kind: Degradation.Kind) {
        let images = images()
        var before = generator
        _ = Degradation(kind)(images, using: &generator)
        #expect(before.next() == generator.next())
    }

    /// PyTorch's interpolation and pooling: see Tools/reference/degradations_golden.py.
    @Test(arguments: ["nearest", "bilinear", "colourisation"])
    func coarserAndGreyImagesEqualTheReference(name: String) throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/degradations.safetensors")
        let file = try SafetensorsFile(url)
        func tensor(_ name: String) throws -> Tensor {
            let entry = try #require(file.entries[name])
            return try withExtendedLifetime(file) {
                Tensor(copying: try file.bytes(of: name), shape: entry.shape, type: .float32)
            }
        }
        var degradation = Degradation(name == "colourisation" ? .colourisation : .superResolution)
        degradation.interpolation = Interpolation(rawValue: name) ?? .nearest
        var generator = Generator(seed: 0, purpose: "test")
        let degraded = degradation(try tensor("images"), using: &generator)
        #expect((degraded.images - (try tensor(name))).abs().max().item < 1e-6)
        #expect(hidden(degraded.mask) == [48, 48])
    }

    @Test(arguments: [
        ("inpainting", 1.0, 0.5, 4, 2, 28, "'center' is 1.0; it must lie between 0 and 1."),
        (
            "outpainting", 0.01, 0.5, 4, 2, 28,
            "'center' 0.01 of 28 × 28 pixels is nothing or everything. Choose one nearer to 0.5."
        ),
        ("random-masks", 0.5, -0.5, 4, 2, 28, "'share' is -0.5; it must lie between 0 and 1."),
        ("random-masks", 0.5, 0.5, 5, 2, 28, "'cell' is 5; it must divide the images' 28 × 28 pixels."),
        (
            "random-masks", 0.5, 0.5, 28, 2, 28,
            "'share' 0.5 of 1 squares is none or all of them. Choose a smaller 'cell'."
        ),
        (
            "super-resolution", 0.5, 0.5, 4, 3, 28,
            "'factor' is 3; it must be at least 2 and divide the images' 28 × 28 pixels."
        ),
        ("colourisation", 0.5, 0.5, 4, 2, 28, "The images have 1 channel(s); colours need 3."),
        ("inpainting", 0.5, 0.5, 4, 2, 28, nil),
    ])
    func whatDoesNotFitIsAnswered(
        kind: String, center: Double, share: Double, cell: Int, factor: Int, side: Int, sentence: String?
    ) throws {
        var degradation = Degradation(try #require(Degradation.Kind(rawValue: kind)))
        (degradation.center, degradation.share) = (center, share)
        (degradation.cell, degradation.factor) = (cell, factor)
        #expect(degradation.problem(channels: 1, height: side, width: side) == sentence)
    }

    @Test func aDegradationSurvivesItsRecord() throws {
        var degradation = Degradation(.superResolution)
        (degradation.factor, degradation.interpolation) = (4, .bilinear)
        let json = try JSONValue(encoding: degradation)
        #expect(json["kind"] == "super-resolution")
        #expect(try json.decode(Degradation.self) == degradation)
    }
}
