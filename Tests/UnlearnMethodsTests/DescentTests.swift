// Steps are counted through all phases, and a training goes on from any of them as if nothing had happened.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct DescentTests {
    @Test(arguments: ["scrub", "fanchuan", "seif", "forget", "sun", "amnesiacs"])
    func stepsAreCountedThroughAllPhases(name: String) throws {
        let type = try MethodCatalog.classifierMethod(name)
        var phase = type.phaseDefaults
        (phase.epochs, phase.batchSize) = (2, 16)
        var steps: [Int] = []
        let session = try TinyImages.session(TinyImages.trained(), phase: phase) { steps.append($0.step) }
        try type.init().unlearn(session)
        #expect(steps.count > 4 && steps == Array(0..<steps.count))
    }

    /// One network, and one of two shards, which are trained one after the other.
    @Test(arguments: [1, 2]) func aClassifiersTrainingGoesOnFromEveryKeptState(shards: Int) throws {
        var design = ClassifierDesign()
        (design.width, design.shards) = (8, shards)
        var training = ClassifierTraining()
        (training.epochs, training.batchSize) = (2, 16)

        func train(
            from state: TrainingState? = nil, keep: @escaping (TrainingState) -> Void = { _ in }
        ) throws -> (parameters: [[Float]], steps: [Int]) {
            let model = try ClassifierDirectory.make(
                design.configuration(for: TinyImages.set), using: Generator(seed: 3, purpose: "parameters"))
            var steps: [Int] = []
            let session = ClassifierSession(
                model: model, images: TinyImages.set, forget: [], retain: TinyImages.retain, phase: training.phase,
                seed: 3, resumption: Resumption(from: state, keep: keep), checkpointSeconds: 0,
                onStep: { steps.append($0.step) })
            try training.train(session)
            return (model.parameters.names.map { model.parameters[$0].scalars(Float.self) }, steps)
        }

        var states: [TrainingState] = []
        let whole = try train { state in
            let copies = withoutRecording { state.tensors.map { ($0.name, $0.tensor + 0) } }
            states.append(TrainingState(step: state.step, tensors: copies))
        }
        #expect(states.map(\.step) == whole.steps.map { $0 + 1 } && states.count >= 8)
        for state in states {
            let rest = try train(from: state)
            #expect(rest.parameters == whole.parameters)
            #expect(rest.steps == Array(whole.steps.dropFirst(state.step)))
        }
    }
}
