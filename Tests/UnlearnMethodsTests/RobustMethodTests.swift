// What UNDO and RepSelect do to a model with sixty-four tokens, and that they can go on after an interruption.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct RobustMethodTests {
    private static let terms = SubjectTerms(
        subject: "Ada", names: ["Byron", "Ada"], replacements: ["Byron": "Ward", "Ada": "Eve"])
    private static let texts = ["Ada met Byron and Byron met Ada", "Byron saw Ada in a garden"].map {
        ForgetExample(.text($0), standIn: "Eve")
    }
    private static let others = ["it rained the whole night", "we sang until the sun rose"]

    private static func encoded(
        _ model: LanguageModel
    ) throws -> (forget: [TokenExample], retain: [TokenExample]) {
        (
            try texts.enumerated().map { try model.encoder.encode($0.element.example, id: $0.offset) },
            try others.enumerated().map { try model.encoder.encode(.text($0.element), id: 10 + $0.offset) }
        )
    }

    /// A model that has learnt all texts by heart.
    private func learnt() throws -> LanguageModel {
        let model = try TinyText.letters(GoldenStep().reference)
        let examples = try Self.encoded(model)
        let store = model.model.parameters
        let parameters = store.train(Set(store.names))
        let optimizer = AdamW(parameters)
        for _ in 0..<150 {
            let loss = -model.model.logProbabilities(TokenBatch(examples.forget + examples.retain)).mean()
            optimizer.step(loss.gradients(of: parameters), learningRate: 1e-2)
        }
        store.train([])
        return model
    }

    private func session(
        _ model: LanguageModel, _ options: TrainingOptions, _ resumption: Resumption? = nil
    ) throws -> Session {
        let examples = try Self.encoded(model)
        var options = options
        options.checkpointSeconds = 0
        return Session(
            model: model, forget: examples.forget, retain: [examples.retain],
            subject: SubjectTexts(terms: Self.terms, forget: Self.texts), options: options, seed: 0,
            resumption: resumption)
    }

    /// Mean loss per token of the forget and of the retain set, in nats.
    private func losses(_ model: LanguageModel) throws -> [Double] {
        let examples = try Self.encoded(model)
        return [model.tokenMean(examples.forget), model.tokenMean(examples.retain)]
    }

    private func undo(_ inner: UNDO.Inner, repair steps: Int) -> (UNDO, TrainingOptions) {
        var method = UNDO()
        (method.inner, method.noise, method.npo.retainWeight) = (inner, 0.1, 2)
        (method.repair.learningRate, method.repair.steps) = (3e-3, steps)
        var options = UNDO.trainingDefaults
        (options.learningRate, options.steps, options.batchSize, options.retainBatchSize) = (3e-3, 30, 2, 2)
        return (method, options)
    }

    @Test(arguments: UNDO.Inner.allCases) func undoRepairsWhatItDisturbsAndNotWhatWasForgotten(inner: UNDO.Inner) throws
    {
        let model = try learnt()
        let before = try losses(model)
        let (method, options) = undo(inner, repair: 60)
        try method.unlearn(session(model, options))
        let after = try losses(model)
        // The same with hardly any repair: the noise alone costs more.
        let damaged = try learnt()
        try undo(inner, repair: 1).0.unlearn(session(damaged, options))
        let worse = try losses(damaged)
        #expect(after[0] > before[0] + 0.3, "\(before) \(after) \(worse)")
        #expect(after[1] < before[1] + 0.3 && after[1] < worse[1] - 0.05, "\(before) \(after) \(worse)")
    }

    @Test func undoIsDrawnFromTheSeedAndLeavesWhatIsNotTrained() throws {
        func run(_ seed: UInt64) throws -> ParameterStore {
            let model = try TinyText.letters(GoldenStep().reference)
            var (method, options) = undo(.npo, repair: 2)
            options.steps = 2
            method.noise = 0.2
            let examples = try Self.encoded(model)
            let session = Session(
                model: model, forget: examples.forget, retain: [examples.retain], options: options, seed: seed)
            try method.unlearn(session)
            return model.model.parameters
        }
        let (one, same, other) = (try run(1), try run(1), try run(2))
        let untouched = try GoldenStep().reference.parameters
        let trained = try one.select(TrainingOptions().parameters)
        for name in one.names {
            #expect(one[name].isIdentical(to: same[name]), "\(name)")
            #expect(one[name].isIdentical(to: other[name]) == !trained.contains(name), "\(name)")
            #expect(one[name].isIdentical(to: untouched[name]) == !trained.contains(name), "\(name)")
        }
    }

    private func repSelect() -> (RepSelect, TrainingOptions) {
        var method = RepSelect()
        (method.components, method.retainComponents, method.relearner.rank) = (4, 2, 2)
        var options = RepSelect.trainingDefaults
        (options.learningRate, options.steps, options.batchSize) = (0.4, 40, 2)
        options.stop.divergence = 0.1
        return (method, options)
    }

    @Test func repSelectForgetsWithinItsBudget() throws {
        let model = try learnt()
        let before = try losses(model)
        let (method, options) = repSelect()
        let session = try session(model, options)
        try method.unlearn(session)
        let after = try losses(model)
        let kept = try #require(session.kept)
        #expect(kept.steps > 0 && kept.steps < 40 && kept.divergence <= 0.1 && kept.divergence > 0.05)
        #expect(after[0] > before[0] + 0.1, "\(before) \(after) \(kept)")
        #expect(after[0] - before[0] > 2 * (after[1] - before[1]), "\(before) \(after) \(kept)")
        #expect(model.model.parameters.attached.isEmpty)
    }

    /// Steps of one length: with the retain set's directions taken out, its loss rises less.
    @Test func aStepWithoutTheRetainSetsDirectionsMovesTheRetainSetLess() throws {
        func change(_ components: Int) throws -> [Double] {
            let model = try learnt()
            let before = try losses(model)
            var (method, options) = repSelect()
            method.retainComponents = components
            (options.learningRate, options.steps, options.stop.divergence) = (0.05, 1, nil)
            try method.unlearn(session(model, options))
            return try zip(losses(model), before).map { $0 - $1 }
        }
        let (with, without) = (try change(2), try change(0))
        #expect(with[0] > 0.5 && without[0] > 0.5)
        #expect(with[1] < 0.8 * without[1], "\(with) \(without)")
    }

    @Test func aMethodThatGoesOnEndsAsIfItHadNotBeenInterrupted() throws {
        func check(_ method: some LanguageMethod, _ options: TrainingOptions, steps: Int, at wanted: [Int]) throws {
            var states: [TrainingState] = []
            let keep = Resumption { kept in
                let copies = withoutRecording { kept.tensors.map { ($0.name, $0.tensor + 0) } }
                states.append(TrainingState(step: kept.step, tensors: copies))
            }
            let whole = try TinyText.letters(GoldenStep().reference)
            try method.unlearn(session(whole, options, keep))
            #expect(states.map(\.step) == Array(1...steps))
            for state in states where wanted.contains(state.step) {
                let rest = try TinyText.letters(GoldenStep().reference)
                try method.unlearn(session(rest, options, Resumption(from: state) { _ in }))
                for name in whole.model.parameters.names {
                    let (old, new) = (whole.model.parameters[name], rest.model.parameters[name])
                    #expect(old.isIdentical(to: new), "\(state.step) \(name)")
                }
            }
        }
        for inner in UNDO.Inner.allCases {
            var (method, options) = undo(inner, repair: 3)
            options.steps = 3
            if inner == .npo { options.extrapolation = 1.25 }
            try check(method, options, steps: 6, at: [2, 3, 4, 5])
        }
        var (method, options) = repSelect()
        (method.relearner.leastSteps, options.steps) = (3, 4)
        try check(method, options, steps: 3, at: [1, 3])
    }
}
