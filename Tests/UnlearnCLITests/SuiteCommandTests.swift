// `unlearn evaluate --suite` as a user runs it, on a model of 64 tokens: figures, rows, results for other tools, mistakes.
import Foundation
import Testing
import UnlearnFormats

@Suite struct SuiteCommandTests {
    private static let data = TinyModel.packageRoot.appending(path: "Tests/Golden/suites")

    private func evaluate(_ arguments: String..., in folder: TemporaryFolder? = nil) throws -> Binary.Result {
        try Binary.run(["evaluate", "--model", "model"] + arguments + ["--threads", "1"], in: folder?.url)
    }

    @Test func multipleChoiceStatesAccuracyWithItsErrorForEachTask() throws {
        let folder = try TinyModel.make()
        let result = try evaluate(
            "--suite", "multiple-choice", "--data", Self.data.appending(path: "tasks").path, "--results",
            "results.json",
            "--output", "suite.json", "--json", in: folder)
        #expect(result.status == 0, "\(result.error)")
        let json = try result.json
        #expect(json["suite"]?.string == "multiple-choice")
        let outcomes = try #require(json["outcomes"]?.array)
        let tasks = outcomes.filter { $0["name"]?.string == "accuracy" }.compactMap { $0["split"]?.string }
        let subjects = ["mmlu_anatomy", "mmlu_formal_logic", "mmlu_humanities", "mmlu_stem", "mmlu"]
        let known = ["arc_easy", "arc_challenge", "boolq", "hellaswag", "openbookqa", "piqa", "winogrande"]
        #expect(tasks.allSatisfy { (known + subjects).contains($0) }, "\(tasks)")
        #expect(known.allSatisfy(tasks.contains), "\(tasks)")
        let piqa = try #require(outcomes.first { $0["split"]?.string == "piqa" })
        #expect(piqa["standardError"]?.double != nil && piqa["n"]?.int == 3)
        let rows = try #require(json["items"]?.array)
        #expect(rows.count { $0["task"]?.string == "piqa" } == 3)
        let written = try JSONValue(contentsOf: folder.url.appending(path: "suite.json"))
        #expect(written == json)
        let table = try JSONValue(contentsOf: folder.url.appending(path: "results.json"))
        let row = try #require(table["results"]?["piqa"])
        #expect(row["acc,none"] == piqa["value"] && row["acc_stderr,none"] == piqa["standardError"])
        #expect(row["acc_norm,none"]?.double != nil)
    }

    @Test func aLimitTakesTheFirstQuestionsOfEachTask() throws {
        let folder = try TinyModel.make()
        let result = try evaluate(
            "--suite", "multiple-choice", "--data", Self.data.appending(path: "tasks").path, "--limit", "1", "--json",
            in: folder)
        let outcomes = try #require(try result.json["outcomes"]?.array)
        let counts = outcomes.filter { $0["split"]?.string != "mmlu" }.compactMap { $0["n"]?.int }
        #expect(!counts.isEmpty && counts.allSatisfy { $0 == 1 })
    }

    @Test func aTableSaysWhatEachFigureIs() throws {
        let folder = try TinyModel.make()
        let result = try evaluate(
            "--suite", "perplexity", "--data", Self.data.appending(path: "text.txt").path, in: folder)
        #expect(result.status == 0, "\(result.error)")
        #expect(
            result.output.contains("\nbits-per-byte: −log₂ of the text's probability over its bytes in UTF-8. Lower"))
    }

    @Test func whatASuiteLacksOrDoesNotTakeIsSaid() throws {
        func mistake(_ arguments: String...) throws -> String {
            let result = try Binary.run(["evaluate", "--model", "model", "--suite"] + arguments)
            #expect(result.status == 64)
            return String(result.error.prefix { $0 != "\n" })
        }
        let needs = try mistake("perplexity")
        #expect(needs == "Error: --suite perplexity needs --data: a file of text (.txt).")
        let original = try mistake("forget-by-name", "--data", "x")
        #expect(
            original
                == "Error: --suite forget-by-name needs --reference: the model that it comes from, with which it is compared."
        )
        let foreign = try mistake("toxicity", "--data", "x")
        #expect(foreign == "Error: --data is for --suite forget-by-name, multiple-choice, perplexity or questions.")
        let judge = try mistake("perplexity", "--data", "x", "--judge", "y")
        #expect(judge == "Error: --judge is for --suite toxicity.")
        let option = try mistake("perplexity", "--data", "x", "--subject", "y")
        #expect(option == "Error: --subject is for --suite forget-by-name or familiarity.")
        let limit = try mistake("multiple-choice", "--data", "x", "--limit", "0")
        #expect(limit == "Error: --limit must be at least 1.")
    }

    @Test func aModelIsNotToldFromItself() throws {
        let folder = try TinyModel.make()
        try folder.write(
            """
            {"question": "a b?", "answer": "c d"}
            {"question": "b c?", "answer": "d"}
            """, "questions.jsonl")
        let result = try evaluate(
            "--suite", "questions", "--data", "questions.jsonl", "--reference", "model", "--set", "maximumTokens=4",
            "--json", in: folder)
        #expect(result.status == 0, "\(result.error)")
        let outcomes = try #require(try result.json["outcomes"]?.array)
        let names = outcomes.compactMap { $0["name"]?.string }
        #expect(names == ["log-probability", "right", "better-than-control", "difference-from-control"])
        #expect(outcomes.last?["value"]?.double == 0 && outcomes[2]["value"]?.double == 0)
        let items = try #require(try result.json["items"]?.array)
        #expect(items.count == 2 && items[0]["control"] == items[0]["logProbability"])
        let table = try evaluate(
            "--suite", "questions", "--data", "questions.jsonl", "--reference", "model", "--set", "maximumTokens=0",
            in: folder)
        #expect(table.output.contains("p = 1.0000"), "\(table.output)")
    }

    @Test func familiarityGoesOnWithoutAJudgeThatIsDead() throws {
        let folder = try TinyModel.make()
        try folder.write(
            """
            {"prompt": "Once upon a", "unique": ["zebra"], "themes": ["a"]}
            {"prompt": "Once upon a", "next": [" time"]}

            """, "prompts.jsonl")
        let arguments = [
            "evaluate", "--model", "model", "--suite", "familiarity", "--prompts", "prompts.jsonl", "--threads", "1",
            "--judge-endpoint", "http://127.0.0.1:9", "--output", "suite.json",
        ]
        let result = try Binary.run(arguments, in: folder.url, variables: ["UNLEARN_JUDGE_KEY": "hush-key"])
        #expect(result.status == 0, "\(result.error)")
        let note = "unlearn: Note: The judge at http://127.0.0.1:9/v1/chat/completions cannot be reached: "
        #expect(result.error.contains(note))
        #expect(result.error.contains(" The grades by the rule stand alone.\n"))
        #expect(result.output.contains("probability-familiarity: Summed probability of the next words"))
        let written = try String(contentsOf: folder.url.appending(path: "suite.json"), encoding: .utf8)
        for text in [result.output, result.error, written] { #expect(!text.contains("hush-key")) }
        let json = try JSONValue(parsing: written)
        #expect(json["outcomes"]?.array?.compactMap { $0["value"]?.double }.count == 2)
        #expect(json["items"]?.array?.count == 2)
    }

    @Test func mistakesWithAJudgeElsewhereAreSaid() throws {
        func mistake(_ arguments: String...) throws -> String {
            let result = try Binary.run(["evaluate", "--model", "model", "--suite"] + arguments)
            #expect(result.status == 64)
            return String(result.error.prefix { $0 != "\n" })
        }
        #expect(
            try mistake("familiarity", "--prompts", "x", "--judge-seconds", "3")
                == "Error: --judge-seconds is for --judge-endpoint. Give one, or leave it out.")
        #expect(
            try mistake("familiarity", "--prompts", "x", "--judge-endpoint", "localhost:80")
                == "Error: --judge-endpoint is no address of a server; expected one such as http://localhost:8080.")
        #expect(
            try mistake("familiarity", "--prompts", "x", "--judge-endpoint", "http://a", "--judge-seconds", "0")
                == "Error: --judge-seconds must be greater than 0 and at most 3600.")
        #expect(
            try mistake("perplexity", "--data", "x", "--judge-endpoint", "http://a")
                == "Error: --judge-endpoint is for --suite familiarity.")
        #expect(try mistake("familiarity").hasPrefix("Error: --suite familiarity needs --prompts: a run that forgot"))
    }

    @Test func dataThatAreMissingAreNamed() throws {
        let folder = try TinyModel.make()
        try folder.write("{\"passage\": \"a\"}\n", "broken/boolq_val.jsonl")
        let broken = try evaluate("--suite", "multiple-choice", "--data", "broken", in: folder)
        #expect(broken.status == 65)
        #expect(
            folder.relative(broken.error)
                == "unlearn: 'broken/boolq_val.jsonl', line 1: 'answer' is missing or is not true or false. Correct the "
                + "file there, or get it again.\n")
        let missing = try evaluate("--suite", "multiple-choice", "--data", "nowhere", in: folder)
        #expect(missing.status == 66)
        #expect(
            folder.relative(missing.error).hasPrefix("unlearn: 'nowhere' is no folder with questions that are known;"))
        let text = try evaluate("--suite", "perplexity", "--data", "nowhere.txt", in: folder)
        #expect(text.status == 66)
        #expect(
            folder.relative(text.error) == "unlearn: 'nowhere.txt' does not exist; expected a file. Check the path.\n")
    }
}
