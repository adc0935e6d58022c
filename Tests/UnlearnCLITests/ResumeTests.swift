// Interrupted runs go on, and end as if nothing had happened.

import Foundation
import Testing
import UnlearnFormats
import UnlearnKit

@Suite(.serialized, .enabled(if: TestData.exists(TestData.stories), "needs the models in UNLEARN_TEST_DATA"))
struct ResumeTests {
    private static let choices = [
        "--model", TestData.stories.path, "--forget", "forget.jsonl", "--retain", "retain.jsonl", "--method", "npo",
        "--set", "steps=30", "--set", "learningRate=1e-3", "--set", "study.answerTokens=4", "--set",
        "checkpointSeconds=0", "--threads", "1",
    ]

    private func folderWithExamples() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(
            (1...4).map { "{\"text\": \"Lily and Tom saw \($0) big red balls near the tree.\"}\n" }.joined(),
            "forget.jsonl")
        try folder.write(
            (1...4).map { "{\"text\": \"The dog and the bird played \($0) games in the yard.\"}\n" }.joined(),
            "retain.jsonl")
        return folder
    }

    @Test func killedRunsGoOnToTheSameModel() throws {
        let folder = try folderWithExamples()
        let whole = try Binary.run(["forget", "--output", "whole", "--json"] + Self.choices, in: folder.url)
        #expect(whole.status == 0, "\(whole.error)")
        // Killed in the middle of training, then again while it goes on, then while it is judged.
        var arguments = ["forget", "--output", "run"] + Self.choices
        for limit in [7, 19, 30] {
            let status = try Binary.interrupt(arguments, in: folder, with: SIGKILL) {
                folder.lines("run/events.jsonl") >= limit
            }
            #expect(status == SIGKILL)
            #expect(folder.lines("run/events.jsonl") >= limit)
            arguments = ["resume", "run"]
        }
        #expect(try folder.names.contains("run"))
        let end = try Binary.run("resume", "run", "--json", in: folder.url)
        #expect(end.status == 0, "\(end.error)")
        let (one, other) = (try whole.json.decode(Report.self), try end.json.decode(Report.self))
        #expect(one.provenance.resultHash == other.provenance.resultHash)
        #expect(one.metrics == other.metrics && one.samples == other.samples)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/run").sorted()
        #expect(names == (try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/whole").sorted()))
        func losses(_ name: String) throws -> [JSONValue?] {
            try JSONLines.read(folder.url.appending(path: name + "/events.jsonl")).map { $0.value["terms"] }
        }
        #expect(try losses("run") == losses("whole"))

        let again = try Binary.run("resume", "run", in: folder.url)
        #expect(again.error == "unlearn: The run 'run' is finished. See what it showed with `unlearn report run`.\n")
        #expect(again.status == 64)
    }

    @Test func controlCEndsARunThatCanGoOn() throws {
        let folder = try folderWithExamples()
        let status = try Binary.interrupt(["forget", "--output", "run"] + Self.choices, in: folder, with: SIGINT) {
            folder.lines("run/events.jsonl") >= 3
        }
        #expect(status == 75)
        // What it started from must not have changed.
        try folder.write("{\"text\": \"Another text.\"}\n", "forget.jsonl")
        let result = try Binary.run("resume", "run", in: folder.url)
        #expect(
            folder.relative(result.error)
                == "unlearn: The run 'run' cannot go on: the data is not what it started with. Bring it back, or start "
                + "anew with another --output.\n")
        #expect(result.status == 65)
    }
}
