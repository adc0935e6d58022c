// Image-to-image models on disk and in memory: what is saved, which parameters are whose, what config.json may say.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@Suite struct GeneratorTests {
    private func small() throws -> TinyAutoencoder {
        let numbers = TinyAutoencoderConfiguration(
            inputShape: ImageShape(channels: 1, height: 28, width: 28), latentChannels: 8, encoderWidths: [4, 6, 8],
            decoderWidths: [8, 6, 4], encoderBlocks: [0, 1, 1], decoderBlocks: [1, 1, 0], hasMiddleNorm: true)
        return try TinyAutoencoder(numbers, Weights(using: Generator(seed: 1, purpose: "test")))
    }

    private func input(_ count: Int = 3) -> DegradedImages {
        var generator = Generator(seed: 2, purpose: "images")
        let images = Tensor.uniform([count, 1, 28, 28], bound: 1, using: &generator)
        return Degradation(.inpainting)(images, using: &generator)
    }

    @Test func aSavedModelIsTheSameModelAndKeepsItsTask() throws {
        let model = try small()
        let folder = try TemporaryFolder()
        var task = Degradation(.randomMasks)
        task.share = 0.75
        try GeneratorDirectory.save(model, degradation: task, to: folder.url)
        let loaded = try GeneratorDirectory.load(folder.url)
        #expect(loaded.parameters.names == model.parameters.names)
        for name in model.parameters.names {
            #expect(loaded.parameters[name].isIdentical(to: model.parameters[name]), "\(name)")
        }
        #expect(loaded.configuration == model.configuration)
        #expect(try GeneratorDirectory.degradation(in: folder.url) == task)
    }

    @Test func everyParameterIsTheEncodersOrTheDecoders() throws {
        let model = try small()
        #expect(model.encoderNames.first == "encoder.layers.0.weight")
        #expect(model.decoderNames.first == "decoder.layers.0.weight")
        #expect(Set(model.encoderNames + model.decoderNames) == Set(model.parameters.names))
        #expect(model.encoderNames.count + model.decoderNames.count == model.parameters.names.count)
    }

    @Test func trainingTheEncoderLeavesTheDecoderBitwiseUnchanged() throws {
        let model = try small()
        let original = try model.copy()
        let parameters = model.parameters.train(Set(model.encoderNames))
        let optimizer = AdamW(parameters, AdamWOptions())
        let input = input()
        var losses: [Float] = []
        for _ in 0..<20 {
            let target = withoutRecording { original.encode(input).deepest * -1 }
            let loss = (model.encode(input).deepest - target).square().mean()
            losses.append(loss.item)
            optimizer.step(loss.gradients(of: parameters), learningRate: 1e-2)
        }
        #expect(losses[19] < losses[0] / 2)
        for name in model.decoderNames {
            #expect(model.parameters[name].isIdentical(to: original.parameters[name]), "\(name)")
        }
        #expect(
            !model.parameters["encoder.layers.0.weight"].isIdentical(to: original.parameters["encoder.layers.0.weight"])
        )
    }

    /// Pictures of one grey each, whose middle is missing: a guess without the rest would be off by their variance.
    @Test func aNewModelLearnsToFillAHole() throws {
        let model = try small()
        let greys = (0..<8).map { Float($0) * 0.2 - 0.7 }
        let originals = Tensor(greys, shape: [8, 1, 1, 1]).expand([8, 1, 28, 28])
        var generator = Generator(seed: 0, purpose: "test")
        let input = Degradation(.inpainting)(originals, using: &generator)
        let parameters = model.parameters.train(Set(model.parameters.trainableNames))
        let optimizer = AdamW(parameters, AdamWOptions())
        var error: Float = .infinity
        for _ in 0..<150 {
            let squares = ((model.decode(model.encode(input), for: input) - originals) * input.mask).square()
            let loss = squares.sum() / input.mask.sum()
            error = loss.item
            optimizer.step(loss.gradients(of: parameters), learningRate: 5e-3)
        }
        let variance = greys.reduce(0) { $0 + $1 * $1 } / 8
        #expect(error < variance / 20)
    }

    @Test func redrawingKeepsThePixelsThatAreThere() throws {
        let model = try small()
        let input = input()
        var generator = Generator(seed: 0, purpose: "test")
        let pictures = model.redraw(input, using: &generator)
        #expect(pictures.shape == [3, 1, 28, 28])
        let known = input.mask * -1 + 1
        #expect(((pictures - input.images) * known).abs().max().item == 0)
        #expect(pictures.abs().max().item <= 1)
        #expect((pictures * input.mask).abs().max().item > 0)
    }

    @Test func itReadsSizesThatItsStagesDivide() throws {
        let model = try small()
        #expect(model.reads(ImageShape(channels: 1, height: 32, width: 20)))
        #expect(!model.reads(ImageShape(channels: 1, height: 30, width: 28)))
        #expect(!model.reads(ImageShape(channels: 3, height: 28, width: 28)))
    }

    @Test(arguments: [
        (
            #"{"model_type": "autoencoder_tiny", "sample_size": 30}"#,
            "the configuration: 'sample_size' is missing or is not a multiple of 8, by which 4 stages divide the size. "
                + "Check that the file belongs to the model."
        ),
        (
            #"{"_class_name": "AutoencoderTiny", "act_fn": "silu"}"#,
            "the configuration: act_fn 'silu' is not supported. Supported is 'relu'."
        ),
        (
            #"{"_class_name": "AutoencoderTiny", "num_encoder_blocks": [1, 1]}"#,
            "the configuration: 'num_encoder_blocks' is missing or is not a list as long as "
                + "encoder_block_out_channels, which is 4. Check that the file belongs to the model."
        ),
        (
            #"{"_class_name": "AutoencoderTiny", "num_decoder_blocks": [1, -1]}"#,
            "the configuration: 'num_decoder_blocks' is missing or is not a list of one to eight whole numbers "
                + "from 0 on. Check that the file belongs to the model."
        ),
    ])
    func aWrongConfigurationIsAnswered(json: String, sentence: String) throws {
        let error = #expect(throws: ModelError.self) {
            try GeneratorDirectory.make(JSONValue(parsing: json), using: Generator(seed: 0, purpose: "test"))
        }
        #expect(error?.description == sentence)
    }

    @Test func anUnknownKindIsAnsweredWithTheKnownOnes() throws {
        let error = #expect(throws: ModelError.self) {
            try GeneratorDirectory.make(["model_type": "resnet"], using: Generator(seed: 0, purpose: "test"))
        }
        let known = ArchitectureCatalog.generators.compactMap(\.modelTypes.first)
        #expect(error == .architecture("resnet", path: "the configuration", known: known))
    }
}

@Suite struct MaskedAutoencoderTests {
    private func model(mean: [Double]? = nil, deviation: [Double]? = nil) throws -> MaskedAutoencoder {
        let numbers = MaskedAutoencoderConfiguration(
            channelCount: 1, imageSize: 8, patchSize: 4,
            encoder: .init(width: 8, layerCount: 1, headCount: 2, feedForwardWidth: 8),
            decoder: .init(width: 8, layerCount: 1, headCount: 2, feedForwardWidth: 8), imageMean: mean,
            imageDeviation: deviation)
        return try MaskedAutoencoder(numbers, Weights(using: Generator(seed: 1, purpose: "test")))
    }

    @Test func itSaysWhichTasksItHas() throws {
        let model = try model()
        #expect(model.problem(for: Degradation(.inpainting)) == nil)
        #expect(model.problem(for: Degradation(.randomMasks)) == nil)
        var small = Degradation(.randomMasks)
        small.cell = 2
        #expect(
            model.problem(for: small)
                == "'cell' is 2; for this model it must be a multiple of its squares' side, 4 pixels.")
        #expect(
            model.problem(for: Degradation(.colourisation))
                == "A masked auto-encoder reads the squares in which nothing is missing, and "
                + "'colourisation' leaves none."
        )
    }

    /// Images of 0…1 less their mean, divided by their deviation, is what such a model reads and draws.
    @Test func normalisationIsUndoneInWhatItDraws() throws {
        let (plain, normalised) = (try model(), try model(mean: [0.25], deviation: [0.125]))
        var generator = Generator(seed: 1, purpose: "images")
        let images = Tensor.uniform([2, 1, 8, 8], bound: 1, using: &generator)
        let degraded = Degradation(.randomMasks)(images, using: &generator)
        let normal = DegradedImages(images: (degraded.images * 0.5 + 0.25) * 8, mask: degraded.mask)
        let features = (normalised.encode(degraded), plain.encode(normal))
        #expect((features.0.deepest - features.1.deepest).abs().max().item < 1e-5)
        let drawn = (normalised.decode(features.0, for: degraded), plain.decode(features.1, for: normal))
        #expect((drawn.0 - ((drawn.1 * 0.125 + 0.25) * 2 + -1)).abs().max().item < 1e-5)
    }

    @Test func normalisationIsReadFromItsOwnFile() throws {
        let folder = try TemporaryFolder()
        try GeneratorDirectory.save(try model(), to: folder.url)
        var json = try JSONValue(contentsOf: folder.url.appending(path: "config.json"))
        (json["image_mean"], json["image_std"]) = (nil, nil)
        try json.write(to: folder.url.appending(path: "config.json"))
        let preprocessor: JSONValue = ["image_mean": [0.25], "image_std": [0.125]]
        try preprocessor.write(to: folder.url.appending(path: "preprocessor_config.json"))
        let loaded = try GeneratorDirectory.load(folder.url)
        #expect(loaded.configuration["image_mean"] == [0.25] && loaded.configuration["image_std"] == [0.125])
    }

    @Test func modelsOfNormalisedSquaresAreAnswered() throws {
        let error = #expect(throws: ModelError.self) {
            try GeneratorDirectory.make(
                ["model_type": "vit_mae", "norm_pix_loss": true], using: Generator(seed: 0, purpose: "test"))
        }
        #expect(
            error?.description
                == "the configuration: norm_pix_loss true is not supported. Such a model draws each square without "
                + "its own brightness and contrast, which only the original has.")
    }
}

@Suite struct VQGANTests {
    private func model() throws -> VQGAN {
        let numbers = VQGANConfiguration(
            inputChannels: 1, outputChannels: 1, resolution: 8, width: 4, multipliers: [1, 2], blocksPerStage: 1,
            attentionResolutions: [], latentChannels: 4, codeWidth: 3, codeCount: 5, normGroups: 2)
        return try VQGAN(numbers, Weights(using: Generator(seed: 1, purpose: "test")))
    }

    @Test func theCodebookIsTheDecoders() throws {
        let model = try model()
        #expect(model.decoderNames.contains("quantize.embedding.weight"))
        #expect(model.decoderNames.contains("post_quant_conv.weight"))
        #expect(model.encoderNames.contains("quant_conv.weight"))
    }

    @Test func codesAreTheNearestEntries() throws {
        let model = try model()
        let entries = model.codebook
        // The entries themselves, moved by less than half of what lies between any two of them.
        let places: [Int64] = [3, 1, 0, 4, 2, 2]
        let features = (entries.select(Tensor(places)) + 1e-4).reshape([1, 2, 3, 3]).permute([0, 3, 1, 2])
        #expect(model.codes(ImageFeatures(features)).scalars(Int64.self) == places)
    }

    @Test func noGradientReachesTheCodebookThroughPictures() throws {
        let model = try model()
        model.parameters.train(Set(model.parameters.trainableNames))
        let images = Tensor.zeros([1, 1, 8, 8])
        let input = DegradedImages(images: images, mask: images)
        let gradients = model.decode(model.encode(input), for: input).sum()
            .gradients(of: [model.codebook, model.parameters["quant_conv.bias"]])
        #expect(gradients[0] == nil && gradients[1] != nil)
    }
}

@Suite struct DiffusionInpainterTests {
    private func model() throws -> DiffusionInpainter {
        let numbers = DiffusionInpainterConfiguration(
            inputShape: ImageShape(channels: 1, height: 8, width: 8), widths: [4, 8], hasAttention: [false, true],
            blocksPerStage: 1, headWidth: 4, normGroups: 2,
            schedule: NoiseSchedule(stepCount: 20, variances: 0.01...0.3, prediction: .velocity), redrawingSteps: 3)
        return try DiffusionInpainter(numbers, Weights(using: Generator(seed: 1, purpose: "test")))
    }

    @Test func redrawingDependsOnTheGeneratorAloneAndKeepsKnownPixels() throws {
        let model = try model()
        var generator = Generator(seed: 1, purpose: "images")
        let images = Tensor.uniform([2, 1, 8, 8], bound: 1, using: &generator)
        let input = Degradation(.inpainting)(images, using: &generator)
        func pictures(_ seed: UInt64) -> Tensor {
            var generator = Generator(seed: seed, purpose: "redraw")
            return model.redraw(input, using: &generator)
        }
        #expect(pictures(1).isIdentical(to: pictures(1)))
        #expect(!pictures(1).isIdentical(to: pictures(2)))
        #expect(((pictures(1) - images) * (input.mask * -1 + 1)).abs().max().item == 0)
    }

    @Test func itIsSavedWithItsSchedule() throws {
        let model = try model()
        let folder = try TemporaryFolder()
        try GeneratorDirectory.save(model, to: folder.url)
        let loaded = try #require(try GeneratorDirectory.load(folder.url) as? DiffusionInpainter)
        #expect(loaded.numbers == model.numbers)
        #expect(loaded.parameters.names == model.parameters.names)
    }

    /// Half as many steps go twice as far, and all end at the first.
    @Test func placesLieAtEvenDistances() {
        let schedule = NoiseSchedule(stepCount: 20, variances: 0.01...0.3)
        #expect(schedule.places(4) == [15, 10, 5, 0])
        #expect(schedule.places(100) == Array((0..<20).reversed()))
    }

    /// Whoever knows the noise or the velocity has the image back in one step, if it lies within −1…1.
    @Test(arguments: Prediction.allCases) func theNoiseThatWasPutInIsTakenOut(prediction: Prediction) {
        let schedule = NoiseSchedule(stepCount: 20, variances: 0.01...0.3, prediction: prediction)
        var generator = Generator(seed: 1, purpose: "test")
        let images = Tensor.uniform([2, 1, 4, 4], bound: 0.9, using: &generator)
        let noise = Tensor.normal([2, 1, 4, 4], using: &generator)
        for step in [0, 7, 19] {
            let noised = schedule.noised(images, at: [step, step], with: noise)
            let found = schedule.target(in: noised, of: images)
            let back = schedule.earlier(noised.images, found: found, at: step, to: -1, by: .ddim) { noise }
            #expect((back - images).abs().max().item < 1e-4)
        }
    }

    @Test func theTimeEmbeddingStaysWithTheDecoder() throws {
        let model = try model()
        #expect(model.decoderNames.contains("time_embedding.linear_1.weight"))
        #expect(model.encoderNames.contains("mid_block.resnets.0.time_emb_proj.weight"))
    }
}
