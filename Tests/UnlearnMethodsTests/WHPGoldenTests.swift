// The generic scores of "Who's Harry Potter", against NumPy: see Tools/reference/whp_golden.py and whp_mean_golden.py.

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

    @Test func theMeanOverStandInsOfWHPEqualsTheReference() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden/whp-mean")
        let json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        let file = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
        func tensor(_ name: String) throws -> Tensor {
            let shape = try #require(file.entries[name]).shape
            return Tensor(copying: try file.bytes(of: name), shape: shape, type: .float32)
        }
        let copies = try #require(json["appeared"]?.array)
        let scores = try copies.enumerated().map { copy, rows in
            GenericScores.scores(
                base: try tensor("whp-mean.base\(copy)"), reinforced: try tensor("whp-mean.reinforced"),
                alpha: try #require(json["alpha"]?.double),
                appeared: try #require(rows.array).map { row in
                    try #require(row.array).map { Int64(try #require($0.int)) }
                }, penalty: Float(try #require(json["penalty"]?.double)))
        }
        let mean = GenericScores.mean(scores)
        #expect((mean.exp() - (try tensor("whp-mean.probabilities"))).abs().max().item < 1e-6)
        let best = mean.argmax(along: 1).scalars(Int64.self).map(Float.init)
        #expect(try best == tensor("whp-mean.best").scalars(Float.self))
        // The mean is none of its parts, and of one part it is that part.
        #expect(scores.allSatisfy { (mean.exp() - $0.softmax()).abs().max().item > 1e-2 })
        #expect(GenericScores.mean([scores[0]]).isIdentical(to: scores[0]))
    }
}
