// The generic scores of "Who's Harry Potter", against NumPy: see Tools/reference/whp_golden.py.

import Foundation
import Testing
import UnlearnEngine
import UnlearnFormats

@testable import UnlearnMethods

@Suite struct WHPGoldenTests {
    @Test func genericScoresAndLabelsEqualTheReference() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden/whp")
        let json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        let file = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
        func tensor(_ name: String) throws -> Tensor {
            let shape = try #require(file.entries[name]).shape
            return Tensor(copying: try file.bytes(of: name), shape: shape, type: .float32)
        }
        let appeared = try #require(json["appeared"]?.array).map { row in
            try #require(row.array).map { Int64(try #require($0.int)) }
        }
        let scores = GenericScores.scores(
            base: try tensor("whp.base"), reinforced: try tensor("whp.reinforced"),
            alpha: try #require(json["alpha"]?.double), appeared: appeared,
            penalty: Float(try #require(json["penalty"]?.double)))
        #expect((scores - (try tensor("whp.scores"))).abs().max().item < 1e-5)
        let best = scores.argmax(along: 1).scalars(Int64.self).map(Float.init)
        #expect(try best == tensor("whp.best").scalars(Float.self))
    }
}
