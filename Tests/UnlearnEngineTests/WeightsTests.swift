// Building from a checkpoint: every name and shape is checked, and the sentences say what to do.

import Testing
import UnlearnEngine

/// A checkpoint in memory.
private struct MemorySource: TensorSource {
    let title = "'model.safetensors'"
    var tensors: [(name: String, tensor: Tensor)]

    var names: [String] { tensors.map(\.name) }
    func shape(of name: String) -> Shape? { tensors.first { $0.name == name }?.tensor.shape }
    func load(_ name: String, as _: Precision) throws(CheckpointError) -> Tensor {
        guard let found = tensors.first(where: { $0.name == name }) else { throw .missing(name: name, source: title) }
        return found.tensor
    }
}

struct WeightsTests {
    private let source = MemorySource(tensors: [
        ("layers.0.weight", Tensor.zeros([2, 3])), ("layers.1.weight", Tensor.zeros([3])),
    ])

    func message(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return "\(error)" }
        return nil
    }

    @Test func parametersAreFoundByPathAndKeptInTheOrderAsked() throws {
        let layers = Weights(source)["layers"]
        _ = try layers[1].parameter("weight", [3], or: .zeros)
        _ = try layers[0].parameter("weight", [2, 3], or: .zeros)
        let store = try layers.finish { _ in false }
        #expect(store.names == ["layers.1.weight", "layers.0.weight"])
        #expect(store.scalarCount == 9)
    }

    @Test func aMissingParameterIsNamed() {
        let message = message { _ = try Weights(source)["head"].parameter("weight", [1], or: .zeros) }
        #expect(
            message == "Parameter 'head.weight' is missing from 'model.safetensors'. Check that the checkpoint is "
                + "complete and that config.json belongs to it.")
    }

    @Test func aWrongShapeNamesBoth() {
        let message = message { _ = try Weights(source)["layers"][0].parameter("weight", [3, 2], or: .zeros) }
        #expect(
            message == "Parameter 'layers.0.weight' has shape [2, 3]; config.json implies [3, 2]. Check that "
                + "config.json belongs to the checkpoint.")
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func aParameterThatIsNoNumberIsNamed(value: Float) throws {
        let broken = MemorySource(tensors: [("weight", Tensor([0, value]))])
        #expect(
            message { _ = try Weights(broken).parameter("weight", [2], or: .zeros) }
                == "Parameter 'weight' cannot be read: it holds values that are not finite (NaN or infinity), with which "
                + "nothing can be computed. Get the file again, or use an earlier version of the model.")
        // A sum beyond all single-precision numbers is no sign of one.
        let large = MemorySource(tensors: [
            ("weight", Tensor([Float.greatestFiniteMagnitude, .greatestFiniteMagnitude]))
        ])
        _ = try Weights(large).parameter("weight", [2], or: .zeros)
    }

    @Test func leftOverParametersAreAnErrorUnlessHarmless() throws {
        let weights = Weights(source)
        _ = try weights["layers"][0].parameter("weight", [2, 3], or: .zeros)
        #expect(
            message { _ = try weights.finish { _ in false } }
                == "'model.safetensors' holds 1 parameter(s) that this architecture does not have, the first is "
                + "'layers.1.weight'. Check model_type in config.json.")
        #expect(try weights.finish { $0 == "layers.1.weight" }.names == ["layers.0.weight"])
    }

    @Test func withoutACheckpointParametersAreInitialised() throws {
        func make() throws -> Tensor {
            let weights = Weights(using: Generator(seed: 3, purpose: "initial"))
            #expect(try weights.parameter("scale", [2], or: .ones).scalars(Float.self) == [1, 1])
            return try weights.parameter("weight", [4, 4], or: .normal(deviation: 0.02))
        }
        #expect(try make().isIdentical(to: make()))
    }

    @Test func onlySelectedParametersAreTrained() {
        let store = ParameterStore()
        for name in ["a", "b", "c"] { store.add(name, .zeros([1])) }
        #expect(store.train(["c", "a"]).count == 2)
        #expect(store.names.map { store[$0].requiresGradient } == [true, false, true])
    }
}
