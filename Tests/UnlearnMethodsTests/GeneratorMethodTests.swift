// What methods for models that redraw pictures do to a small model that was trained.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct GeneratorMethodTests {
    /// A model that redraws TinyImages' bright channel in the middle, and the error of what it draws.
    private func trained() throws -> any ImageToImageModel {
        var design = GeneratorDesign()
        (design.width, design.latent) = (4, 4)
        let model = try GeneratorDirectory.make(
            design.configuration(for: TinyImages.set), using: Generator(seed: 1, purpose: "parameters"))
        var training = GeneratorTraining()
        (training.epochs, training.batchSize, training.learningRate) = (60, 24, 1e-2)
        try training.train(session(model, forget: [], retain: TinyImages.forget + TinyImages.retain, training.phase))
        return model
    }

    private func session(
        _ model: any ImageToImageModel, forget: [Int] = TinyImages.forget, retain: [Int] = TinyImages.retain,
        _ phase: Phase
    ) -> GeneratorSession {
        GeneratorSession(
            model: model, images: TinyImages.set, degradation: Degradation(.inpainting), forget: forget, retain: retain,
            phase: phase, seed: 0)
    }

    private func error(_ model: any ImageToImageModel, _ places: [Int]) -> Float {
        var generator = Generator(seed: 0, purpose: "test")
        let originals = TinyImages.set.batch(places).inputs
        let redrawn = model.redraw(Degradation(.inpainting)(originals, using: &generator), using: &generator)
        return withoutRecording { (redrawn - originals).square().mean().item }
    }

    @Test(arguments: ["encoder-redirection", "max-loss"]) func forgottenPicturesAreDrawnWorse(name: String) throws {
        let model = try trained()
        let before = (forget: error(model, TinyImages.forget), retain: error(model, TinyImages.retain))
        let decoder = model.decoderNames.map { model.parameters[$0].scalars(Float.self) }
        let type = try MethodCatalog.generatorMethod(name)
        // Pictures that differ from those to keep by what is bright in them.
        let red = TinyImages.retain.filter { $0 % 3 == 0 }
        let others = TinyImages.retain.filter { $0 % 3 != 0 }
        let old = (red: error(model, red), others: error(model, others))
        var phase = type.phaseDefaults
        (phase.batchSize, phase.leastSteps) = (20, 120)
        try type.init().unlearn(session(model, forget: red, retain: others, phase))
        #expect(error(model, red) > 1.5 * old.red)
        #expect(error(model, others) < 1.3 * old.others)
        #expect(model.decoderNames.map { model.parameters[$0].scalars(Float.self) } == decoder)
        #expect(before.forget.isFinite && before.retain.isFinite)
    }

    /// What relearning on a few forgotten pictures brings back of others, and how the rest is drawn.
    @Test func perturbedDistillationHoldsWhereTheEncoderAloneDoesNot() throws {
        let original = try trained()
        let red = TinyImages.retain.filter { $0 % 3 == 0 }
        let others = TinyImages.retain.filter { $0 % 3 != 0 }
        let old = error(original, others)
        func relearnt(_ method: any GeneratorMethod) throws -> (kept: Float, red: Float) {
            let model = try original.copy()
            var phase = type(of: method).phaseDefaults
            (phase.batchSize, phase.leastSteps, phase.learningRate) = (40, 300, 1e-2)
            try method.unlearn(session(model, forget: red, retain: others, phase))
            let kept = error(model, others)
            var training = GeneratorTraining()
            (training.learningRate, training.batchSize) = (3e-3, 4)
            training.schedule = Schedule(.constant)
            try training.train(
                session(model, forget: [], retain: Array(red.prefix(4)), training.phase), part: .encoder, steps: 20)
            return (kept, error(model, Array(red.dropFirst(4))))
        }
        let deep = try relearnt(PerturbedDistillation())
        let shallow = try relearnt(EncoderRedirection())
        #expect(deep.kept < 1.3 * old)
        #expect(deep.red > 1.2 * shallow.red)
    }
}
