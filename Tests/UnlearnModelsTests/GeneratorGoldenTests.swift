// Features, pictures, loss and every gradient of image-to-image models against diffusers, transformers and PyTorch.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

/// A narrow model with what the reference computes from it: see Tools/reference/generators_golden.py.
struct GoldenGenerator {
    let folder: URL
    let json: JSONValue
    let tensors: GoldenTensors

    init(_ name: String) throws {
        folder = packageRoot.appending(path: "Tests/Golden/generators/\(name)")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try GoldenTensors(folder.appending(path: "golden.safetensors"))
    }

    func model() throws -> any ImageToImageModel { try GeneratorDirectory.load(folder) }

    /// The images with nothing missing.
    func input() throws -> DegradedImages {
        // With channels last in memory, as images are read.
        let images = try tensors["input.images"].permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
        return DegradedImages(
            images: images, mask: .zeros([images.shape[0], 1, images.shape[2], images.shape[3]]))
    }

    /// The results by name, their weighted sum, and its gradients with respect to `names`.
    func expect(_ results: [(name: String, value: Tensor)], of model: any ImageToImageModel) throws {
        for (name, value) in results {
            let expected = try tensors["result.\(name)"]
            #expect(value.shape == expected.shape, "\(name)")
            let holds = Tolerance.logits.holds(value.scalars(Float.self), expected.scalars(Float.self))
            #expect(holds, "\(name)")
        }
        let terms = try results.map { try ($0.value * tensors["weight.\($0.name)"]).sum() }
        let loss = Tensor.stack(terms).sum()
        #expect(Tolerance.generatorLoss.holds([loss.item], [Float(try #require(json["loss"]?.double))]))
        let names = model.parameters.trainableNames
        for (name, gradient) in zip(names, loss.gradients(of: names.map { model.parameters[$0] })) {
            let found = try #require(gradient, "no gradient for \(name)").scalars(Float.self)
            let expected = try tensors["gradient.\(name)"].scalars(Float.self)
            #expect(Tolerance.generatorGradients.holds(found, expected), "\(name)")
        }
        #expect(names.count == tensors.names.count { $0.hasPrefix("gradient.") })
    }
}

/// The tensors of a golden file by name.
struct GoldenTensors {
    private let file: SafetensorsFile

    init(_ url: URL) throws { file = try SafetensorsFile(url) }

    var names: [String] { file.names }

    subscript(_ name: String) -> Tensor {
        get throws {
            let entry = try #require(file.entries[name], "no tensor '\(name)'")
            return try withExtendedLifetime(file) {
                Tensor(copying: try file.bytes(of: name), shape: entry.shape, type: .float32)
            }
        }
    }
}

extension Tolerance {
    static let generatorLoss = Tolerance(relative: 1e-4, absolute: 1e-5)
    static let generatorGradients = Tolerance(relative: 1e-3, absolute: 2e-5)
}

@Suite struct GeneratorGoldenTests {
    @Test(arguments: ["tiny-autoencoder", "tiny-autoencoder-norm"])
    func tinyAutoencodersEqualTheReference(name: String) throws {
        let golden = try GoldenGenerator(name)
        let model = try golden.model()
        model.parameters.train(Set(model.parameters.trainableNames))
        let input = try golden.input()
        let features = model.encode(input)
        try golden.expect(
            [("features", features.deepest), ("pictures", model.decode(features, for: input))], of: model)
    }

    @Test func maskedAutoencodersEqualTheReference() throws {
        let golden = try GoldenGenerator("masked-autoencoder")
        let model = try golden.model()
        model.parameters.train(Set(model.parameters.trainableNames))
        let input = DegradedImages(images: try golden.tensors["input.images"], mask: try golden.tensors["mask"])
        let features = model.encode(input)
        try golden.expect(
            [("features", features.deepest), ("pictures", model.decode(features, for: input))], of: model)
    }

    /// What hides a square hides all of it: the encoder does not see its pixels.
    @Test func hiddenSquaresAreNotRead() throws {
        let golden = try GoldenGenerator("masked-autoencoder")
        let model = try golden.model()
        let (images, mask) = (try golden.tensors["input.images"], try golden.tensors["mask"])
        let input = DegradedImages(images: images, mask: mask)
        let changed = DegradedImages(images: images + mask * 0.5, mask: mask)
        #expect(model.encode(input).deepest.isIdentical(to: model.encode(changed).deepest))
    }

    @Test func positionsOfNewMaskedAutoencodersEqualTheReference() throws {
        let golden = try GoldenGenerator("masked-autoencoder")
        let json = try JSONValue(contentsOf: golden.folder.appending(path: "config.json"))
        let model = try GeneratorDirectory.make(json, using: Generator(seed: 0, purpose: "test"))
        for (name, key) in [
            ("vit.embeddings.position_embeddings", "positions.encoder"),
            ("decoder.decoder_pos_embed", "positions.decoder"),
        ] {
            let found = model.parameters[name].scalars(Float.self)
            #expect(Tolerance.parameters.holds(found, try golden.tensors[key].scalars(Float.self)), "\(name)")
            #expect(model.parameters.bufferNames.contains(name))
        }
    }

    @Test func vectorQuantizedModelsEqualTheReference() throws {
        let golden = try GoldenGenerator("vqgan")
        let model = try #require(try golden.model() as? VQGAN)
        model.parameters.train(Set(model.parameters.trainableNames))
        let input = try golden.input()
        let features = model.encode(input)
        try golden.expect(
            [
                ("features", features.deepest), ("pictures", model.decode(features, for: input)),
                ("codebookLoss", model.codebookLoss(features)),
            ], of: model)
    }

    private func noisyInput(_ golden: GoldenGenerator) throws -> DegradedImages {
        DegradedImages(
            images: try golden.tensors["input.images"], mask: try golden.tensors["mask"],
            noised: NoisedImages(images: try golden.tensors["noised"], steps: [3, 17]))
    }

    @Test func diffusionModelsEqualTheReference() throws {
        let golden = try GoldenGenerator("diffusion-inpainter")
        let model = try golden.model()
        model.parameters.train(Set(model.parameters.trainableNames))
        let input = try noisyInput(golden)
        let features = model.encode(input)
        // The entry, a block, a halving, a block.
        #expect(features.skips.count == 4)
        try golden.expect([("noise", model.decode(features, for: input))], of: model)
    }

    @Test func noisedImagesEqualTheReference() throws {
        let golden = try GoldenGenerator("diffusion-inpainter")
        let model = try #require(try golden.model() as? DiffusionInpainter)
        let noised = model.numbers.schedule.noised(
            try golden.tensors["input.clean"], at: [3, 17], with: try golden.tensors["input.start"])
        let expected = try golden.tensors["noised"].scalars(Float.self)
        #expect(Tolerance.logits.holds(noised.images.scalars(Float.self), expected))
    }

    @Test func velocitiesEqualTheReference() throws {
        let golden = try GoldenGenerator("diffusion-inpainter")
        let schedule = NoiseSchedule(stepCount: 20, variances: 0.01...0.3, prediction: .velocity)
        let noised = NoisedImages(images: try golden.tensors["noised"], steps: [3, 17])
        let velocities = schedule.target(in: noised, of: try golden.tensors["input.clean"])
        let expected = try golden.tensors["velocity"].scalars(Float.self)
        #expect(Tolerance(relative: 1e-4, absolute: 1e-5).holds(velocities.scalars(Float.self), expected))
    }

    @Test(arguments: [(Sampler.ddim, 5), (.ddpm, 4)], Prediction.allCases)
    func picturesFromGivenNoiseEqualTheReference(_ sampled: (sampler: Sampler, steps: Int), prediction: Prediction)
        throws
    {
        let (sampler, steps) = sampled
        let golden = try GoldenGenerator("diffusion-inpainter")
        var numbers = try #require(try golden.model() as? DiffusionInpainter).numbers
        (numbers.redrawingSteps, numbers.sampler) = (steps, sampler)
        let schedule = numbers.schedule
        numbers.schedule = NoiseSchedule(
            stepCount: schedule.stepCount, variances: schedule.variances, prediction: prediction)
        let weights = try golden.model().parameters
        let model = try DiffusionInpainter(numbers, Weights(using: Generator(seed: 0, purpose: "test")))
        for name in weights.names { model.parameters[name].copy(from: weights[name]) }
        let fresh = try golden.tensors["input.fresh"]
        var taken = 0
        let pictures = model.redraw(try noisyInput(golden), from: try golden.tensors["input.start"]) {
            taken += 1
            return fresh.narrow(0, from: taken - 1, count: 1).reshape([2, 1, 8, 8])
        }
        #expect(taken == (sampler == .ddpm ? steps - 1 : 0))
        let name = (prediction == .noise ? "" : "velocity.") + sampler.rawValue
        let expected = try golden.tensors[name].scalars(Float.self)
        #expect(Tolerance(relative: 1e-3, absolute: 1e-4).holds(pictures.scalars(Float.self), expected))
    }

    @Test(.enabled(if: taef2 != nil, "UNLEARN_TEST_DATA names no folder with i2i/taef2_encoder.safetensors"))
    func publishedTAEF2WeightsDrawWhatTheyDrawInPyTorch() throws {
        let folder = packageRoot.appending(path: "Tests/Golden/generators")
        let golden = try GoldenTensors(folder.appending(path: "taef2.safetensors"))
        let norms = try #require(
            try JSONValue(contentsOf: folder.appending(path: "taef2.json"))["gradientNorms"]?.object)
        let model = try GeneratorDirectory.load(try #require(taef2))
        #expect(model.parameters.scalarCount == 2_677_027)
        let images = try golden["input.images"]
        let input = DegradedImages(images: images, mask: .zeros([1, 1, 32, 32]))
        let parameters = model.parameters.train(Set(model.encoderNames))
        let features = model.encode(input)
        let pictures = model.decode(features, for: input)
        for (name, found) in [("features", features.deepest), ("pictures", pictures)] {
            let expected = try golden["result.\(name)"].scalars(Float.self)
            #expect(Tolerance(relative: 1e-3, absolute: 1e-4).holds(found.scalars(Float.self), expected), "\(name)")
        }
        let gradients = (pictures - images).square().mean().gradients(of: parameters)
        for (name, gradient) in zip(model.encoderNames, gradients) {
            let norm = try #require(gradient).square().sum().sqrt().item
            let expected = Float(try #require(norms[name]?.double))
            #expect(abs(norm - expected) <= 2e-3 * expected, "\(name)")
        }
        #expect(norms.count == model.encoderNames.count)
    }
}

/// The folder with TAEF2's published weights, if there is one.
private let taef2: URL? = {
    guard let data = ProcessInfo.processInfo.environment["UNLEARN_TEST_DATA"] else { return nil }
    let folder = URL(filePath: data).appending(path: "i2i")
    let file = folder.appending(path: "taef2_encoder.safetensors")
    return FileManager.default.fileExists(atPath: file.path) ? folder : nil
}()
