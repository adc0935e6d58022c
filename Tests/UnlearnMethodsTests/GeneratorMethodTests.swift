// What methods for models that redraw pictures do to a small model that was trained.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct GeneratorMethodTests {
    /// A model that redraws TinyImages' bright channel in the middle.
    private func trained() throws -> any ImageToImageModel {
        let model = try Self.model()
        model.parameters.restore(
            try zip(model.parameters.names, Self.knowing.get()).map { Tensor($1, shape: model.parameters[$0].shape) })
        return model
    }

    /// Its parameters: trained once for all tests.
    private static let knowing = Result<[[Float]], any Error> {
        let model = try Self.model()
        var training = GeneratorTraining()
        (training.epochs, training.batchSize, training.learningRate) = (60, 24, 1e-2)
        try training.train(
            session(model, forget: [], retain: TinyImages.forget + TinyImages.retain, training.phase))
        return model.parameters.names.map { model.parameters[$0].scalars(Float.self) }
    }

    private static func model() throws -> any ImageToImageModel {
        var design = GeneratorDesign()
        (design.width, design.latent) = (4, 4)
        return try GeneratorDirectory.make(
            design.configuration(for: TinyImages.set), using: Generator(seed: 1, purpose: "parameters"))
    }

    private static func session(
        _ model: any ImageToImageModel, forget: [Int] = TinyImages.forget, retain: [Int] = TinyImages.retain,
        _ phase: Phase, seed: UInt64 = 0, onStep: @escaping (StepEvent) -> Void = { _ in }
    ) -> GeneratorSession {
        GeneratorSession(
            model: model, images: TinyImages.set, degradation: Degradation(.inpainting), forget: forget, retain: retain,
            phase: phase, seed: seed, onStep: onStep)
    }

    private func error(_ model: any ImageToImageModel, _ places: [Int]) -> Float {
        var generator = Generator(seed: 0, purpose: "test")
        let originals = TinyImages.set.batch(places).inputs
        let redrawn = model.redraw(Degradation(.inpainting)(originals, using: &generator), using: &generator)
        return withoutRecording { (redrawn - originals).square().mean().item }
    }

    /// Pictures that differ from those to keep by what is bright in them.
    private let red = TinyImages.retain.filter { $0 % 3 == 0 }
    private let others = TinyImages.retain.filter { $0 % 3 != 0 }

    private func phase(steps: Int) -> Phase {
        var phase = EncoderRedirection.phaseDefaults
        (phase.batchSize, phase.leastSteps) = (20, steps)
        return phase
    }

    private func expectForgetting(_ method: any GeneratorMethod) throws {
        let model = try trained()
        let old = (red: error(model, red), others: error(model, others))
        let decoder = model.decoderNames.map { model.parameters[$0].scalars(Float.self) }
        try method.unlearn(Self.session(model, forget: red, retain: others, phase(steps: 120)))
        let name = type(of: method).card.name
        #expect(error(model, red) > 1.5 * old.red, "\(name)")
        #expect(error(model, others) < 1.3 * old.others, "\(name)")
        #expect(model.decoderNames.map { model.parameters[$0].scalars(Float.self) } == decoder)
    }

    @Test(arguments: ["encoder-redirection", "max-loss", "noisy-label", "retain-label", "random-encoder"])
    func forgottenPicturesAreDrawnWorse(name: String) throws {
        try expectForgetting(try MethodCatalog.generatorMethod(name).init())
    }

    @Test(arguments: EncoderRedirection.Target.allCases)
    func everyTargetMakesForgottenPicturesWorse(target: EncoderRedirection.Target) throws {
        var method = EncoderRedirection()
        method.target = target
        try expectForgetting(method)
    }

    /// With more room for the pictures to keep, more is forgotten, and the room is used, but not left.
    @Test func asMuchIsForgottenAsTheBudgetAllows() throws {
        func terms(_ budget: Double) throws -> (forget: Double, retain: Double) {
            var events: [StepEvent] = []
            var method = EncoderRedirection()
            method.retainBudget = budget
            try method.unlearn(
                Self.session(try trained(), forget: red, retain: others, phase(steps: 200)) { events.append($0) })
            let last = events.suffix(20)
            func mean(_ name: String) -> Double { last.compactMap { $0.terms[name] }.reduce(0, +) / Double(last.count) }
            return (mean("forget-features"), mean("retain-features"))
        }
        // With .1 the forget term is never done, and the room is used up; with .003 it may be done before.
        let (small, large) = (try terms(0.003), try terms(0.1))
        #expect(small.retain < 1.5 * 0.003, "\(small)")
        #expect(large.retain > 0.5 * 0.1 && large.retain < 1.5 * 0.1, "\(large)")
        #expect(large.forget < small.forget)
    }

    @Test func theMultiplierStaysWhereTheBudgetIsUsedUp() {
        var budget = RetainBudget(0.5, alpha: 0.25)
        // λ = 1/α = 4: weights 1/5 and 4/5.
        let level = budget.weights(0.5)
        #expect(abs(level.forget - 0.2) < 1e-12 && abs(level.retain - 0.8) < 1e-12)
        // 10 % beyond: λ = 4 · exp(.02). Far beyond, no more than exp(.2); with nothing used, exp(−.2).
        #expect(abs(budget.weights(0.55).retain - 0.8031808) < 1e-6 && abs(budget.multiplier - 4.080805) < 1e-6)
        _ = budget.weights(50)
        #expect(abs(budget.multiplier - 4.984306) < 1e-5)
        _ = budget.weights(0)
        #expect(abs(budget.multiplier - 4.080805) < 1e-6)
    }

    @Test func aBudgetNeedsAWeightToBeginWith() {
        var method = EncoderRedirection()
        (method.alpha, method.retainBudget) = (0, 0.1)
        #expect(method.problem() == OptionProblem("alpha", "a budget needs a weight to begin with"))
    }

    /// What an original makes of a picture is computed when it is first asked for, and never again.
    @Test func tensorsOfPicturesAreComputedOnce() {
        var kept = KeptTensors()
        var asked: [[Int]] = []
        func tensors(_ ids: [Int]) -> [Float] {
            kept(ids, most: 2) { missing in
                asked.append(missing)
                return [Tensor(missing.map { Float($0) }, shape: [missing.count, 1])]
            }[0].scalars(Float.self)
        }
        #expect(tensors([3, 1, 3, 2]) == [3, 1, 3, 2])
        #expect(tensors([2, 5, 1]) == [2, 5, 1])
        #expect(asked == [[3, 1], [2], [5]])
    }

    /// Features of mirrored pictures are not those of the pictures: what is kept of the original must not hide it.
    @Test func changedPicturesAreComparedWithTheOriginalsFeaturesOfThemselves() throws {
        var phase = phase(steps: 4)
        (phase.augmentation, phase.learningRate) = (Augmentation(cropBorder: 0, flips: true), 1e-12)
        var events: [StepEvent] = []
        try EncoderRedirection().unlearn(
            Self.session(try trained(), forget: red, retain: others, phase) { events.append($0) })
        #expect(events.count > 3 && events.allSatisfy { abs($0.terms["retain-features"] ?? 1) < 1e-6 })
    }

    /// What relearning on a few forgotten pictures brings back of others, and how the rest is drawn.
    @Test func perturbedDistillationHoldsWhereTheEncoderAloneDoesNot() throws {
        let original = try trained()
        let red = TinyImages.retain.filter { $0 % 3 == 0 }
        let others = TinyImages.retain.filter { $0 % 3 != 0 }
        let old = error(original, others)
        /// Means over seeds, since so few steps on so few pictures end here or there.
        func relearnt(_ method: any GeneratorMethod) throws -> (kept: Float, red: Float) {
            let seeds: Range<UInt64> = 0..<4
            let errors = try seeds.map { seed in
                let model = try original.copy()
                var phase = type(of: method).phaseDefaults
                (phase.batchSize, phase.leastSteps, phase.learningRate) = (40, 300, 1e-2)
                try method.unlearn(Self.session(model, forget: red, retain: others, phase, seed: seed))
                let kept = error(model, others)
                var training = GeneratorTraining()
                (training.learningRate, training.batchSize) = (3e-3, 4)
                training.schedule = Schedule(.constant)
                try training.train(
                    Self.session(model, forget: [], retain: Array(red.prefix(4)), training.phase), part: .encoder,
                    steps: 10)
                return (kept: kept, red: error(model, Array(red.dropFirst(4))))
            }
            return (errors.map(\.kept).reduce(0, +) / 4, errors.map(\.red).reduce(0, +) / 4)
        }
        var method = PerturbedDistillation()
        (method.encoderShare, method.decoderShare) = (0.5, 1)
        let deep = try relearnt(method)
        let shallow = try relearnt(EncoderRedirection())
        #expect(deep.kept < 1.3 * old)
        #expect(deep.red > 1.1 * shallow.red, "\(deep.red) \(shallow.red)")
    }
}
