// UNDO and RepSelect against torch and NumPy: see Tools/reference/robust_methods_golden.py.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct RobustMethodGoldenTests {
    private let golden: LanguageGolden

    init() throws { golden = try LanguageGolden("robust-methods") }

    /// What NPO unlearned, what the noise made of it, and what the repair did.
    @Test func aWholeRunOfUNDOEqualsTheReference() throws {
        var method = UNDO()
        (method.inner, method.noise) = (.npo, try golden.number("undo.noise"))
        (method.repair.steps, method.repair.batchSize) = (Int(try golden.number("undo.steps")), 2)
        method.repair.learningRate = try golden.number("undo.learningRate")
        let model = try GoldenStep().reference
        var states: [TrainingState] = []
        var events: [StepEvent] = []
        let keep = Resumption { kept in
            let copies = withoutRecording { kept.tensors.map { ($0.name, $0.tensor + 0) } }
            states.append(TrainingState(step: kept.step, tensors: copies))
        }
        try method.unlearn(golden.session(model, keep, { events.append($0) }))
        #expect(events.map(\.step) == Array(0..<6))
        // Kept with the first state of the repair.
        let unlearned = try #require(states.first { $0.step == 4 }).tensors.filter { $0.name.contains(".unlearned.") }
        #expect(unlearned.count == model.parameters.names.count)
        for (name, tensor) in unlearned {
            let own = name.replacing("parameter.unlearned.", with: "")
            #expect(try golden.distance(tensor, "undo-unlearned.\(own)") < 2e-6, "\(own)")
            if tensor.rank > 1 {
                var generator = Generator(seed: 0, purpose: "undo \(own)")
                let disturbed = try golden.tensor("undo-unlearned.\(own)")
                UNDO.disturb(disturbed, share: method.noise, using: &generator)
                #expect(try golden.distance(disturbed, "undo-disturbed.\(own)") < 1e-6, "\(own)")
            }
        }
        let terms = try #require(golden.json["undo"]?["terms"]?.array).map { Float(try #require($0.double)) }
        let found = events.suffix(3).compactMap { $0.terms["repair-kl"].map { Float($0) } }
        #expect(found.count == terms.count && zip(found, terms).allSatisfy { isClose($0, $1) }, "\(found)")
        for name in model.parameters.names {
            #expect(try golden.distance(model.parameters[name], "undo.\(name)") < 4e-6, "\(name)")
        }
    }

    @Test func theFilterOfRepSelectEqualsTheReference() throws {
        let gradient = try golden.tensor("filter.gradient")
        let largest = try golden.tensor("filter.damped").abs().max().item
        let own = SingularVectors(of: gradient, count: Int(try golden.number("repselect.components")))
        #expect(own.values.count == 4)
        let damped = own.damped(gradient)
        #expect(try golden.distance(damped, "filter.damped") < 1e-5 * largest)
        // What is damped is another matrix.
        #expect(try golden.distance(gradient, "filter.damped") > 0.1 * largest)
        let retain = SingularVectors(
            of: try golden.tensor("filter.retain"), count: Int(try golden.number("repselect.retainComponents")))
        let removed = retain.removed(from: damped)
        #expect(try golden.distance(removed, "filter.removed") < 1e-5 * largest)
        let left = removed.to(.float64).matmul(retain.right).abs().max().item
        #expect(left < 1e-6 * largest)
    }

    @Test func aWholeRunOfRepSelectEqualsTheReference() throws {
        var method = RepSelect()
        (method.components, method.retainComponents) = (
            Int(try golden.number("repselect.components")), Int(try golden.number("repselect.retainComponents"))
        )
        (method.relearner.rank, method.relearner.alpha) = (
            Int(try golden.number("repselect.rank")), try golden.number("repselect.alpha")
        )
        (method.relearner.epochs, method.relearner.leastSteps) = (Int(try golden.number("repselect.epochs")), 0)
        method.relearner.learningRate = try golden.number("repselect.relearningRate")
        let model = try GoldenStep().reference
        try method.unlearn(
            golden.session(model, nil, { _ in }) { options in
                options.parameters = RepSelect.trainingDefaults.parameters
                (options.learningRate, options.steps) = (
                    try golden.number("repselect.rate"), Int(try golden.number("repselect.steps"))
                )
            })
        let untouched = try GoldenStep().reference.parameters
        for name in model.parameters.names {
            #expect(try golden.distance(model.parameters[name], "repselect.\(name)") < 2e-5, "\(name)")
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
