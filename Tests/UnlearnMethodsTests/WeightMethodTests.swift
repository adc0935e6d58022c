// What methods that work on changes of weights do to a model: task vectors, SPUNGE, and going further than a run did.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct WeightMethodTests {
    private static func examples(_ rows: [[Int32]], from first: Int) -> [TokenExample] {
        rows.enumerated().map { TokenExample(id: first + $0.offset, tokens: $0.element, labelledFrom: 1) }
    }
    private static let forget = examples(
        [[1, 11, 25, 40, 3, 58, 2], [1, 45, 6, 14, 62, 29, 37], [1, 30, 4, 60, 17, 9, 2]], from: 0)
    private static let retain = examples([[1, 20, 53, 31, 16, 2], [1, 8, 49, 22, 61, 13, 35]], from: 10)

    /// A model that has learnt everything by heart.
    private func learnt() throws -> any CausalLM {
        let model = try GoldenStep().reference
        let parameters = model.parameters.train(Set(model.parameters.names))
        let optimizer = AdamW(parameters)
        for _ in 0..<120 {
            let loss = -model.logProbabilities(TokenBatch(Self.forget + Self.retain)).mean()
            optimizer.step(loss.gradients(of: parameters), learningRate: 1e-2)
        }
        model.parameters.train([])
        return model
    }

    private func session(
        _ model: any CausalLM, groups: [String?] = ["a", "b", "a"], _ resumption: Resumption? = nil,
        _ change: (inout TrainingOptions) -> Void = { _ in }
    ) throws -> Session {
        var options = TrainingOptions()
        (options.learningRate, options.steps, options.batchSize, options.retainBatchSize) = (3e-3, 10, 2, 2)
        options.checkpointSeconds = 0
        change(&options)
        let rows = groups.map { ForgetExample(.text("a text"), group: $0) }
        return try Session(
            model: TinyText.language(model), forget: Self.forget, retain: [Self.retain],
            subject: SubjectTexts(terms: SubjectTerms(subject: "", names: []), forget: rows), options: options, seed: 0,
            resumption: resumption)
    }

    /// Mean loss per token of the forget and of the retain set, in nats.
    private func losses(_ model: any CausalLM) -> [Float] {
        withoutRecording {
            [Self.forget, Self.retain].map { -model.logProbabilities(TokenBatch($0)).mean().item }
        }
    }

    private func attach(rank: Int, to model: any CausalLM) throws {
        var lora = LoRAOptions()
        lora.rank = rank
        try LoRA.attach(lora, to: model.parameters, pattern: TrainingOptions().parameters, seed: 0)
    }

    @Test(arguments: [0, 4])
    func aTaskVectorForgetsWithinItsBudget(rank: Int) throws {
        let model = try learnt()
        let before = losses(model)
        if rank > 0 { try attach(rank: rank, to: model) }
        var method = TaskVector()
        (method.scale.budget, method.scale.largest) = (0.3, 16)
        let session = try session(model)
        try method.unlearn(session)
        let after = losses(model)
        // Found to within 1/64 of the largest.
        let scale = try #require(session.scale)
        #expect(scale > 0 && scale <= 16 && (scale * 4).truncatingRemainder(dividingBy: 1) == 0)
        #expect(after[0] > before[0] + 0.3)
        #expect(after[1] <= before[1] + 0.301)
        #expect(after[0] - before[0] > after[1] - before[1])
        model.parameters.detachAll()
        if rank > 0 { #expect(losses(model) == before) }
    }

    @Test func aTaskVectorOfScaleZeroChangesNothing() throws {
        let (model, untouched) = (try GoldenStep().reference, try GoldenStep().reference.parameters)
        var method = TaskVector()
        method.scale.factor = 0
        let session = try session(model)
        try method.unlearn(session)
        #expect(session.scale == 0)
        for name in untouched.names { #expect(model.parameters[name].isIdentical(to: untouched[name]), "\(name)") }
    }

    @Test(arguments: SPUNGE.Inner.allCases)
    func spungeForgetsAndHoldsTheRest(inner: SPUNGE.Inner) throws {
        let model = try learnt()
        let before = losses(model)
        var method = SPUNGE()
        (method.inner, method.rank, method.density) = (inner, 4, 0.5)
        (method.scale.budget, method.scale.largest) = (0.3, 16)
        method.npo.retainWeight = 4
        (method.rmu.layer, method.rmu.trainedLayers, method.rmu.steering, method.rmu.retainWeight) = (0, 1, 20, 100)
        try method.unlearn(session(model) { $0.steps = 30 })
        let after = losses(model)
        #expect(after[0] > before[0] + 0.3)
        #expect(after[1] <= before[1] + 0.301)
        #expect(model.parameters.attached.isEmpty)
    }

    /// An interruption in the second part: the first part's additions come back, and the second's reference is read on
    /// the original model all the same.
    @Test(arguments: [SPUNGE.Inner.taskVector, .npo])
    func spungeThatGoesOnEndsAsIfItHadNotBeenInterrupted(inner: SPUNGE.Inner) throws {
        var method = SPUNGE()
        (method.inner, method.rank, method.scale.factor) = (inner, 2, 1)
        var states: [TrainingState] = []
        let keep = Resumption { kept in
            let copies = withoutRecording { kept.tensors.map { ($0.name, $0.tensor + 0) } }
            states.append(TrainingState(step: kept.step, tensors: copies))
        }
        let whole = try GoldenStep().reference
        try method.unlearn(session(whole, keep) { $0.steps = 3 })
        #expect(states.map(\.step) == [1, 2, 3, 4, 5, 6])
        for state in [states[1], states[2], states[4], states[5]] {
            let rest = try GoldenStep().reference
            try method.unlearn(session(rest, Resumption(from: state) { _ in }) { $0.steps = 3 })
            for name in whole.parameters.names {
                #expect(rest.parameters[name].isIdentical(to: whole.parameters[name]), "\(state.step) \(name)")
            }
        }
    }

    @Test func spungeSplitsByGroupAndSaysWhereThereIsNone() throws {
        let error = MethodError.needsGroups(method: "spunge", column: "group")
        #expect(throws: error) { try SPUNGE().unlearn(session(GoldenStep().reference, groups: ["a", nil, "a"])) }
        #expect(
            error.description
                == "The method 'spunge' unlearns the forget set group by group, and some examples have no "
                + "group. Give rows with a member 'group' with --forget FILE.jsonl, or name another member with --set "
                + "splitBy=….")
    }

    @Test func aBudgetThatNoScaleKeepsIsSaid() throws {
        var method = TaskVector()
        (method.scale.budget, method.scale.largest) = (0, 1e6)
        let error = #expect(throws: MethodError.self) { try method.unlearn(session(learnt()) { $0.steps = 1 }) }
        #expect(error == .noScale(method: "task-vector", largest: 1e6, budget: 0))
        #expect(
            error?.description
                == "The method 'task-vector' found no scale up to 1000000.0 that makes the forget set less "
                + "likely while the loss of the retain set rises by at most 0.0 nats a token. Raise --set "
                + "scale.budget=…, or give a scale with --set scale.factor=….")
    }

    @Test func additionsAreExtrapolatedLikeWeights() throws {
        func trained(_ factor: Double) throws -> ParameterStore {
            let model = try GoldenStep().reference
            try attach(rank: 2, to: model)
            try GradientAscent().unlearn(session(model) { $0.extrapolation = factor })
            return model.parameters
        }
        let (once, further) = (try trained(1), try trained(1.25))
        for slot in further.attached {
            let start = further[slot.weightName]
            let (one, more) = (once.merged(slot.weightName) - start, further.merged(slot.weightName) - start)
            #expect((more - one * 1.25).abs().max().item <= 1e-6, "\(slot.weightName)")
            #expect(one.abs().max().item > 1e-4)
        }
    }
}
