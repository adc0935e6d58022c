// Rotary numbers in the spellings of several years, against transformers (see Tools/reference/rotary_golden.py), and in
// GGUF.

import Foundation
import Testing
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@Suite struct RotaryTests {
    private let golden: JSONValue

    init() throws {
        golden = try JSONValue(contentsOf: packageRoot.appending(path: "Tests/Golden/rotary.json"))
    }

    /// A golden model with other rotary numbers, in a folder of its own.
    private func model(_ name: String, _ numbers: JSONValue, in folder: TemporaryFolder) throws -> ModelDirectory {
        try GoldenLlama(name).copy(to: folder.url) { json in
            for key in try #require(golden["removed"]?.array) { json[try #require(key.string)] = nil }
            for (key, value) in try #require(numbers.object) { json[key] = value }
        }
        return try ModelDirectory(folder.url)
    }

    /// The first scores after the last token of the golden sequence.
    private func scores(_ directory: ModelDirectory) throws -> [Float] {
        let ids = try #require(golden["ids"]?.array).map { Int32(try #require($0.int)) }
        let golden = try GoldenLlama("llama-tied")
        return Array(golden.logits(try directory.load(), ids).suffix(64).prefix(16))
    }

    private func rows(_ name: String) throws -> [(numbers: JSONValue, scores: [Float])] {
        try #require(golden["rows"]?.array).filter { $0["model"]?.string == name }.map { row in
            let scores = try #require(row["logits"]?.array).map { Float(try #require($0.double)) }
            return (try #require(row["numbers"]), scores)
        }
    }

    @Test(arguments: ["llama-rope-scaled", "mistral", "qwen2", "qwen3", "gpt-neox-serial"])
    func everySpellingGivesTheScoresOfTransformers(name: String) throws {
        let rows = try rows(name)
        #expect(rows.count >= 12)
        for (numbers, scores) in rows {
            let folder = try TemporaryFolder()
            let found = try self.scores(model(name, numbers, in: folder))
            #expect(Tolerance.logits.holds(found, scores), "\(numbers.text())")
        }
    }

    @Test(arguments: ["llama-rope-scaled", "mistral", "qwen2", "qwen3"])
    func everySpellingIsWrittenAsGGUF(name: String) throws {
        for (numbers, scores) in try rows(name) {
            let (folder, file) = (try TemporaryFolder(), try TemporaryFolder())
            let directory = try model(name, numbers, in: folder)
            let url = file.url.appending(path: "model.gguf")
            try GGUFExport.write(try directory.load().parameters, of: directory, tokenizer: [], as: .f32, to: url)
            #expect(Tolerance.logits.holds(try self.scores(ModelDirectory(url)), scores), "\(numbers.text())")
        }
    }

    /// What the base and the scaling of one object lack comes from the other one, and null is as good as nothing.
    @Test func whatOnePlaceLacksComesFromTheNextOne() throws {
        let expected = try #require(rows("llama-rope-scaled").first { $0.numbers["rope_scaling"]?["type"] == "linear" })
        let linear: JSONValue = ["rope_type": nil, "type": "linear", "factor": 4]
        let spellings: [JSONValue] = [
            ["rope_scaling": linear, "rope_parameters": ["rope_type": "default", "rope_theta": 500_000]],
            ["rope_scaling": ["rope_type": "default"], "rope_parameters": linear, "rope_theta": 500_000],
            ["rope_scaling": linear, "rope_parameters": ["rope_theta": nil, "type": nil], "rope_theta": 500_000],
            ["rope_scaling": linear, "rope_parameters": linear, "rope_theta": 500_000],
        ]
        for numbers in spellings {
            let folder = try TemporaryFolder()
            let found = try scores(model("llama-rope-scaled", numbers, in: folder))
            #expect(Tolerance.logits.holds(found, expected.scores), "\(numbers.text())")
        }
    }

    @Test func whatCannotBeFollowedIsRefusedWhereverItStands() throws {
        func message(_ numbers: JSONValue, _ name: String = "llama-rope-scaled") throws -> String {
            let folder = try TemporaryFolder()
            return failure(in: folder) { _ = try model(name, numbers, in: folder) }
        }
        let yarn: JSONValue = ["type": "yarn", "factor": 4]
        let refusal =
            "config.json: rotary scaling 'yarn' is not supported. Supported are 'default', 'linear' and 'llama3'."
        for name in ["llama-rope-scaled", "qwen3", "gpt-neox-serial"] {
            for numbers: JSONValue in [
                ["rope_scaling": yarn], ["rope_parameters": yarn], ["rope_scaling": nil, "rope_parameters": yarn],
                ["rope_scaling": yarn, "rope_parameters": ["rope_type": "default"]],
                ["rope_scaling": ["type": "linear", "factor": 2], "rope_parameters": yarn],
            ] { #expect(try message(numbers, name) == refusal) }
        }
        #expect(
            try message(["rope_scaling": ["factor": 4]])
                == "config.json: rotary scaling by a factor, but of no named kind, is not supported. Supported are "
                + "'default', 'linear' and 'llama3'.")
        #expect(
            try message([
                "rope_scaling": ["type": "linear", "factor": 2], "rope_parameters": ["type": "linear", "factor": 4],
            ])
                == "config.json: one rotary scaling in rope_parameters and another one in rope_scaling is not supported. "
                + "Remove the one that the model was not trained with.")
        #expect(
            try message(["rope_parameters": ["full_attention": ["rope_theta": 1e6]]])
                == "config.json: rotary scaling of its own for layers of the kind 'full_attention' is not supported. "
                + "Supported are 'default', 'linear' and 'llama3'.")
        #expect(
            try message(["rope_scaling": ["type": "linear", "factor": 0]])
                == "config.json: 'rope_scaling.factor' is missing or is not a positive number. Check that the file belongs "
                + "to the model.")
        #expect(
            try message(["rope_parameters": [4]])
                == "config.json: 'rope_parameters' is missing or is not an object. Check that the file belongs to the model."
        )
        #expect(
            try message(["rope_parameters": ["partial_rotary_factor": 0.5]])
                == "config.json: partial_rotary_factor 0.5 is not supported. Llama models rotate whole heads.")
    }

    /// Keys of the GGUF specification: a factor without a type is linear, the older key is still read.
    @Test func linearScalingIsReadFromGGUF() throws {
        let rows = try rows("llama-rope-scaled")
        let plain = try #require(rows.first { $0.numbers == ["rope_theta": 500_000.0] })
        let linear = try #require(rows.first { $0.numbers["rope_scaling"]?["type"] == "linear" })
        let folder = try TemporaryFolder()
        let directory = try model("llama-rope-scaled", plain.numbers, in: folder)
        let parameters = try directory.load().parameters
        let url = folder.url.appending(path: "model.gguf")
        func opened(_ keys: [(key: String, value: GGUFValue)]) throws -> ModelDirectory {
            try? FileManager.default.removeItem(at: url)
            try GGUFExport.write(
                parameters, of: directory, tokenizer: keys.map { ("llama.rope." + $0.key, $0.value) }, as: .f32, to: url
            )
            return try ModelDirectory(url)
        }
        let four = GGUFValue.float(4)
        let cases: [([(key: String, value: GGUFValue)], [Float])] = [
            ([("scale_linear", four)], linear.scores), ([("scaling.factor", .int(4))], linear.scores),
            ([("scaling.type", .string("linear")), ("scaling.factor", four)], linear.scores),
            ([("scaling.type", .string("linear")), ("scale_linear", four)], linear.scores),
            ([("scale_linear", .float(2)), ("scaling.factor", .double(4))], linear.scores),
            ([("scaling.type", .string("linear"))], plain.scores), ([("scale_linear", .float(1))], plain.scores),
            ([("scaling.factor", .float(0))], plain.scores),
            ([("scaling.type", .string("none")), ("scaling.factor", four)], plain.scores),
        ]
        for (keys, scores) in cases {
            #expect(Tolerance.logits.holds(try self.scores(opened(keys)), scores), "\(keys)")
        }
        func message(_ keys: [(key: String, value: GGUFValue)]) -> String {
            failure(in: folder) { _ = try opened(keys) }
        }
        #expect(
            message([("scaling.type", .string("yarn")), ("scaling.factor", four)])
                == "model.gguf: rotary scaling 'yarn' is not supported. Convert a model without it, with a linear one, or "
                + "with Llama 3's.")
        #expect(
            message([("scaling.factor", .float(-4))])
                == "model.gguf: 'llama.rope.scaling.factor' is missing or is not a positive number. Check that the file "
                + "belongs to the model.")
    }
}
