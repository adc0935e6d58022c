// What makes a method's result hold, against torch: see Tools/reference/robust_golden.py.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct RobustGoldenTests {
    private let json: JSONValue
    private let tensors: SafetensorsFile

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/robust")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    }

    private func number(_ path: String) throws -> Double {
        try #require(path.split(separator: ".").reduce(Optional(json)) { $0?[String($1)] }?.double)
    }

    /// How far any element of a parameter lies from the reference's. Steps are of 1e-3: 2e-6 is a five-hundredth.
    private func distance(_ store: ParameterStore, _ name: String, _ run: String) throws -> Float {
        let key = "\(run).\(name)"
        let shape = try #require(tensors.entries[key]).shape
        let expected = Tensor(copying: try tensors.bytes(of: key), shape: shape, type: .float32)
        return (store[name] - expected).abs().max().item
    }

    private func session(
        _ model: any CausalLM, _ onStep: @escaping (StepEvent) -> Void = { _ in },
        _ change: (inout TrainingOptions) -> Void
    ) throws -> Session {
        let golden = try GoldenStep()
        var options = TrainingOptions()
        options.learningRate = try number("training.learningRate")
        (options.steps, options.batchSize, options.parameters) = (Int(try number("training.steps")), 2, "*")
        (options.retainBatchSize, options.schedule, options.gradientNormLimit) = (2, Schedule(.constant), 1e9)
        change(&options)
        return try Session(
            model: TinyText.language(model), forget: golden.forget, retain: [golden.retain], options: options, seed: 0,
            onStep: onStep)
    }

    @Test func flatStepsEqualTheReference() throws {
        let model = try GoldenStep().reference
        var norms: [Double] = []
        let rho = try number("flatness.rho")
        try GradientDifference().unlearn(session(model, { norms.append($0.gradientNorm) }) { $0.flatness.rho = rho })
        for name in model.parameters.names {
            #expect(try distance(model.parameters, name, "flatness") < 2e-6, "\(name)")
        }
        let expected = try #require(json["flatness"]?["gradientNorms"]?.array).map { try #require($0.double) }
        #expect(norms.count == expected.count)
        for (norm, value) in zip(norms, expected) { #expect(abs(norm - value) < 1e-3 * value) }
        // The spot itself is come back to, to the bit.
        let still = try GoldenStep().reference
        let before = still.parameters.snapshot()
        try GradientDifference().unlearn(
            session(still) { options in
                options.flatness.rho = rho
                options.learningRate = 0
            })
        for (name, kept) in zip(still.parameters.names, before) {
            #expect(still.parameters[name].isIdentical(to: kept), "\(name)")
        }
        // Steps on the spot go elsewhere.
        let plain = try GoldenStep().reference
        try GradientDifference().unlearn(session(plain) { _ in })
        #expect(try distance(plain.parameters, "model.layers.0.mlp.up_proj.weight", "flatness") > 2e-6)
    }
}
