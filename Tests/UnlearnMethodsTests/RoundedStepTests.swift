// Steps at rounded weights: where the gradient is taken, that the weights come back, and what it is good for.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct RoundedStepTests {
    private static let forget = [[1, 17, 42, 9, 33, 5, 60, 2], [1, 30, 12, 55, 7, 19, 2]].enumerated().map {
        TokenExample(id: $0.offset, tokens: $0.element.map { Int32($0) }, labelledFrom: 2)
    }
    private static let retain = [[1, 20, 53, 31, 16, 2], [1, 8, 49, 22, 61, 13, 35]].enumerated().map {
        TokenExample(id: 10 + $0.offset, tokens: $0.element.map { Int32($0) }, labelledFrom: 1)
    }
    /// The matrices of the golden models whose rows are whole groups.
    private static let matrices = "*.mlp.down_proj.weight,*.mlp.c_proj.weight"

    private func model(_ name: String = "llama-tied") throws -> any CausalLM {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/\(name)")
        return try ModelDirectory(golden).load()
    }

    private func session(
        _ model: any CausalLM, _ resumption: Resumption? = nil, change: (inout TrainingOptions) -> Void = { _ in },
        onStep: @escaping (StepEvent) -> Void = { _ in }
    ) throws -> Session {
        var options = TrainingOptions()
        (options.learningRate, options.steps, options.batchSize, options.retainBatchSize) = (1e-3, 6, 2, 2)
        (options.parameters, options.checkpointSeconds) = (Self.matrices, 0)
        change(&options)
        return Session(
            model: try TinyText.language(model), forget: Self.forget, retain: [Self.retain], options: options, seed: 0,
            resumption: resumption, onStep: onStep)
    }

    private func attach(rank: Int, to store: ParameterStore) throws {
        var options = LoRAOptions()
        options.rank = rank
        try LoRA.attach(options, to: store, pattern: Self.matrices, seed: 0)
    }

    /// The gradients of so many steps of rate 0, by name.
    private func gradients(_ model: any CausalLM, steps: Int, _ rounding: RoundedTraining) throws -> [[String: Tensor]]
    {
        let session = try session(model)
        let store = model.parameters
        let pace = Pace(learningRate: 0, schedule: Schedule(.constant), rounding: rounding)
        let descent = try Descent(
            session.trainedNames(), of: store, pace, totalSteps: steps, StepRecorder("")
        ) { AdamW($0) }
        var found: [[String: Tensor]] = []
        descent.onGradient = { name, gradient in found[found.count - 1][name] = withoutRecording { gradient + 0 } }
        try descent.training {
            for _ in 0..<steps {
                found.append([:])
                try descent.step {
                    let step = try TokenStep(session, forget: Self.forget, groups: [[0, 1]])
                    return [StepPart(step: step) { [Term("nll", step.forgetTargetMean())] }]
                }
            }
        }
        return found
    }

    /// Numbers whose group of 32 has its largest magnitude at −1: the scale is −1 / −8 = 1/8, exact in half precision, and
    /// each becomes ⌊8x + 8.5⌋ − 8 eighths, at most 7.
    @Test func everySecondGradientIsTakenAtTheRoundedWeights() throws {
        let model = try model()
        let names = try model.parameters.select(Self.matrices)
        for name in names {
            let matrix = model.parameters[name]
            var generator = Generator(seed: 5, purpose: name)
            let values = (0..<matrix.count).map { $0 % 32 == 0 ? -1 : 0.99 * (2 * generator.uniform() - 1) }
            withoutRecording { matrix.copy(from: Tensor(values, shape: matrix.shape)) }
        }
        let before = model.parameters.snapshot()
        let found = try gradients(model, steps: 4, .int4)
        for (name, kept) in zip(model.parameters.names, before) {
            #expect(model.parameters[name].isIdentical(to: kept), "\(name)")
        }
        let plain = try gradients(model, steps: 1, .none)
        for name in names {
            let matrix = model.parameters[name]
            let rounded = matrix.scalars(Float.self).map { (min(15, (8 * $0 + 8.5).rounded(.down)) - 8) / 8 }
            #expect(rounded != matrix.scalars(Float.self))
            withoutRecording { matrix.copy(from: Tensor(rounded, shape: matrix.shape)) }
        }
        let expected = try gradients(model, steps: 1, .none)
        for name in names {
            let (here, there) = (try #require(plain[0][name]), try #require(expected[0][name]))
            #expect(!here.isIdentical(to: there))
            for (step, wanted) in [here, there, here, there].enumerated() {
                #expect(try #require(found[step][name]).isIdentical(to: wanted), "\(step) \(name)")
            }
        }
    }

    /// In the layer stands what is stored once both are one, whichever way the matrix lies in memory.
    @Test(arguments: ["llama-tied", "gpt2"]) func anAdditionIsRoundedWithItsWeight(name: String) throws {
        let store = try model(name).parameters
        try attach(rank: 2, to: store)
        for slot in store.attached {
            var generator = Generator(seed: 1, purpose: slot.upName)
            store[slot.upName].copy(from: .normal([slot.outputs, 2], deviation: 0.1, using: &generator))
        }
        let expected = store.attached.map { slot in
            let whole = store.merged(slot.weightName)
            let lying = (slot.isTransposed ? whole.transpose(0, 1) : whole).contiguous() + 0
            #expect(lying.withMutableBytes { GGMLType.q40.round($0.bindMemory(to: Float.self)) })
            #expect((lying - (slot.isTransposed ? whole.transpose(0, 1) : whole)).abs().max().item > 1e-3)
            return slot.isTransposed ? lying.transpose(0, 1) : lying
        }
        let before = (store.names + store.additionNames).map { store[$0] + 0 }
        let matrices = try RoundedTraining.int4.matrices(changedBy: store.additionNames, of: store)
        #expect(matrices.map(\.name) == store.attached.map(\.weightName))
        try store.rounded(matrices) {
            for (slot, rounded) in zip(store.attached, expected) {
                #expect((store.merged(slot.weightName) - rounded).abs().max().item < 1e-6, "\(slot.weightName)")
            }
        }
        for (name, kept) in zip(store.names + store.additionNames, before) {
            #expect(store[name].isIdentical(to: kept), "\(name)")
        }
    }

    @Test(arguments: [(RoundedTraining.int4, nil, 0), (.int8, 2, 0.05)])
    func aTrainingThatGoesOnEndsAsIfItHadNotBeenInterrupted(form: RoundedTraining, rank: Int?, rho: Double) throws {
        func run(_ resumption: Resumption?) throws -> (values: [Tensor], events: [StepEvent]) {
            let model = try model()
            if let rank { try attach(rank: rank, to: model.parameters) }
            var events: [StepEvent] = []
            try NPO().unlearn(
                session(
                    model, resumption, change: { ($0.rounding, $0.flatness.rho) = (form, rho) },
                    onStep: { events.append($0) }))
            return ((model.parameters.names + model.parameters.additionNames).map { model.parameters[$0] }, events)
        }
        var states: [TrainingState] = []
        let whole = try run(
            Resumption { kept in
                let copies = withoutRecording { kept.tensors.map { ($0.name, $0.tensor + 0) } }
                states.append(TrainingState(step: kept.step, tensors: copies))
            })
        #expect(states.map(\.step) == Array(1...6))
        for state in [states[2], states[3]] {
            let rest = try run(Resumption(from: state) { _ in })
            #expect(rest.events.map(\.terms) == whole.events.dropFirst(state.step).map(\.terms))
            for (one, other) in zip(rest.values, whole.values) { #expect(one.isIdentical(to: other)) }
        }
    }

    /// What 200 steps learnt is lost in part when the matrices are rounded, unless half of the steps saw them rounded.
    @Test func whatIsLearntAtRoundedWeightsSurvivesRounding() throws {
        func losses(after rounding: RoundedTraining) throws -> (plain: Double, rounded: Double) {
            let model = try model()
            let session = try session(model) { options in
                (options.learningRate, options.steps, options.rounding) = (3e-3, 200, rounding)
                options.schedule = Schedule(.constant)
            }
            try TaskVector.learn(session)
            let matrices = try RoundedTraining.int4.matrices(changedBy: session.trainedNames(), of: model.parameters)
            let language = session.model
            return try (
                language.tokenMean(Self.forget), model.parameters.rounded(matrices) { language.tokenMean(Self.forget) }
            )
        }
        let (without, with) = (try losses(after: .none), try losses(after: .int4))
        #expect(without.rounded > without.plain + 0.05, "\(without)")
        #expect(with.rounded < with.plain + 0.02, "\(with)")
        #expect(with.rounded < without.rounded - 0.03)
        #expect(with.plain < without.plain + 0.05)
    }

    @Test func whatCannotBeRoundedIsSaid() throws {
        // Eight inputs, and sixteen.
        let narrow = try GoldenStep().reference
        let error = #expect(throws: MethodError.self) {
            try GradientAscent().unlearn(session(narrow) { $0.rounding = .int4 })
        }
        #expect(error == .nothingToRound)
        #expect(
            error?.description
                == "None of what is trained can be rounded: that is done to matrices of linear layers whose rows are whole "
                + "groups of 32 numbers. Let the option parameters name some, or leave out --set rounding.")
        let large = try model()
        let name = "model.layers.1.mlp.down_proj.weight"
        withoutRecording { large.parameters[name].multiply(inPlace: 1e30) }
        let before = large.parameters.snapshot()
        let matrices = try RoundedTraining.int8.matrices(
            changedBy: large.parameters.select(Self.matrices), of: large.parameters)
        let other = #expect(throws: ModelError.self) { try large.parameters.rounded(matrices) {} }
        #expect(
            other?.description
                == "'\(name)' holds a number that is not finite, or too large to be stored in few bits. Check the model's "
                + "weights, or let them be as they are.")
        for (name, kept) in zip(large.parameters.names, before) {
            #expect(large.parameters[name].isIdentical(to: kept), "\(name)")
        }
    }
}
