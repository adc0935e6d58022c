// A whole run of perturbed-distillation against PyTorch: see Tools/reference/generator_distillation_golden.py.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct DistillationGoldenTests {
    private let golden: GoldenImages
    private let model: any ImageToImageModel

    init() throws {
        golden = try GoldenImages("generator-distillation")
        model = try GeneratorDirectory.load(
            URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Golden/generator-distillation"))
    }

    private func session(onStep: @escaping (StepEvent) -> Void = { _ in }) throws -> GeneratorSession {
        let rate = try #require(golden.json["learningRate"]?.double)
        // Batches that hold everything: the order of the pictures decides nothing.
        return GeneratorSession(
            model: model, images: golden.images, degradation: Degradation(.inpainting), forget: golden.forget,
            retain: golden.retain, phase: Phase(.adam, learningRate: rate, epochs: 3, batchSize: 8, weightDecay: 0),
            seed: 0, onStep: onStep)
    }

    @Test func perturbedDistillationEqualsPyTorchs() throws {
        var method = PerturbedDistillation()
        method.encoderShare = try #require(golden.json["encoderShare"]?.double)
        method.decoderShare = try #require(golden.json["decoderShare"]?.double)
        var events: [StepEvent] = []
        try method.unlearn(session { events.append($0) })
        let expected = try #require(golden.json["runs"]?["perturbed-distillation"]?.array)
        #expect(events.count == expected.count)
        for (event, terms) in zip(events, expected) {
            #expect(event.terms.count == 3)
            for (term, value) in event.terms {
                let wanted = try #require(terms[term]?.double)
                #expect(abs(value - wanted) <= 1e-4 * abs(wanted), "\(term) at step \(event.step)")
            }
        }
        for parameter in model.parameters.names {
            let wanted = try golden.values("perturbed-distillation.\(parameter)")
            let found = model.parameters[parameter].scalars(Float.self)
            #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 5e-5 }, "\(parameter)")
        }
    }

    /// A share of 1 leaves nothing of the old parameters, one of 0 everything.
    @Test func theSharesSayHowMuchIsDrawnAnew() throws {
        let old = try model.copy()
        let session = try session()
        try session.mixFresh(encoder: 0, decoder: 1)
        for name in model.encoderNames {
            #expect(model.parameters[name].isIdentical(to: old.parameters[name]), "\(name)")
        }
        let once = try model.copy()
        try session.mixFresh(encoder: 1, decoder: 1)
        // Of one seed, the decoder is drawn the same again.
        for name in model.decoderNames {
            #expect(model.parameters[name].isIdentical(to: once.parameters[name]), "\(name)")
        }
        #expect(model.parameters.trainableNames.contains { !model.parameters[$0].isIdentical(to: old.parameters[$0]) })
    }
}
