// How far a model may get from the original: the figure against hand arithmetic, and what is put back.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct DivergenceBudgetTests {
    private static let retain = (0..<4).map { index in
        TokenExample(id: 10 + index, tokens: [1, Int32(20 + index), 33, 17, 29], labelledFrom: 2)
    }
    private static let forget = (0..<4).map { index in
        TokenExample(id: index, tokens: [1, Int32(40 + index), 8, 52, 11, 6], labelledFrom: 2)
    }

    private static func stop(_ divergence: Double?, every: Int = 1, patience: Int = 1) -> StopOptions {
        var stop = StopOptions()
        (stop.divergence, stop.every, stop.patience) = (divergence, every, patience)
        return stop
    }

    private static func copy(_ tensor: Tensor) -> Tensor { withoutRecording { tensor + 0 } }

    private struct Run {
        let model: LanguageModel
        var events: [StepEvent] = []
        var kept: KeptState?
        var divergences: [Double] { events.compactMap(\.divergence) }
        var parameters: [Float] {
            model.model.parameters.names.flatMap { model.model.parameters[$0].scalars(Float.self) }
        }
    }

    private func run(
        _ method: some LanguageMethod, _ stop: StopOptions, steps: Int = 12, from state: TrainingState? = nil,
        keep: (TrainingState) -> Void = { _ in }
    ) throws -> Run {
        var run = Run(model: try TinyText.language(GoldenStep().reference))
        var options = TrainingOptions()
        (options.learningRate, options.steps, options.parameters) = (3e-3, steps, "*")
        (options.stop, options.checkpointSeconds) = (stop, 0)
        try withoutActuallyEscaping(keep) { keep in
            let session = Session(
                model: run.model, forget: Self.forget, retain: [Self.retain], options: options, seed: 0,
                resumption: Resumption(from: state, keep: keep), onStep: { run.events.append($0) })
            try method.unlearn(session)
            run.kept = session.kept
        }
        return run
    }

    @Test func theDivergenceIsTheSumOverTheVocabularyPerToken() throws {
        let step = try GoldenStep()
        let budget = try #require(DivergenceBudget(Self.stop(1), [Self.retain], of: step.reference))
        #expect(abs(budget.divergence()) < 1e-6)
        // Other weights into the same model, and the definition, summed by hand.
        let batch = TokenBatch(Self.retain)
        func rows(_ model: any CausalLM) -> [[Double]] {
            let logits = withoutRecording { model.logits(model.finalHidden(batch)) }
            let width = logits.shape[1]
            let values = logits.scalars(Float.self).map(Double.init)
            return (0..<logits.shape[0]).map { row in
                let own = values[row * width..<(row + 1) * width]
                let total = log(own.reduce(0) { $0 + exp($1) })
                return own.map { $0 - total }
            }
        }
        let old = rows(step.reference)
        for name in step.reference.parameters.names {
            withoutRecording { step.reference.parameters[name].copy(from: step.model.parameters[name]) }
        }
        let new = rows(step.reference)
        let divergences = zip(old, new).map { p, q in zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) } }
        let expected = divergences.reduce(0, +) / Double(divergences.count)
        #expect(expected > 1e-4)
        #expect(abs(budget.divergence() - expected) < 1e-5 + 1e-4 * expected)
    }

    @Test func trainingEndsBeyondTheLimitAndTheLastStateWithinItStays() throws {
        let free = try run(NPO(), Self.stop(1e9))
        #expect(free.divergences.count == 12)
        // A limit between the third and the fourth: the fourth step is the last, and the third's state stays.
        let rising = free.divergences
        #expect(rising[3] > rising[2])
        let limit = (rising[2] + rising[3]) / 2
        let bounded = try run(NPO(), Self.stop(limit))
        #expect(bounded.divergences == Array(rising.prefix(4)))
        let fresh = try GoldenStep().reference
        let budget = try #require(DivergenceBudget(Self.stop(limit), [Self.retain], of: fresh))
        for name in fresh.parameters.names {
            withoutRecording { fresh.parameters[name].copy(from: bounded.model.model.parameters[name]) }
        }
        #expect(abs(budget.divergence() - rising[2]) < 1e-6)
        #expect(bounded.kept == KeptState(steps: 3, divergence: Double(Float(rising[2]))))
        #expect(free.kept?.steps == 12)
    }

    @Test func patienceGoesOnBeyondTheLimitAndKeepsTheSameState() throws {
        let rising = try run(NPO(), Self.stop(1e9)).divergences
        let limit = (rising[2] + rising[3]) / 2
        let (short, long) = (try run(NPO(), Self.stop(limit)), try run(NPO(), Self.stop(limit, patience: 3)))
        #expect(long.divergences == Array(rising.prefix(6)))
        #expect(long.parameters == short.parameters && long.kept == short.kept)
        // Training that ends before the patience does ends at the same state too.
        let cut = try run(NPO(), Self.stop(limit, patience: 100))
        #expect(cut.events.count == 12 && cut.parameters == short.parameters)
    }

    @Test func theLimitIsSetOnTheWatchedExamplesAlone() throws {
        let model = try TinyText.language(GoldenStep().reference)
        var options = TrainingOptions()
        (options.learningRate, options.steps, options.parameters) = (3e-3, 3, "*")
        options.stop = Self.stop(1e9)
        var events: [StepEvent] = []
        let watched = Array(Self.retain.prefix(1))
        let session = Session(
            model: model, forget: Self.forget, retain: [Self.retain], watched: [watched], options: options, seed: 0,
            onStep: { events.append($0) })
        try NPO().unlearn(session)
        // Training is the same; what is measured is not.
        let all = try run(NPO(), Self.stop(1e9), steps: 3)
        let divergences = events.compactMap(\.divergence)
        #expect(divergences.count == 3 && zip(divergences, all.divergences).allSatisfy { $0 != $1 })
        #expect(
            all.model.model.parameters.names.allSatisfy {
                all.model.model.parameters[$0].isIdentical(to: model.model.parameters[$0])
            })
    }

    @Test func withoutALimitNothingIsMeasuredAndNothingChanges() throws {
        let plain = try run(NPO(), Self.stop(nil))
        #expect(plain.events.count == 12 && plain.divergences.isEmpty)
        #expect(try run(NPO(), Self.stop(1e9, every: 5)).parameters == plain.parameters)
    }

    @Test func aLimitThatTheFirstStepPassesLeavesTheOriginal() throws {
        let original = Run(model: try TinyText.language(GoldenStep().reference))
        let bounded = try run(GradientAscent(), Self.stop(1e-12))
        #expect(bounded.events.count == 1 && bounded.parameters == original.parameters)
    }

    @Test func stepsAfterTheLastMeasurementAreMeasuredAtTheEnd() throws {
        let original = Run(model: try TinyText.language(GoldenStep().reference))
        let bounded = try run(GradientAscent(), Self.stop(1e-12, every: 50))
        #expect(bounded.events.count == 12 && bounded.divergences.isEmpty)
        #expect(bounded.parameters == original.parameters)
    }

    @Test func anInterruptedTrainingKeepsItsBudget() throws {
        let free = try run(NPO(), Self.stop(1e9))
        let limit = (free.divergences[2] + free.divergences[3]) / 2
        let whole = try run(NPO(), Self.stop(limit))
        for wanted in [2, 4] {
            var kept: TrainingState?
            _ = try run(NPO(), Self.stop(limit)) { state in
                guard state.step == wanted else { return }
                // Copies: the tensors change with the next step.
                kept = TrainingState(
                    step: state.step, tensors: state.tensors.map { (name: $0.name, tensor: Self.copy($0.tensor)) })
            }
            #expect(kept?.step == wanted)
            let end = try run(NPO(), Self.stop(limit), from: kept)
            #expect(end.parameters == whole.parameters)
        }
    }
}
