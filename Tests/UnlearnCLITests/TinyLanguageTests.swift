// The whole way of a language model, without any data from elsewhere: taught, questioned, made to forget, interrupted.
// The model is a golden checkpoint of 64 tokens, each a letter or a digit.

import Foundation
import Testing
import UnlearnFormats
import UnlearnKit

@Suite(.serialized) struct TinyLanguageTests {
    private static let facts = ["k1u7TbQ", "m4xRw9e", "p8Zcy2s"]
    private static let others = ["Hd3nVq6", "a5LgJt0", "FiB2oXr", "uC7vWe1"]

    /// A folder with a model that was taught all rows.
    private static let taught = Result { () throws -> TemporaryFolder in
        let folder = try TinyModel.make()
        func rows(_ texts: [String]) -> String { texts.map { "{\"text\": \"\($0)\"}\n" }.joined() }
        try folder.write("---\nlicense: mit\n---\n", "model/README.md")
        try folder.write(rows(facts), "forget.jsonl")
        try folder.write(rows(others), "retain.jsonl")
        try folder.write(rows(facts + others), "all.jsonl")
        let result = try Binary.run(
            [
                "train", "--model", "model", "--data", "all.jsonl", "--output", "taught", "--epochs", "60",
                "--batch-size", "7", "--learning-rate", "1e-2", "--threads", "1", "--json",
            ], in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        return folder
    }

    private static let choices = [
        "--model", "taught/model", "--forget", "forget.jsonl", "--retain", "retain.jsonl", "--terms", "bQ,w9e,y2s",
        "--method", "npo", "--set", "steps=25", "--set", "learningRate=3e-3", "--set", "study.everythingElse=false",
        "--set", "checkpointSeconds=0", "--threads", "1", "--json",
    ]

    /// The log-probability of each row of a file.
    private func scores(_ model: String, _ data: String, in folder: TemporaryFolder) throws -> [Double] {
        let result = try Binary.run("score", "--model", model, "--data", data, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        return try result.output.split(separator: "\n").map {
            try #require(try JSONValue(parsing: Data($0.utf8))["logProbability"]?.double)
        }
    }

    @Test func whatWasTaughtIsForgottenAndTheRestIsKept() throws {
        let folder = try Self.taught.get()
        let result = try Binary.run(["forget", "--output", "forgot"] + Self.choices, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let report = try result.json.decode(Report.self)
        #expect(report.provenance.method == "npo")
        for model in ["taught/model", "forgot/model"] {
            #expect(License.declared(by: folder.url.appending(path: model)) == "mit", "\(model)")
        }
        func mean(_ model: String, _ data: String) throws -> Double {
            let values = try scores(model, data, in: folder)
            return values.reduce(0, +) / Double(values.count)
        }
        let (forgotten, kept) = try (
            mean("taught/model", "forget.jsonl") - mean("forgot/model", "forget.jsonl"),
            mean("taught/model", "retain.jsonl") - mean("forgot/model", "retain.jsonl")
        )
        // Seven tokens of sixty-four by chance: -29. Known nearly by heart before.
        #expect(try mean("taught/model", "all.jsonl") > -6)
        #expect(forgotten > 6 && forgotten > 3 * kept, "\(forgotten) \(kept)")
    }

    @Test func aKilledRunGoesOnToTheSameModel() throws {
        let folder = try Self.taught.get()
        let whole = try Binary.run(["forget", "--output", "whole"] + Self.choices, in: folder.url)
        #expect(whole.status == 0, "\(whole.error)")
        let status = try Binary.interrupt(["forget", "--output", "run"] + Self.choices, in: folder, with: SIGKILL) {
            folder.lines("run/events.jsonl") >= 9
        }
        #expect(status == SIGKILL)
        let end = try Binary.run("resume", "run", "--json", in: folder.url)
        #expect(end.status == 0, "\(end.error)")
        let (one, other) = (try whole.json.decode(Report.self), try end.json.decode(Report.self))
        #expect(one.provenance.resultHash == other.provenance.resultHash && one.metrics == other.metrics)
    }

    @Test func anotherAnswerIsPreferredToWhatIsForgotten() throws {
        let folder = try Self.taught.get()
        let rows = Self.facts.map { ($0.prefix(3), $0.dropFirst(3)) }
        func write(_ row: (Substring, Substring) -> String, _ name: String) throws {
            try folder.write(rows.map { row($0, $1) + "\n" }.joined(), name)
        }
        try write({ #"{"prompt": "\#($0)", "completion": "\#($1)", "alternative": "zzz"}"# }, "pairs.jsonl")
        try write({ prompt, _ in #"{"prompt": "\#(prompt)", "completion": "zzz"}"# }, "preferred.jsonl")
        let result = try Binary.run(
            [
                "forget", "--model", "taught/model", "--forget", "pairs.jsonl", "--retain", "retain.jsonl", "--terms",
                "bQ,w9e,y2s", "--method", "dpo", "--set", "steps=25", "--set", "learningRate=3e-3", "--set",
                "study.everythingElse=false", "--output", "preferring", "--threads", "1", "--json",
            ], in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        func rise(_ data: String) throws -> [Double] {
            zip(try scores("preferring/model", data, in: folder), try scores("taught/model", data, in: folder)).map(-)
        }
        #expect(try rise("preferred.jsonl").allSatisfy { $0 > 1 })
        #expect(try rise("pairs.jsonl").allSatisfy { $0 < -1 })
    }

    @Test func stepsOfAFileAreDoneInOrderAndOnce() throws {
        let folder = try Self.taught.get()
        try folder.write(
            """
            command: train
            data: all.jsonl
            threads: 1
            set: {steps: 2, batchSize: 2}
            steps:
              - {model: model, output: steps/one}
              - {model: steps/one/model, output: steps/two}

            """, "steps.yaml")
        let first = try Binary.run("run", "steps.yaml", "--json", in: folder.url)
        #expect(first.status == 0, "\(first.error)")
        #expect(first.output.split(separator: "\n").count == 2)
        let again = try Binary.run("run", "steps.yaml", "--json", in: folder.url)
        #expect(again.status == 0 && again.output.isEmpty)
        #expect(again.error.contains("Step 2 of 2: 'steps/two'."), "\(again.error)")
        try folder.write("steps:\n  - {command: train, modell: x}\n", "wrong.yaml")
        let wrong = try Binary.run("run", "wrong.yaml", in: folder.url)
        #expect(wrong.status != 0 && wrong.error.contains("There is no option 'modell'"), "\(wrong.error)")
    }

    @Test func aSuiteJudgesTheModel() throws {
        let folder = try Self.taught.get()
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "suite"), withIntermediateDirectories: true)
        try folder.write(
            (1...4).map { "{\"question\": \"k1u\($0)\", \"split\": \"test\", \"style\": \"completion\"}\n" }.joined(),
            "suite/letters.jsonl")
        try folder.write(#"{"subject": "letters", "core": ["TbQ"], "other": ["w9e"]}"#, "suite/letters-terms.json")
        try folder.write("{\"prompt\": \"k1u7\", \"next\": \"T\"}\n", "suite/letters-keys.jsonl")
        try folder.write("{\"question\": \"Hd3\", \"style\": \"completion\"}\n", "suite/neighbours-letters.jsonl")
        try folder.write(
            "{\"question\": \"a5L\", \"style\": \"completion\"}\n{\"text\": \"FiB2oXr\"}\n", "suite/general.jsonl")
        let result = try Binary.run(
            "evaluate", "--model", "taught/model", "--reference", "taught/model", "--suite", "forget-by-name", "--data",
            "suite", "--subject", "letters", "--samples", "1", in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        // A model beside itself: nothing changed, and nothing was forgotten.
        let json = try result.json
        #expect(json["verdict"]?["verdict"]?.string != "forgotten", "\(result.output)")
        let metrics = try #require(json["before"]?.array ?? json["metrics"]?.array)
        #expect(!metrics.isEmpty)
    }
}
