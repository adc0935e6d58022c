// Ordinary training: what is learnt, in which parts, when it ends, and that it can go on.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct LanguageTrainingTests {
    @Test func passesAreRepeatedUntilThereAreEnoughSteps() {
        var options = TrainingOptions()
        (options.epochs, options.batchSize) = (2, 4)
        #expect(options.steps(over: 9) == 6)
        options.leastSteps = 10
        #expect(options.steps(over: 9) == 10)
        #expect(options.steps(over: 90) == 46)
        options.steps = 3
        #expect(options.steps(over: 90) == 3)
    }

    private static let examples = [
        [1, 11, 25, 40, 3, 58, 2], [1, 45, 6, 14, 62], [1, 20, 53, 31, 16, 2], [1, 8, 49, 22, 61, 13, 35, 9],
    ].enumerated().map { TokenExample(id: $0.offset, tokens: $0.element.map { Int32($0) }, labelledFrom: 1) }
    private static let others = [[1, 33, 17, 29, 55], [1, 60, 4, 12, 44, 7]].enumerated().map {
        TokenExample(id: 10 + $0.offset, tokens: $0.element.map { Int32($0) }, labelledFrom: 1)
    }

    private struct Run {
        var model: LanguageModel
        var steps: Int
        var events: [StepEvent]
        var kept: [Int]
    }

    private func run(
        _ change: (inout LanguageTraining) -> Void, validation: [TokenExample] = [], from state: TrainingState? = nil,
        stateAt wanted: Int? = nil, keep: (TrainingState) -> Void = { _ in }
    ) throws -> Run {
        var training = LanguageTraining()
        (training.learningRate, training.epochs, training.batchSize) = (3e-3, 8, 4)
        training.checkpointSeconds = 0
        change(&training)
        let model = try TinyText.language(GoldenStep().reference)
        var events: [StepEvent] = []
        var kept: [Int] = []
        return try withoutActuallyEscaping(keep) { keep in
            let session = Session(
                model: model, forget: Self.examples, retain: [], options: training.loop(over: Self.examples.count),
                seed: 0,
                resumption: Resumption(from: state) { state in
                    kept.append(state.step)
                    if state.step == wanted { keep(state) }
                }, onStep: { events.append($0) })
            let steps = try training.train(session, validation: validation)
            return Run(model: model, steps: steps, events: events, kept: kept)
        }
    }

    private func parameters(_ run: Run) -> [Float] {
        run.model.model.parameters.names.flatMap { run.model.model.parameters[$0].scalars(Float.self) }
    }

    @Test func trainingLearnsItsExamples() throws {
        let before = try TinyText.language(GoldenStep().reference).tokenMean(Self.examples)
        let run = try run { $0.epochs = 40 }
        #expect(run.steps == 40 && run.events.count == 40)
        #expect(run.model.tokenMean(Self.examples) < before - 1)
        #expect(abs(run.events[0].terms["nll"]! - before) < 1e-4)
    }

    /// Parts are weighted by their labelled tokens, so that only rounding tells them from one batch.
    @Test func accumulatedBatchesEqualOneLargeBatch() throws {
        let whole = try run { ($0.batchSize, $0.epochs) = (4, 1) }
        let parts = try run { ($0.batchSize, $0.accumulation, $0.epochs) = (1, 4, 1) }
        #expect(whole.steps == 1 && parts.steps == 1)
        #expect(abs(whole.events[0].terms["nll"]! - parts.events[0].terms["nll"]!) < 1e-5)
        #expect(abs(whole.events[0].gradientNorm - parts.events[0].gradientNorm) < 1e-4)
        #expect(zip(parameters(whole), parameters(parts)).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func noStepSeesAnExampleTwice() {
        var training = LanguageTraining()
        (training.batchSize, training.accumulation) = (8, 4)
        #expect(training.loop(over: 5).batchSize == 5)
        #expect(training.loop(over: 500).batchSize == 32)
    }

    @Test func theSplitTakesItsShareAndLeavesTheOrder() {
        var training = LanguageTraining()
        #expect(training.split(5, seed: 0) == ([0, 1, 2, 3, 4], []))
        training.validationShare = 0.3
        let (train, validation) = training.split(10, seed: 4)
        #expect(validation.count == 3 && (train + validation).sorted() == Array(0..<10))
        #expect(train == train.sorted() && validation == validation.sorted())
        #expect(training.split(10, seed: 4) == (train, validation))
        #expect(training.split(1, seed: 4) == ([], [0]))
    }

    /// The examples have nothing in common with the others: to learn them makes these less likely sooner or later.
    @Test func earlyStopKeepsTheBestModel() throws {
        let run = try run({ ($0.epochs, $0.patience, $0.learningRate) = (60, 2, 1e-2) }, validation: Self.others)
        let values = run.events.map { $0.validation ?? .nan }
        let best = try #require(values.min())
        #expect(run.steps < 60 && run.steps == values.count)
        #expect(values.firstIndex(of: best) == values.count - 3)
        #expect(Float(run.model.tokenMean(Self.others)) == Float(best))
    }

    @Test func interruptedTrainingsGoOnToTheSameBits() throws {
        let change: (inout LanguageTraining) -> Void = {
            ($0.epochs, $0.patience, $0.learningRate) = (60, 3, 1e-2)
            $0.batchSize = 2
        }
        // The tensors of a state are those being trained: a copy is what a file would hold.
        var states: [TrainingState] = []
        let whole = try run(change, validation: Self.others, stateAt: 5) { kept in
            let copies = kept.tensors.map { name, tensor in (name, withoutRecording { tensor + 0 }) }
            states.append(TrainingState(step: kept.step, tensors: copies))
        }
        let rest = try run(change, validation: Self.others, from: states[0])
        #expect(rest.events.first?.step == 5)
        #expect(rest.steps == whole.steps && rest.steps < 120)
        #expect(parameters(rest) == parameters(whole))
        #expect(rest.events.map { $0.terms } == whole.events.dropFirst(5).map { $0.terms })
        #expect(rest.events.map { $0.validation } == whole.events.dropFirst(5).map { $0.validation })
    }
}
