// UNDO and RepSelect against torch and NumPy: see Tools/reference/robust_methods_golden.py.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct RobustMethodGoldenTests {
    private let json: JSONValue
    private let tensors: SafetensorsFile

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/robust-methods")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    }

    private func number(_ path: String) throws -> Double {
        try #require(path.split(separator: ".").reduce(Optional(json)) { $0?[String($1)] }?.double)
    }

    private func tensor(_ name: String) throws -> Tensor {
        let shape = try #require(tensors.entries[name]).shape
        return Tensor(copying: try tensors.bytes(of: name), shape: shape, type: .float32)
    }

    /// How far any element lies from the reference's. Steps are of 1e-3: 2e-6 is a five-hundredth.
    private func distance(_ found: Tensor, _ name: String) throws -> Float {
        (found - (try tensor(name))).abs().max().item
    }

    private func session(
        _ model: any CausalLM, _ resumption: Resumption? = nil, _ onStep: @escaping (StepEvent) -> Void = { _ in },
        change: (inout TrainingOptions) throws -> Void = { _ in }
    ) throws -> Session {
        let golden = try GoldenStep()
        var options = TrainingOptions()
        options.learningRate = try number("training.learningRate")
        (options.steps, options.batchSize, options.parameters) = (Int(try number("training.steps")), 2, "*")
        (options.retainBatchSize, options.schedule, options.gradientNormLimit) = (2, Schedule(.constant), 1e9)
        options.checkpointSeconds = 0
        try change(&options)
        return try Session(
            model: TinyText.language(model), forget: golden.forget, retain: [golden.retain], options: options, seed: 0,
            resumption: resumption, onStep: onStep)
    }

    /// What NPO unlearned, what the noise made of it, and what the repair did.
    @Test func aWholeRunOfUNDOEqualsTheReference() throws {
        var method = UNDO()
        (method.inner, method.noise) = (.npo, try number("undo.noise"))
        (method.repair.steps, method.repair.batchSize) = (Int(try number("undo.steps")), 2)
        method.repair.learningRate = try number("undo.learningRate")
        let model = try GoldenStep().reference
        var states: [TrainingState] = []
        var events: [StepEvent] = []
        let keep = Resumption { kept in
            let copies = withoutRecording { kept.tensors.map { ($0.name, $0.tensor + 0) } }
            states.append(TrainingState(step: kept.step, tensors: copies))
        }
        try method.unlearn(session(model, keep, { events.append($0) }))
        #expect(events.map(\.step) == Array(0..<6))
        // Kept with the first state of the repair.
        let unlearned = try #require(states.first { $0.step == 4 }).tensors.filter { $0.name.contains(".unlearned.") }
        #expect(unlearned.count == model.parameters.names.count)
        for (name, tensor) in unlearned {
            let own = name.replacing("parameter.unlearned.", with: "")
            #expect(try distance(tensor, "undo-unlearned.\(own)") < 2e-6, "\(own)")
            if tensor.rank > 1 {
                var generator = Generator(seed: 0, purpose: "undo \(own)")
                let disturbed = try self.tensor("undo-unlearned.\(own)")
                UNDO.disturb(disturbed, share: method.noise, using: &generator)
                #expect(try distance(disturbed, "undo-disturbed.\(own)") < 1e-6, "\(own)")
            }
        }
        let terms = try #require(json["undo"]?["terms"]?.array).map { Float(try #require($0.double)) }
        let found = events.suffix(3).compactMap { $0.terms["repair-kl"].map { Float($0) } }
        #expect(found.count == terms.count && zip(found, terms).allSatisfy { isClose($0, $1) }, "\(found)")
        for name in model.parameters.names {
            #expect(try distance(model.parameters[name], "undo.\(name)") < 4e-6, "\(name)")
        }
    }

    @Test func theFilterOfRepSelectEqualsTheReference() throws {
        let gradient = try tensor("filter.gradient")
        let largest = try tensor("filter.damped").abs().max().item
        let own = SingularVectors(of: gradient, count: Int(try number("repselect.components")))
        #expect(own.values.count == 4)
        let damped = own.damped(gradient)
        #expect(try distance(damped, "filter.damped") < 1e-5 * largest)
        // What is damped is another matrix.
        #expect(try distance(gradient, "filter.damped") > 0.1 * largest)
        let retain = SingularVectors(
            of: try tensor("filter.retain"), count: Int(try number("repselect.retainComponents")))
        let removed = retain.removed(from: damped)
        #expect(try distance(removed, "filter.removed") < 1e-5 * largest)
        let left = removed.to(.float64).matmul(retain.right).abs().max().item
        #expect(left < 1e-6 * largest)
    }

    @Test func aWholeRunOfRepSelectEqualsTheReference() throws {
        var method = RepSelect()
        (method.components, method.retainComponents) = (
            Int(try number("repselect.components")), Int(try number("repselect.retainComponents"))
        )
        (method.relearner.rank, method.relearner.alpha) = (
            Int(try number("repselect.rank")), try number("repselect.alpha")
        )
        (method.relearner.epochs, method.relearner.leastSteps) = (Int(try number("repselect.epochs")), 0)
        method.relearner.learningRate = try number("repselect.relearningRate")
        let model = try GoldenStep().reference
        try method.unlearn(
            session(model, nil, { _ in }) { options in
                options.parameters = RepSelect.trainingDefaults.parameters
                (options.learningRate, options.steps) = (
                    try number("repselect.rate"), Int(try number("repselect.steps"))
                )
            })
        let untouched = try GoldenStep().reference.parameters
        for name in model.parameters.names {
            #expect(try distance(model.parameters[name], "repselect.\(name)") < 2e-5, "\(name)")
            // By a twentieth of the matrices' length.
            let moved = (model.parameters[name] - untouched[name]).abs().max().item
            #expect(name.contains(".mlp.") ? moved > 2e-3 : moved == 0, "\(name)")
        }
    }

    /// By hand: of diag(3, 1, 0.5) the largest two are kept; 3 becomes 3 / 3², 1 stays, and the rest does.
    @Test func dampingDividesOnBothSidesAndLeavesTheRest() {
        let values: [Float] = [3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.5, 0]
        let (flat, tall) = (Tensor(values, shape: [3, 4]), Tensor(values, shape: [3, 4]).transpose(0, 1))
        for matrix in [flat, tall] {
            let found = SingularVectors(of: matrix, count: 2)
            #expect(found.values.scalars(Double.self) == [1, 3])
            let expected = Tensor([1.0 / 3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.5, 0] as [Float], shape: [3, 4])
            let damped = found.damped(matrix)
            let lying = matrix.shape == [3, 4] ? damped : damped.transpose(0, 1)
            #expect((lying - expected).abs().max().item < 1e-6)
            // Only what neither of the two directions reads or writes is left of another one.
            let removed = found.removed(from: Tensor([Float](repeating: 1, count: 12), shape: matrix.shape))
            let kept = (matrix.shape == [3, 4] ? removed : removed.transpose(0, 1)).scalars(Float.self)
            #expect(kept.enumerated().allSatisfy { abs($0.element - ([10, 11].contains($0.offset) ? 1 : 0)) < 1e-6 })
        }
        // The count goes down to what is not as good as zero.
        #expect(SingularVectors(of: flat, count: 100).values.scalars(Double.self).count == 3)
    }
}
