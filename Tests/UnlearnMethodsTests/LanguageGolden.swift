// A reference's runs of a tiny model: its numbers, its tensors, and the session that they were made with.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

struct LanguageGolden {
    let json: JSONValue
    private let tensors: SafetensorsFile

    /// - Parameter name: the folder below Tests/Golden.
    init(_ name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/\(name)")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    }

    func number(_ path: String) throws -> Double {
        try #require(path.split(separator: ".").reduce(Optional(json)) { $0?[String($1)] }?.double)
    }

    func numbers(_ run: String, _ name: String) throws -> [Double] {
        try #require(json[run]?[name]?.array).map { try #require($0.double) }
    }

    func tensor(_ name: String) throws -> Tensor {
        let shape = try #require(tensors.entries[name]).shape
        return Tensor(copying: try tensors.bytes(of: name), shape: shape, type: .float32)
    }

    /// How far any element lies from the reference's. Steps are of 1e-3: 2e-6 is a five-hundredth.
    func distance(_ found: Tensor, _ name: String) throws -> Float {
        (found - (try tensor(name))).abs().max().item
    }

    func session(
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
}
