// Methods that work on changes of weights, against torch and NumPy: see Tools/reference/weight_methods_golden.py.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct WeightMethodGoldenTests {
    private let json: JSONValue
    private let tensors: SafetensorsFile

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/weight-methods")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    }

    private func tensor(_ name: String) throws -> Tensor {
        let shape = try #require(tensors.entries[name]).shape
        return Tensor(copying: try tensors.bytes(of: name), shape: shape, type: .float32)
    }

    private func number(_ path: String) throws -> Double {
        try #require(path.split(separator: ".").reduce(Optional(json)) { $0?[String($1)] }?.double)
    }

    /// How far any element lies from the reference's. Steps are of 1e-3 and sums of float32, so 1e-6 is a thousandth.
    private func distance(_ found: Tensor, _ name: String) throws -> Float {
        (found - (try tensor(name))).abs().max().item
    }

    /// The session that the reference trains: all parameters, both examples in each of three equal steps.
    private func session(_ model: any CausalLM, _ change: (inout TrainingOptions) -> Void = { _ in }) throws -> Session
    {
        let golden = try GoldenStep()
        var options = TrainingOptions()
        options.learningRate = try number("training.learningRate")
        (options.steps, options.batchSize, options.parameters) = (Int(try number("training.steps")), 2, "*")
        (options.schedule, options.gradientNormLimit) = (Schedule(.constant), 1e9)
        change(&options)
        return try Session(
            model: TinyText.language(model), forget: golden.forget, retain: [], options: options, seed: 0)
    }

    @Test func aWholeRunOfTaskVectorEqualsTheReference() throws {
        let model = try GoldenStep().reference
        var method = TaskVector()
        method.scale.factor = try number("training.scale")
        try method.unlearn(session(model))
        for name in model.parameters.names {
            #expect(try distance(model.parameters[name], "task-vector.\(name)") < 2e-6, "\(name)")
        }
    }

    /// Learning, the inverse of forgetting, is all that is extrapolated here.
    private struct Learning: LanguageMethod {
        static let card = Card(name: "learning", summary: "Learns.", paper: nil, needs: [])
        static let trainingDefaults = TrainingOptions()
        func run(_ session: Session) throws { try TaskVector.learn(session) }
    }

    @Test func extrapolationMultipliesWhatARunChanged() throws {
        let model = try GoldenStep().reference
        let factor = try number("extrapolation")
        try Learning().unlearn(session(model) { $0.extrapolation = factor })
        for name in model.parameters.names {
            #expect(try distance(model.parameters[name], "extrapolation.\(name)") < 2e-6, "\(name)")
        }
    }

    @Test func tiesEqualsTheReference() throws {
        let changes = try tensor("ties.changes")  // [models, 6, 10]
        let parts = (0..<changes.shape[0]).map { changes.narrow(0, from: $0, count: 1).reshape([6, 10]) }
        let merged = TIES.merged(parts, density: try number("ties.density"))
        #expect(try distance(merged, "ties.merged") < 1e-6)
        // Both signs are elected somewhere, and most entries are trimmed by all.
        let values = merged.scalars(Float.self)
        #expect(values.contains { $0 > 0 } && values.contains { $0 < 0 } && values.count { $0 == 0 } > 20)
    }

    @Test func spungeMergesAdditionsLikeTheReference() throws {
        let (down, up) = (try tensor("spunge.down"), try tensor("spunge.up"))
        let scale = try number("spunge.alpha") / number("spunge.rank")
        let pairs = (0..<down.shape[0]).map { part in
            LowRankPair(
                down: down.narrow(0, from: part, count: 1).reshape([2, 8]),
                up: up.narrow(0, from: part, count: 1).reshape([6, 2]), scale: scale)
        }
        #expect(try distance(SPUNGE.merged(pairs, density: number("spunge.density")), "spunge.merged") < 1e-5)
    }

    /// By hand. Kept of each, half: (4, −3, 0, 0), (−1, 0, 2, 0) and (0, 5, 6, 0). Sums 3, 2, 8, 0: all of one sign; the
    /// entries that agree are 4; 5; 2 and 6.
    @Test func tiesTrimsElectsAndAverages() {
        let changes = [[4, -3, 1, 0], [-1, 0.5, 2, 0.25], [1, 5, 6, -2]].map { Tensor($0.map { Float($0) }) }
        #expect(TIES.merged(changes, density: 0.5).scalars(Float.self) == [4, 5, 4, 0])
    }

    @Test func changesThatCancelMergeToNothing() {
        let (one, other): ([Float], [Float]) = ([2, 1], [-2, 1])
        #expect(TIES.merged([Tensor(one), Tensor(other)], density: 1).scalars(Float.self) == [0, 1])
    }
}
