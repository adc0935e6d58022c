// Checks the folder of a run, and fingerprints.
import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnEvaluation
@testable import UnlearnKit

@Suite struct RunDirectoryTests {
    @Test func theFirstFileIsTheConfigurationAndTheLastSaysFinished() throws {
        let folder = try TemporaryFolder()
        let run = try RunDirectory(creating: folder.url.appendingPathComponent("runs/one"), run: ["seed": 3])
        #expect(try String(contentsOf: run.runFile, encoding: .utf8) == "{\n  \"seed\": 3\n}\n")
        #expect(!run.isFinished)
        try run.append(event: ["step": 1])
        #expect(try String(contentsOf: run.eventsFile, encoding: .utf8) == "{\"step\":1}\n")
        try run.append(event: ["step": 2])
        try run.write(lines: [["question": "Who?"]], to: run.forgetFile)
        try run.write(["Hogwarts"], to: run.termsFile)
        try run.finish()
        #expect(run.isFinished)

        let again = try RunDirectory(opening: run.url)
        try again.append(event: ["step": 3])
        #expect(try String(contentsOf: run.eventsFile, encoding: .utf8) == "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n")
        #expect(try String(contentsOf: run.forgetFile, encoding: .utf8) == "{\"question\":\"Who?\"}\n")
        #expect(try String(contentsOf: run.termsFile, encoding: .utf8) == "[\n  \"Hogwarts\"\n]\n")
    }

    @Test func aFolderThatHoldsSomethingIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("kept.txt", "mine")
        #expect(throws: KitError.runDirectoryNotEmpty(path: folder.url.path)) {
            try RunDirectory(creating: folder.url, run: ["seed": 3])
        }
        #expect(
            KitError.runDirectoryNotEmpty(path: "runs/one").description
                == "The run directory 'runs/one' already exists and is not empty. Choose another --output or remove it."
        )
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["kept.txt"])
    }

    @Test func anEmptyFolderIsUsed() throws {
        let folder = try TemporaryFolder()
        let run = try RunDirectory(creating: folder.url, run: ["seed": 3])
        #expect(FileManager.default.fileExists(atPath: run.runFile.path))
    }

    @Test func whatARunKilledAtItsBeginningLeavesIsNotInTheWay() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("run/.run.json.abc.partial", "{")
        let run = try RunDirectory(creating: folder.url.appendingPathComponent("run"), run: ["seed": 3])
        let names = try FileManager.default.contentsOfDirectory(atPath: run.url.path).sorted()
        #expect(names == ["data", "evaluation", "run.json"])
    }

    @Test func theThreadsThatARunBeganWithAreKnown() throws {
        let folder = try TemporaryFolder()
        let run = try RunDirectory(
            creating: folder.url, run: ["configuration": ["threads": nil], "provenance": ["threads": 3]])
        #expect(try RunDirectory(opening: run.url).threads() == 3)
    }

    @Test func whatIsNoRunIsNotOpened() throws {
        let folder = try TemporaryFolder()
        #expect(
            throws: FormatError.missing(
                path: folder.url.appendingPathComponent("run.json").path, expected: "the folder of a run")
        ) { try RunDirectory(opening: folder.url) }
    }

    @Test func theModelAppearsCompleteOrNotAtAll() throws {
        let folder = try TemporaryFolder()
        let run = try RunDirectory(creating: folder.url, run: ["seed": 3])
        #expect(throws: KitError.noWeights(path: "x")) {
            try run.saveModel(card: "", nil) { folder in
                try Data("half".utf8).write(to: folder.appendingPathComponent("model.safetensors"))
                throw KitError.noWeights(path: "x")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: run.modelFolder.path))
        let hash = try run.saveModel(card: "", nil) { folder in
            try Data("abc".utf8).write(to: folder.appendingPathComponent("model.safetensors"))
            #expect(!FileManager.default.fileExists(atPath: run.modelFolder.path))
        }
        #expect(try Fingerprint.modelHash(of: run.modelFolder) == hash)
        // The published SHA-256 of "abc".
        #expect(
            hash
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func outcomesAreWrittenFlatAndReadBack() throws {
        let measurement = Measurement(
            name: "leak", split: .forget, direction: .lowerIsBetter, unit: "share of answers", value: 0.5,
            interval: Interval(low: 0, high: 1), n: 1, perExample: [ExampleValue(id: "q1", value: 0.5)])
        let outcomes = [Outcome.measured(measurement), .skipped(name: "perplexity", reason: "No text.")]
        let value = try JSONValue(encoding: outcomes)
        #expect(
            value.text()
                == #"[{"name":"leak","split":"forget","direction":"lowerIsBetter","unit":"share of answers","#
                + #""value":0.5,"interval":{"low":0.0,"high":1.0},"standardError":null,"n":1,"#
                + #""perExample":[{"id":"q1","value":0.5}]},"#
                + #"{"name":"perplexity","skipped":"No text."}]"#)
        #expect(try value.decode([Outcome].self) == outcomes)
    }

    @Test func theReportIsReadBackAsWritten() throws {
        let folder = try TemporaryFolder()
        let run = try RunDirectory(creating: folder.url, run: ["seed": 3])
        let report = SampleReport.make()
        try run.write(report)
        #expect(try run.report() == report)
        #expect(try String(contentsOf: run.reportMarkdownFile, encoding: .utf8) == MarkdownRenderer().render(report))
    }
}

@Suite struct FingerprintTests {
    // Published: SHA-256 of nothing and of "abc".
    private let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test func filesHaveTheirPublishedFingerprints() throws {
        let folder = try TemporaryFolder()
        #expect(try Fingerprint.sha256(of: folder.file("empty", "")) == nothing)
        #expect(try Fingerprint.sha256(of: folder.file("abc", "abc")) == abc)
        #expect(
            try Fingerprint.digest(of: folder.file("abc", "abc"), named: "data/abc")
                == Provenance.FileDigest(path: "data/abc", bytes: 3, sha256: abc))
    }

    @Test func aModelsFingerprintCoversItsWeightsInTheOrderOfTheirNames() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("model-00002-of-00002.safetensors", "c")
        _ = try folder.file("model-00001-of-00002.safetensors", "ab")
        _ = try folder.file("config.json", "{}")
        #expect(try Fingerprint.modelHash(of: folder.url) == abc)
        let model = try Fingerprint.model(at: folder.url)
        #expect(model.hash == abc)
        #expect(model.files.map(\.bytes) == [2, 1])
        #expect(try model.files[0] == Fingerprint.digest(of: folder.url.appendingPathComponent(model.files[0].path)))
    }

    @Test func aFolderWithoutWeightsHasNoFingerprint() throws {
        let folder = try TemporaryFolder()
        #expect(throws: KitError.noWeights(path: folder.url.path)) { try Fingerprint.modelHash(of: folder.url) }
        #expect(
            KitError.noWeights(path: "here").description
                == "'here' holds no .safetensors file. Give the folder of a converted model.")
    }
}
