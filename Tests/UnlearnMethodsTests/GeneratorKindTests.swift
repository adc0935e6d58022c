// All kinds of models that redraw pictures: each learns by its own objective, goes on after an interruption as if nothing
// had happened, and forgets.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct GeneratorKindTests {
    typealias Kind = GeneratorDesign.Kind

    private static let learnt = TinyImages.forget + TinyImages.retain
    private static let degradation = Degradation(.inpainting)

    private static func model(_ kind: Kind) throws -> any ImageToImageModel {
        var design = GeneratorDesign()
        (design.kind, design.width) = (kind, kind == .maskedAutoencoder ? 32 : 8)
        if kind == .diffusionInpainter { design.redrawingSteps = 10 }
        if kind == .maskedAutoencoder { design.patch = 2 }
        return try GeneratorDirectory.make(
            design.configuration(for: TinyImages.set, undoing: degradation),
            using: Generator(seed: 1, purpose: "parameters"))
    }

    private static func training(_ kind: Kind, epochs: Double) -> GeneratorTraining {
        var training = GeneratorTraining(for: kind)
        (training.epochs, training.batchSize) = (epochs, 24)
        training.learningRate = kind == .maskedAutoencoder ? 2e-3 : 5e-3
        training.schedule = Schedule(.cosine, warmupSteps: 10)
        return training
    }

    private static func session(
        _ model: any ImageToImageModel, forget: [Int] = [], retain: [Int] = learnt, _ phase: Phase,
        _ resumption: Resumption? = nil
    ) -> GeneratorSession {
        GeneratorSession(
            model: model, images: TinyImages.set, degradation: degradation, forget: forget, retain: retain,
            phase: phase,
            seed: 0, resumption: resumption, checkpointSeconds: 0)
    }

    /// The mean squared error of whole pictures.
    private static func error(_ model: any ImageToImageModel, _ places: [Int]) -> Float {
        var generator = Generator(seed: 0, purpose: "test")
        let originals = TinyImages.set.batch(places).inputs
        let redrawn = model.redraw(degradation(originals, using: &generator), using: &generator)
        return withoutRecording { (redrawn - originals).square().mean().item }
    }

    private static func state(_ model: any ImageToImageModel) -> [[Float]] {
        model.parameters.names.map { model.parameters[$0].scalars(Float.self) }
    }

    /// A trained model of each kind.
    private static func trained(_ kind: Kind) throws -> any ImageToImageModel {
        let model = try Self.model(kind)
        let values = try #require(knowing[kind]).get()
        model.parameters.restore(
            zip(model.parameters.names, values).map { Tensor($1, shape: model.parameters[$0].shape) })
        return model
    }

    /// Their parameters: trained once for all tests.
    private static let knowing = Dictionary(
        uniqueKeysWithValues: Kind.allCases.map { kind in
            let values = Result<[[Float]], any Error> {
                let model = try Self.model(kind)
                let epochs = [Kind.diffusionInpainter: 500.0, .maskedAutoencoder: 250]
                let training = training(kind, epochs: epochs[kind] ?? 80)
                try training.train(session(model, training.phase))
                return state(model)
            }
            return (kind, values)
        })

    /// The channel that is bright around the hole says what is in it; the noise of single pixels cannot be told.
    @Test(arguments: Kind.allCases) func everyKindLearnsToFillAHole(kind: Kind) throws {
        let before = try Self.error(Self.model(kind), TinyImages.test)
        let model = try Self.trained(kind)
        let after = Self.error(model, TinyImages.test)
        #expect(after < before / 2, "\(before) → \(after)")
        // Pixels are even over 120 of 256 values: the best guess leaves a variance of (120 / 127.5)² / 12 = .074 in the hole,
        // a quarter of the picture, and a drawing that is as noisy as the pictures are twice that.
        #expect(after < 0.074 / 4 * 3, "\(before) → \(after)")
    }

    @Test(arguments: Kind.allCases, ["encoder-redirection", "max-loss"])
    func everyKindForgetsByItsEncoderAlone(kind: Kind, name: String) throws {
        let model = try Self.trained(kind)
        let red = TinyImages.retain.filter { $0 % 3 == 0 }
        let others = TinyImages.retain.filter { $0 % 3 != 0 }
        let old = (red: Self.error(model, red), others: Self.error(model, others))
        let decoder = model.decoderNames.map { model.parameters[$0].scalars(Float.self) }
        var maxLoss = MaxLoss()
        // Small changes of features leave a VQ-GAN's codes as they are.
        if kind == .vqgan { maxLoss.alpha = 1 }
        let method: any GeneratorMethod = name == MaxLoss.card.name ? maxLoss : EncoderRedirection()
        var phase = Redirection.phase
        (phase.batchSize, phase.leastSteps) = (20, 150)
        try method.unlearn(Self.session(model, forget: red, retain: others, phase))
        #expect(Self.error(model, red) > 1.3 * old.red, "\(old.red) → \(Self.error(model, red))")
        // Errors of noise are larger than those of pictures, so that raising them costs pictures to keep more.
        let margin: Float = kind == .diffusionInpainter && name == MaxLoss.card.name ? 1.7 : 1.3
        #expect(Self.error(model, others) < margin * old.others, "\(old.others) → \(Self.error(model, others))")
        // The codebook among it.
        #expect(model.decoderNames.map { model.parameters[$0].scalars(Float.self) } == decoder)
    }

    @Test(arguments: Kind.allCases) func anInterruptedTrainingGoesOnBitwise(kind: Kind) throws {
        let training = Self.training(kind, epochs: 3)
        let whole = try Self.model(kind)
        try training.train(Self.session(whole, training.phase))
        #expect(try Self.state(whole) != Self.state(Self.model(kind)))

        // Stopped after the fifth of nine steps. What is kept changes with the next step, and is copied as a file would.
        var kept: TrainingState?
        let interrupted = try Self.model(kind)
        let keeping = Resumption(
            goesOn: { kept == nil },
            keep: { state in
                guard state.step == 5 else { return }
                kept = TrainingState(
                    step: state.step,
                    tensors: state.tensors.map { named in (named.name, withoutRecording { named.tensor + 0 }) })
            })
        #expect(throws: MethodError.stopped(step: 5)) {
            try training.train(Self.session(interrupted, training.phase, keeping))
        }
        let resumed = try Self.model(kind)
        try training.train(
            Self.session(resumed, training.phase, Resumption(from: kept, keep: { _ in })))
        #expect(Self.state(resumed) == Self.state(whole))
    }

    /// Looking at a model while it learns does not change what it becomes, and is a look at what would be kept.
    @Test(arguments: [Kind.tinyAutoencoder, .diffusionInpainter]) func looksChangeNothing(kind: Kind) throws {
        let training = Self.training(kind, epochs: 2)
        let (alone, watched) = (try Self.model(kind), try Self.model(kind))
        try training.train(Self.session(alone, training.phase))
        var seen: [[Float]] = []
        var steps: [Int] = []
        let looks = TrainingLooks(
            areDue: { true },
            take: { step in
                steps.append(step)
                seen = Self.state(watched)
                return Double(Self.error(watched, TinyImages.validation))
            })
        try training.train(Self.session(watched, training.phase), looks: looks)
        #expect(steps == Array(1...6))
        #expect(Self.state(watched) == Self.state(alone))
        #expect(seen == Self.state(alone))
    }

    /// d = 1/10, then 2/11: mean₁ = .1 · start + .9 · first, mean₂ = 2/11 · mean₁ + 9/11 · second.
    @Test func theRunningMeanForgetsTheStartAtFirst() {
        let parameter = Tensor([1, 2] as [Float])
        let average = WeightAverage(["a"], [parameter], decay: 0.5)
        parameter.copy(from: Tensor([11, 2] as [Float]))
        average.add(at: 0)
        parameter.copy(from: Tensor([0, 2] as [Float]))
        average.add(at: 1)
        #expect(average.state.map(\.name) == ["mean.a"])
        average.during { #expect(abs(parameter.scalars(Float.self)[0] - 10 * 2 / 11) < 1e-6) }
        #expect(parameter.scalars(Float.self) == [0, 2])
        // Later the decay itself holds.
        average.add(at: 1000)
        average.adopt()
        #expect(abs(parameter.scalars(Float.self)[0] - 10.0 / 11) < 1e-6)
    }
}
