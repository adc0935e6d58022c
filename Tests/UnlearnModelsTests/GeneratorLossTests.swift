// What the training of each kind of image-to-image model minimises, against PyTorch, diffusers and transformers: see
// Tools/reference/generator_losses_golden.py; and new models of each kind.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@Suite struct GeneratorLossTests {
    private func expect(_ name: String, _ originals: Tensor, _ input: DegradedImages) throws {
        let golden = try GoldenGenerator(name)
        let file = golden.folder.deletingLastPathComponent().appending(path: "losses.json")
        let expected = try #require(try JSONValue(contentsOf: file)["losses"]?[name]?.object)
        let model = try golden.model()
        let losses = model.losses(model.encode(input), of: originals, for: input, wholeWeight: 0.25)
        #expect(losses.map(\.name) == Array(expected.keys))
        for loss in losses {
            let value = Float(try #require(expected[loss.name]?.double))
            #expect(Tolerance.generatorLoss.holds([loss.value.item], [value]), "\(loss.name)")
            #expect(loss.weight == (loss.name == "whole" ? 0.25 : 1))
        }
    }

    @Test(arguments: ["tiny-autoencoder", "vqgan"]) func lossesOfPicturesEqualTheReference(name: String) throws {
        let images = try GoldenGenerator(name).tensors["input.images"]
        var generator = Generator(seed: 0, purpose: "unused")
        let mask = Degradation(.inpainting).mask(
            count: images.shape[0], height: images.shape[2], width: images.shape[3], using: &generator)
        try expect(name, images, DegradedImages(images: images, mask: mask))
    }

    @Test func lossesOfHiddenSquaresEqualTheReference() throws {
        let tensors = try GoldenGenerator("masked-autoencoder").tensors
        let images = try tensors["input.images"]
        try expect("masked-autoencoder", images, DegradedImages(images: images, mask: try tensors["mask"]))
    }

    /// The noise is not handed over: it follows from the noisy images and from those without noise.
    @Test func lossesOfNoiseEqualTheReference() throws {
        let tensors = try GoldenGenerator("diffusion-inpainter").tensors
        let noised = NoisedImages(images: try tensors["noised"], steps: [3, 17])
        try expect(
            "diffusion-inpainter", try tensors["input.clean"],
            DegradedImages(images: try tensors["input.images"], mask: try tensors["mask"], noised: noised))
    }

    /// A square of which a pixel is missing is hidden whole, and all of its pixels count.
    @Test func squaresThatAreMissingInPartCountWhole() throws {
        let model = try GoldenGenerator("masked-autoencoder").model()
        let images = try GoldenGenerator("masked-autoencoder").tensors["input.images"]
        var corner = [Float](repeating: 0, count: 64)
        corner[0] = 1
        let mask = Tensor(corner, shape: [1, 1, 8, 8]).expand([2, 1, 8, 8])
        let input = DegradedImages(images: images, mask: mask)
        let features = model.encode(input)
        let drawn = model.decode(features, for: input).narrow(2, from: 0, count: 2).narrow(3, from: 0, count: 2)
        let squares = (drawn - images.narrow(2, from: 0, count: 2).narrow(3, from: 0, count: 2)).square()
        let loss = model.losses(features, of: images, for: input, wholeWeight: 0)[0].value.item
        #expect(abs(loss - squares.mean().item) < 1e-5)
    }

    @Test func trainingShowsADiffusionModelTheOriginalsAtMomentsOfTheirNoising() throws {
        let model = try GoldenGenerator("diffusion-inpainter").model()
        let images = Tensor.zeros([64, 1, 8, 8]) + 0.5
        func shown(_ seed: UInt64) -> DegradedImages {
            var generator = Generator(seed: seed, purpose: "test")
            return model.shown(Degradation(.inpainting)(images, using: &generator), of: images, using: &generator)
        }
        let noised = try #require(shown(1).noised)
        #expect(Set(noised.steps).count > 15 && noised.steps.allSatisfy { (0..<20).contains($0) })
        #expect(try #require(shown(1).noised).images.isIdentical(to: noised.images))
        #expect(try #require(shown(2).noised).steps != noised.steps)
        // Known pixels are not read, so that what is found there counts for nothing.
        let errors = model.errors(Tensor.zeros(images.shape) + 7, of: images, for: shown(1))
        #expect((errors * (shown(1).mask * -1 + 1)).abs().max().item == 0)
        #expect((errors * shown(1).mask).abs().max().item > 3)
    }
}

@Suite struct GeneratorDesignTests {
    private func images(_ width: Int, _ height: Int, channels: Int = 1) -> ImageSet {
        ImageSet(
            width: width, height: height, channels: channels,
            pixels: [UInt8](repeating: 0, count: width * height * channels), labels: [0], names: ["0"],
            classNames: ["a", "b"])
    }

    @Test(arguments: GeneratorDesign.Kind.allCases, [28, 32, 64])
    func everyKindReadsTheImagesThatItIsMadeFor(kind: GeneratorDesign.Kind, side: Int) throws {
        var design = GeneratorDesign()
        design.kind = kind
        let images = images(side, side, channels: side == 28 ? 1 : 3)
        #expect(design.problem() == nil && design.problem(for: images) == nil)
        let json = design.configuration(for: images)
        let file = ConfigurationFile(path: "config.json", json: json)
        #expect(try ArchitectureCatalog.generator(for: file).name == kind.rawValue)
        let model = try GeneratorDirectory.make(json, using: Generator(seed: 0, purpose: "test"))
        #expect(model.reads(ImageShape(channels: images.channels, height: side, width: side)))
        #expect(model.problem(for: Degradation(.inpainting)) == nil)
        #expect(model.outputChannels == images.channels)
    }

    @Test(arguments: [(28, 0.5, 7), (32, 0.5, 4), (64, 0.5, 8), (28, 0.25, 4)])
    func squaresAreWholeOrHiddenWhereTheyCanBe(side: Int, center: Double, patch: Int) {
        var (design, degradation) = (GeneratorDesign(), Degradation(.inpainting))
        (design.kind, degradation.center) = (.maskedAutoencoder, center)
        let json = design.configuration(for: images(side, side), undoing: degradation)
        #expect(json["patch_size"] == .int(patch))
    }

    @Test func choicesOfOtherKindsAndOtherImagesAreRefused() {
        var design = GeneratorDesign()
        (design.kind, design.codes) = (.diffusionInpainter, 64)
        #expect(design.problem() == OptionProblem("codes", "it is for vqgan, and 'kind' is diffusion-inpainter"))
        (design.codes, design.width) = (0, 5)
        #expect(design.problem() == OptionProblem("width", "for a diffusion-inpainter it is an even number"))
        design.kind = .maskedAutoencoder
        #expect(design.problem() == OptionProblem("width", "for a vit-mae it is a multiple of 8"))
        #expect(
            design.problem(for: images(28, 20))
                == OptionProblem("kind", "a vit-mae needs square images, and these have 28 × 20 pixels"))
        (design.width, design.patch) = (0, 5)
        #expect(
            design.problem(for: images(28, 28)) == OptionProblem("patch", "it must divide the images' 28 × 28 pixels"))
    }
}
