// The whole path on a model of 260 thousand parameters: what a run leaves behind, and that it can be repeated.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

@testable import UnlearnKit

/// Real models and data, which are not part of the project.
private enum TestData {
    static let folder =
        ProcessInfo.processInfo.environment["UNLEARN_TEST_DATA"].map { URL(filePath: $0) }
        ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "../shared/data")
    static let stories = folder.appending(path: "lm/stories260K.bin")
    static var isThere: Bool { FileManager.default.fileExists(atPath: stories.path) }
}

/// A user's files in a folder, and runs on them.
private struct Job {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        // The model is too small for threads to share.
        Runtime.configure(threads: 1)
        _ = try folder.file(
            "forget.jsonl",
            """
            {"text": "Lily and Tom went to the park. They saw a big red ball near the tree."}
            {"text": "Once upon a time there was a little cat named Mimi who liked to sing."}
            {"text": "Tim had a blue truck. He took it to the garden and it got very muddy."}

            """)
        _ = try folder.file(
            "retain.jsonl",
            (1...4).map { "{\"text\": \"The dog and the bird played \($0) games in the sunny yard.\"}\n" }.joined())
    }

    func run(
        _ method: String, output: String, seed: UInt64 = 1, settings: [JSONValue] = [], cache: AnswerCache? = nil
    ) throws -> (report: Report, url: URL) {
        var configuration = RunConfiguration()
        configuration.model = TestData.stories.path
        configuration.forget = folder.url.appending(path: "forget.jsonl").path
        configuration.retain = folder.url.appending(path: "retain.jsonl").path
        configuration.method = method
        configuration.output = folder.url.appending(path: output).path
        configuration.seed = seed
        let common: JSONValue = ["steps": 3, "learningRate": 1e-3, "study": ["answerTokens": 4]]
        let plan = try LanguagePlan(configuration, settings: [common] + settings)
        let report = try forget(plan, RunContext(toolVersion: "test", answers: cache))
        return (report, folder.url.appending(path: output))
    }

    func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)".replacing(folder.url.path + "/", with: "") }
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.url.appending(path: name).path)
    }
}

@Suite(.serialized, .enabled(if: TestData.isThere, "needs the models in UNLEARN_TEST_DATA"))
struct PipelineTests {
    @Test func aSecondRunNeedNotWriteAboutEverythingElse() throws {
        let job = try Job()
        let cache = AnswerCache(folder: job.folder.url.appending(path: "cache"))
        func entries() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: cache.folder.path) }
        let anew = try job.run("npo", output: "anew")
        let first = try job.run("npo", output: "first", cache: cache)
        #expect(try entries().count == 1)
        let second = try job.run("npo", output: "second", cache: cache)
        #expect(try entries().count == 1)
        for name in ["data/general.jsonl", "data/neighbours.jsonl", "model/model.safetensors"] {
            let files = [anew, first, second].map { $0.url.appending(path: name) }
            let contents = try files.map { try Data(contentsOf: $0) }
            #expect(contents[0] == contents[1] && contents[0] == contents[2], "\(name)")
        }
        // Another seed and another length of the answers are other answers.
        _ = try job.run("npo", output: "third", seed: 2, cache: cache)
        _ = try job.run("npo", output: "fourth", settings: [["study": ["answerTokens": 5]]], cache: cache)
        #expect(try entries().count == 3)
    }

    @Test(arguments: ["gradient-difference", "npo"])
    func aRunLeavesACompleteFolder(method: String) throws {
        let job = try Job()
        let source = try Fingerprint.sha256(of: TestData.stories)
        let (report, url) = try job.run(method, output: "run")
        #expect(try Fingerprint.sha256(of: TestData.stories) == source)

        let names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
        #expect(
            names == [
                "data", "evaluation", "events.jsonl", "finished", "model", "report.html", "report.json", "report.md",
                "run.json",
            ])
        let data = try FileManager.default.contentsOfDirectory(atPath: url.path + "/data").sorted()
        #expect(data == ["forget.jsonl", "general.jsonl", "neighbours.jsonl", "questions.json", "terms.json"])

        let events = try JSONLines.read(url.appending(path: "events.jsonl")).map(\.value)
        #expect(events.map { $0["step"]?.int } == [0, 1, 2])
        for event in events {
            #expect(event.object?.keys == ["step", "learningRate", "gradientNorm", "seconds", "terms"])
            #expect(
                event["terms"]?.object?.keys.sorted() == [
                    method == "npo" ? "forget-npo" : "forget-ascent", "retain-nll",
                ])
        }
        let record = try JSONValue(contentsOf: url.appending(path: "run.json"))
        #expect(record.object?.keys == ["command", "configuration", "options", "provenance"])
        #expect(record["configuration"]?["method"]?.string == method)
        #expect(record["options"]?["steps"]?.int == 3)
        #expect(record["provenance"]?["modelHash"]?.string == source)
        #expect(record["provenance"]?["dataFiles"]?.array?.count == 2)
        try checkReport(report, at: url)
        try checkModel(report, at: url)
    }

    private func checkReport(_ report: Report, at url: URL) throws {
        let json = try JSONValue(contentsOf: url.appending(path: "report.json"))
        #expect(
            json.object?.keys == [
                "family", "verdict", "reasons", "metrics", "seconds", "peakMemoryBytes", "samples", "pictures",
                "redrawn", "tendency", "limits", "notMeasured", "training", "rows", "provenance",
            ])
        #expect(
            json["seconds"]?.object?.keys == ["load", "prepare", "evaluateBefore", "forget", "evaluateAfter", "save"])
        let verdicts: [String?] = ["forgotten", "not-forgotten", "inconclusive"]
        #expect(verdicts.contains(json["verdict"]?.string))
        let metrics = try #require(json["metrics"]?.array)
        let names = metrics.compactMap { $0["name"]?.string }
        for name in ["answer-probability", "extraction-strength", "perplexity", "log-probability"] {
            #expect(names.contains(name), "\(name)")
        }
        for metric in metrics {
            for side in ["before", "after"] {
                #expect(metric[side]?["value"]?.double?.isFinite == true, "\(side) of \(metric.text())")
                #expect((metric[side]?["n"]?.int ?? 0) > 0)
            }
        }
        let samples = try #require(json["samples"]?.array)
        #expect(!samples.isEmpty)
        #expect(samples.allSatisfy { $0.object?.keys == ["prompt", "before", "after", "kind"] })
        #expect(try RunDirectory(opening: url).report() == report)
        for name in ["before", "after"] {
            let outcomes = try #require(
                JSONValue(contentsOf: url.appending(path: "evaluation/\(name).json")).array)
            #expect(outcomes.allSatisfy { $0["perExample"]?.array?.isEmpty == false || $0["skipped"] != nil })
        }
    }

    private func checkModel(_ report: Report, at url: URL) throws {
        let folder = url.appending(path: "model")
        let (directory, model) = try ModelLoader.load(folder)
        #expect(directory.architecture.name == "llama")
        #expect(try !model.answers([.completion("Once upon a time")], maximumTokens: 4)[0].isEmpty)
        #expect(report.provenance.resultHash == (try Fingerprint.modelHash(of: folder)))
        let card = try String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
        #expect(card.contains(report.provenance.method))
    }

    @Test func oneSeedIsOneModel() throws {
        let job = try Job()
        let first = try job.run("npo", output: "first").report
        let second = try job.run("npo", output: "second").report
        let other = try job.run("npo", output: "other", seed: 2).report
        #expect(first.provenance.resultHash == second.provenance.resultHash)
        #expect(first.metrics == second.metrics)
        #expect(first.samples == second.samples)
        #expect(first.provenance.resultHash != other.provenance.resultHash)
    }

    @Test func aForgottenTextBecomesLessProbable() throws {
        let job = try Job()
        let report = try job.run("gradient-difference", output: "run", settings: [["steps": 10]]).report
        let metric = try #require(report.metrics.first { $0.name == "answer-probability" })
        let (before, after) = try (#require(metric.before), #require(metric.after))
        #expect(after.value < 0.9 * before.value)
    }

    @Test func aRunCanLeaveOutWritingAndQuestions() throws {
        let job = try Job()
        let (report, url) = try job.run(
            "npo", output: "run",
            settings: [["study": ["everythingElse": false], "evaluation": ["measured": false]]])
        func lines(_ name: String) throws -> Int {
            try String(contentsOf: url.appending(path: "data/\(name).jsonl"), encoding: .utf8).split(separator: "\n")
                .count
        }
        // Every fourth of the user's own examples to keep is held out.
        #expect(try [lines("forget"), lines("neighbours"), lines("general")] == [3, 3, 0])
        #expect(report.verdict == .inconclusive)
        #expect(report.metrics.isEmpty)
        #expect(report.samples.isEmpty)
    }

    @Test(arguments: ["adapter", "merged"])
    func lowRankAdditionsAreSavedAloneOrMerged(form: String) throws {
        let job = try Job()
        let lora: JSONValue = ["steps": 20, "learningRate": 1e-2, "lora": ["rank": 4, "form": .string(form)]]
        let (report, url) = try job.run("gradient-difference", output: "run", settings: [lora])
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path + "/model").sorted()
        #expect(names.contains("adapter_model.safetensors") == (form == "adapter"))
        #expect(names.contains("config.json") == (form == "merged"))
        let metric = try #require(report.metrics.first { $0.name == "answer-probability" })
        #expect(try #require(metric.after).value < 0.9 * (try #require(metric.before).value))
        try checkModel(report, at: url)
        // What was saved is what was measured.
        let text = "Lily and Tom went to the park. They saw a big red ball near the tree."
        func score(_ url: URL) throws -> Float {
            let model = try ModelLoader.load(url).model
            return model.logProbabilities([try model.encoder.encode(.text(text), id: 0)])[0].reduce(0, +)
        }
        let (old, new) = try (score(TestData.stories), score(url.appending(path: "model")))
        #expect(new < old - 1)
    }

    @Test func lowRankAdditionsNeedALinearLayer() throws {
        let job = try Job()
        let sentence = job.sentence {
            _ = try job.run("npo", output: "run", settings: [["parameters": "model.norm.weight", "lora": ["rank": 2]]])
        }
        #expect(sentence.hasPrefix("No weight of a linear layer matches 'model.norm.weight', and only"), "\(sentence)")
    }

    @Test func anExistingFolderIsRefusedAndLeftAlone() throws {
        let job = try Job()
        let file = try job.folder.file("run/mine.txt", "mine")
        #expect(
            job.sentence { _ = try job.run("npo", output: "run") }
                == "The run directory 'run' already exists and is not empty. Choose another --output or remove it.")
        #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
        #expect(!job.exists("run/run.json"))
    }

    /// A mistake that the data or the options hold is found before the folder of the run is made.
    @Test func aMistakeInTheDataLeavesNoFolder() throws {
        let job = try Job()
        _ = try job.folder.file("forget.jsonl", "{\"text\": \"abc\"}\n{\"text\": 7}\n")
        #expect(
            job.sentence { _ = try job.run("npo", output: "run") }
                == "'forget.jsonl', line 2: 'text' is not text. Write each row as {\"question\", \"answer\"}, "
                + "{\"prompt\", \"completion\"}, {\"text\"} or {\"messages\"}.")
        #expect(!job.exists("run"))
    }

    @Test func aPatternWithoutMatchLeavesNoFolder() throws {
        let job = try Job()
        let sentence = job.sentence {
            _ = try job.run("npo", output: "run", settings: [["parameters": "transformer.*"]])
        }
        #expect(sentence.hasPrefix("No parameter matches 'transformer.*'. Names look like model."), "\(sentence)")
        #expect(!job.exists("run"))
    }

    @Test func aRepeatedQuestionCountsOnce() throws {
        let job = try Job()
        let row = #"{"question": "Who is Lily?", "answer": "A girl."}"# + "\n"
        let same = #"{"answer": "A girl.", "question": "Wh\u006f is Lily?"}"# + "\n"
        _ = try job.folder.file("forget.jsonl", String(repeating: row + same, count: 12))
        let kept = [row] + (1...8).map { "{\"question\": \"What is \($0)?\", \"answer\": \"A number.\"}\n" }
        _ = try job.folder.file("retain.jsonl", (kept + kept).joined())
        let (report, url) = try job.run("npo", output: "run", settings: [["study": ["everythingElse": false]]])
        let forget = report.metrics.filter { $0.split == .forget }
        #expect(!forget.isEmpty && forget.allSatisfy { $0.after?.n == 1 })
        #expect(
            report.reasons.suffix(3) == [
                "Of the 24 examples to forget, 23 repeat the question of another; each question is counted once.",
                "Of the 18 examples to keep, 9 repeat the question of another; each question is counted once.",
                "Of the 18 examples to keep, 2 are to be forgotten as well: the two cancel out. Remove them from one of the "
                    + "files.",
            ])
        let rows = try JSONValue(contentsOf: url.appending(path: "report.json"))["rows"]
        #expect(
            rows?.text()
                == #"{"forget":{"count":24,"repeated":23},"retain":{"count":18,"repeated":9},"both":2}"#)
        // Every fourth question is held out, with both of its rows; the others are trained on as often as they stand there.
        #expect(report.metrics.first { $0.split == .neighbour }?.after?.n == 2)
        let trained = try JSONLines.read(url.appending(path: "data/neighbours.jsonl"))
            .compactMap { $0.value["question"]?.string }.filter { $0.hasPrefix("What is ") && $0.count == 10 }
        #expect(trained.sorted() == [1, 1, 2, 2, 4, 4, 5, 5, 6, 6, 8, 8].map { "What is \($0)?" })
        #expect(try JSONLines.read(url.appending(path: "data/forget.jsonl")).count == 24)
    }

    /// The model reads 512 tokens, and has a token for each byte of a Chinese character.
    @Test func aTextWithoutSpacesIsCutUntilItFits() throws {
        let job = try Job()
        let text = String(repeating: "小狗很大，小猫很小。", count: 60)
        let file = try job.folder.file("forget.txt", "\u{FEFF}" + text + "\r\n")
        var configuration = RunConfiguration()
        configuration.model = TestData.stories.path
        configuration.forget = file.path
        configuration.method = "gradient-ascent"
        configuration.output = job.folder.url.appending(path: "run").path
        let settings: JSONValue = [
            "steps": 1, "study": ["everythingElse": false], "evaluation": ["measured": false],
        ]
        let report = try forget(LanguagePlan(configuration, settings: [settings]), RunContext(toolVersion: "test"))
        let rows = try JSONLines.read(job.folder.url.appending(path: "run/data/forget.jsonl"))
        #expect(rows.count >= 4 && rows.count == report.rows?.forget?.count)
        #expect(rows.compactMap { $0.value["text"]?.string }.joined() == text)
    }

    @Test func rowsAreSplitByTheirOwnColumn() throws {
        let job = try Job()
        var configuration = RunConfiguration()
        func groups(_ name: String, _ text: String) throws -> [String?]? {
            configuration.forget = try job.folder.file(name, text).path
            return try UserData(configuration, splitBy: "target").forget?.map(\.group)
        }
        let rows = [#"{"text": "a", "target": "women"}"#, #"{"text": "b", "target": 7}"#]
        #expect(try groups("rows.jsonl", rows.joined(separator: "\n")) == ["women", "7"])
        #expect(try groups("rows.json", "[\(rows.joined(separator: ","))]") == ["women", "7"])
        #expect(
            job.sentence { _ = try groups("bare.jsonl", rows[0] + "\n" + #"{"text": "c"}"#) }
                == "'bare.jsonl', line 2, has no text or whole number 'target', by which the method splits what is to be "
                + "forgotten. Give every row of a .jsonl file one, or name another with --set splitBy=….")
        #expect(
            job.sentence { _ = try groups("text.txt", "plain") }
                == "'text.txt' has no text or whole number 'target', by which the method splits what is to be forgotten. "
                + "Give every row of a .jsonl file one, or name another with --set splitBy=….")
        #expect(try UserData(configuration).forget?.map(\.group) == [nil])
    }

    @Test func aMethodWithAdditionsOfItsOwnRefusesOthers() throws {
        let job = try Job()
        var configuration = RunConfiguration()
        configuration.forget = try job.folder.file("rows.jsonl", #"{"text": "a", "group": "b"}"#).path
        configuration.method = "spunge"
        #expect(
            job.sentence { _ = try LanguagePlan(configuration, settings: [["lora": ["rank": 4]]]) }
                == "Option 'lora.rank' has an impossible value: the method 'spunge' makes low-rank additions of its own, of "
                + "the width rank. Correct its value.")
    }

    @Test func aFileOfTermsHasOneOnEachLine() throws {
        let job = try Job()
        var configuration = RunConfiguration()
        configuration.forget = job.folder.url.appending(path: "forget.jsonl").path
        func names(_ terms: String, _ name: String) throws -> [String]? {
            configuration.terms = try job.folder.file(name, terms).path
            return try UserData(configuration).terms?.names
        }
        for name in ["words.txt", "words", "words.lst"] {
            #expect(
                try names("\u{FEFF}Lily\r\n\r\n  Hogwarts Express \n\t\nTom", name) == [
                    "Lily", "Hogwarts Express", "Tom",
                ])
        }
        #expect(try names("Lily\rTom\r", "old.txt") == ["Lily", "Tom"])
        #expect(try names("Lily, Tom\n", "list.csv") == ["Lily", "Tom"])
        #expect(
            try names(
                "\u{FEFF}{\"subject\": \"\", \"names\": [\"Lily\"], \"themes\": [], \"replacements\": {}}", "t.json")
                == ["Lily"])
        #expect(
            job.sentence { _ = try names(" \n", "none.txt") } == "'none.txt' is empty. Get the file again.")
        configuration.terms = "missing.txt"
        #expect(
            job.sentence { _ = try UserData(configuration) }.contains("missing.txt' does not exist; expected a file."))
        configuration.terms = "Lily, Tom,"
        #expect(try UserData(configuration).terms?.names == ["Lily", "Tom"])
    }

    @Test func anExampleLongerThanTheContextIsRefused() throws {
        let job = try Job()
        let text = String(repeating: "a big red ball ", count: 400)
        _ = try job.folder.file("retain.jsonl", "{\"text\": \"abc\"}\n{\"text\": \"\(text)\"}\n")
        let sentence = job.sentence { _ = try job.run("npo", output: "run") }
        #expect(
            sentence.wholeMatch(
                of: /Example 2 of 'retain.jsonl' has \d+ tokens; the model reads at most 512\. Cut it into several\./)
                != nil, "\(sentence)")
    }
}
