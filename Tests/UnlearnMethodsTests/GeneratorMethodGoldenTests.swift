// Whole runs of the methods for models that redraw pictures against PyTorch: see
// Tools/reference/generator_methods_golden.py; and what the methods do.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct GeneratorMethodGoldenTests {
    private let golden: GoldenImages
    private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/generator-methods")

    init() throws { golden = try GoldenImages("generator-methods") }

    private func run(
        _ method: any GeneratorMethod, seed: UInt64 = 0
    ) throws -> (model: any ImageToImageModel, events: [StepEvent]) {
        let model = try GeneratorDirectory.load(folder)
        let rate = try #require(golden.json["learningRate"]?.double)
        // Batches that hold everything: the order of the pictures decides nothing.
        let phase = Phase(.adam, learningRate: rate, epochs: 3, batchSize: 8, weightDecay: 0)
        var events: [StepEvent] = []
        try method.unlearn(
            GeneratorSession(
                model: model, images: golden.images, degradation: Degradation(.inpainting), forget: golden.forget,
                retain: golden.retain, phase: phase, seed: seed, onStep: { events.append($0) }))
        return (model, events)
    }

    private func compare(_ name: String, _ method: any GeneratorMethod) throws {
        let (model, events) = try run(method, seed: UInt64(try #require(golden.json["seed"]?.int)))
        let start = try GeneratorDirectory.load(folder)
        let expected = try #require(golden.json["runs"]?[name]?.array)
        #expect(events.count == expected.count)
        for (event, terms) in zip(events, expected) {
            for (term, value) in event.terms {
                let wanted = try #require(terms[term]?.double)
                #expect(abs(value - wanted) <= 1e-4 * abs(wanted) + 1e-6, "\(term) at step \(event.step)")
            }
        }
        for parameter in model.parameters.names {
            let found = model.parameters[parameter].scalars(Float.self)
            guard model.isEncoder(parameter) else {
                #expect(found == start.parameters[parameter].scalars(Float.self), "\(parameter)")
                continue
            }
            let wanted = try golden.values("\(name).\(parameter)")
            #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 2e-5 }, "\(parameter)")
        }
    }

    @Test func encoderRedirectionToTheMeanEqualsPyTorchs() throws {
        var method = EncoderRedirection()
        method.target = .generic
        try compare("encoder-redirection", method)
    }

    @Test func encoderRedirectionToNoiseEqualsPyTorchs() throws {
        try compare("encoder-redirection-noise", EncoderRedirection())
    }

    @Test func encoderRedirectionToOtherContextsEqualsPyTorchs() throws {
        var method = EncoderRedirection()
        method.target = .otherContext
        try compare("encoder-redirection-other-context", method)
    }

    /// The multiplier falls in the first and third step, which are within the budget, and rises in the second.
    @Test func encoderRedirectionWithinABudgetEqualsPyTorchs() throws {
        var method = EncoderRedirection()
        method.target = .generic
        method.retainBudget = try #require(golden.json["retainBudget"]?.double)
        try compare("encoder-redirection-budget", method)
    }

    @Test func maxLossEqualsPyTorchs() throws { try compare("max-loss", MaxLoss()) }

    @Test func noisyLabelEqualsPyTorchs() throws { try compare("noisy-label", NoisyLabel()) }

    @Test func retainLabelEqualsPyTorchs() throws { try compare("retain-label", RetainLabel()) }

    @Test func randomEncoderEqualsPyTorchs() throws { try compare("random-encoder", RandomEncoder()) }

    /// Noise is another target: one seed gives one, another seed another, and pictures to keep are held.
    @Test func encoderRedirectionToNoiseFollowsItsSeed() throws {
        func encoder(_ seed: UInt64) throws -> [Float] {
            let model = try run(EncoderRedirection(), seed: seed).model
            return model.encoderNames.flatMap { model.parameters[$0].scalars(Float.self) }
        }
        #expect(try encoder(1) == encoder(1))
        #expect(try encoder(1) != encoder(2))
    }

    @Test func withoutPicturesToKeepAMethodSaysSo() throws {
        let session = GeneratorSession(
            model: try GeneratorDirectory.load(folder), images: golden.images, degradation: Degradation(.inpainting),
            forget: golden.forget, retain: [], phase: EncoderRedirection.phaseDefaults, seed: 0)
        #expect(throws: MethodError.needsRetain(method: "encoder-redirection")) {
            try EncoderRedirection().unlearn(session)
        }
    }
}
