// `unlearn forget` and `unlearn run` on a model of 260 thousand parameters, and what they say about mistakes.

import Foundation
import Testing
import UnlearnFormats
import UnlearnKit

/// A folder with a user's examples.
private func folderWithExamples() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(
        """
        {"text": "Lily and Tom went to the park. They saw a big red ball near the tree."}
        {"text": "Once upon a time there was a little cat named Mimi who liked to sing."}

        """, "forget.jsonl")
    return folder
}

@Suite(.serialized, .enabled(if: TestData.exists(TestData.stories), "needs the models in UNLEARN_TEST_DATA"))
struct ForgetTests {
    private static let small = [
        "--set", "steps=2", "--set", "learningRate=1e-3", "--set", "study.answerTokens=4", "--threads", "1",
    ]

    @Test func aTableAndTheVerdictArePrinted() throws {
        let folder = try folderWithExamples()
        let result = try Binary.run(
            [
                "forget", "--model", TestData.stories.path, "--forget", "forget.jsonl", "--method", "npo", "--output",
                "run",
            ] + Self.small, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.hasPrefix("figure "), "\(result.output)")
        #expect(result.output.contains("\n---"))
        #expect(result.output.contains("\nprobability of the answers "), "\(result.output)")
        #expect(folder.relative(result.output).hasSuffix("Report: run/report.html\n"))
        #expect(try folder.names == ["forget.jsonl", "run"])
        // `report` shows the same again.
        let again = try Binary.run("report", "run", in: folder.url)
        #expect(folder.relative(again.output) == folder.relative(result.output))
        // What was saved is a model like any other.
        let text = try Binary.run(
            "generate", "--model", "run/model", "--prompt", "Once", "--max-tokens", "4", "--json", in: folder.url)
        #expect(try text.json["tokens"]?.int == 4)
    }

    @Test func theDefaultMethodTakesABook() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            """
            Lily and Tom went to the park. They saw a big red ball near the tree.

            Tom gave the ball to Lily, and Lily was very happy.

            """, "book.txt")
        let result = try Binary.run(
            [
                "forget", "--model", TestData.stories.path, "--forget", "book.txt", "--subject", "Lily", "--terms",
                "Tom", "--output", "run",
            ] + Self.small, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let run = try JSONValue(contentsOf: folder.url.appending(path: "run/run.json"))
        #expect(run["configuration"]?["method"] == "translated-distillation")
        let rows = try JSONLines.read(folder.url.appending(path: "run/data/forget.jsonl"))
        let texts = rows.compactMap { $0.value["text"]?.string }
        #expect(texts.contains { $0.hasPrefix("Lily and Tom went") && $0.hasSuffix("Lily was very happy.") })
        let steps = try JSONLines.read(folder.url.appending(path: "run/events.jsonl"))
        #expect(steps.count == 2 && steps.allSatisfy { $0.value["terms"]?["forget-kl"]?.double != nil })
    }

    @Test func termsAreWrittenEditedAndReadAgain() throws {
        let folder = try folderWithExamples()
        let arguments = ["forget", "--model", TestData.stories.path, "--forget", "forget.jsonl", "--output", "run"]
        let result = try Binary.run(
            arguments + Self.small + ["--terms", "Lily,Tom,Mimi", "--write-terms", "terms.json"], in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(
            result.output
                == "3 names and 0 themes: terms.json. Edit the file, and give it back with --terms.\n")
        // Nothing was forgotten.
        #expect(try folder.names == ["forget.jsonl", "terms.json"])
        var terms = try JSONValue(contentsOf: folder.url.appending(path: "terms.json"))
        #expect(terms["names"] == ["Lily", "Tom", "Mimi"])
        let standIns = ["Lily", "Tom", "Mimi"].compactMap { terms["replacements"]?[$0]?.string }
        #expect(standIns.count == 3 && Set(standIns).count == 3)
        var edited = try #require(terms["replacements"])
        edited["Mimi"] = "Whiskers"
        terms["replacements"] = edited
        try folder.write(terms.text(), "edited.json")
        let run = try Binary.run(
            arguments + Self.small + ["--terms", "edited.json", "--method", "npo"], in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(try JSONValue(contentsOf: folder.url.appending(path: "run/data/terms.json")) == terms)
        let nowhere = try Binary.run(arguments + ["--write-terms", "missing/terms.json"], in: folder.url)
        #expect(nowhere.status == 64)
        #expect(
            folder.relative(nowhere.error)
                == "unlearn: 'missing/terms.json' cannot be written: there is no such folder. Create it, or choose another "
                + "--write-terms.\n")
    }

    @Test func aConfigurationFileDoesTheSameAsTheFlags() throws {
        let folder = try folderWithExamples()
        try folder.write(
            """
            model: \(TestData.stories.path)
            forget: forget.jsonl
            method: gradient-difference
            output: second
            seed: 3
            threads: 1
            set: {steps: 2, learningRate: 1e-3, study: {answerTokens: 4}}

            """, "run.yaml")
        let flags = try Binary.run(
            [
                "forget", "--model", TestData.stories.path, "--forget", "forget.jsonl", "--method",
                "gradient-difference", "--output", "first", "--seed", "3", "--json",
            ] + Self.small, in: folder.url)
        let file = try Binary.run("run", "run.yaml", "--json", in: folder.url)
        #expect(flags.status == 0 && file.status == 0, "\(flags.error) \(file.error)")
        let reports = try [flags, file].map { try $0.json.decode(Report.self) }
        #expect(reports[0].provenance.resultHash != nil)
        #expect(reports[0].provenance.resultHash == reports[1].provenance.resultHash)
        #expect(reports[0].metrics == reports[1].metrics)
    }
}

@Suite struct ForgetMistakeTests {
    struct Mistake: CustomTestStringConvertible {
        let arguments: String
        let status: Int32
        let sentence: String

        init(_ arguments: String, _ status: Int32, _ sentence: String) {
            (self.arguments, self.status, self.sentence) = (arguments, status, sentence)
        }

        var testDescription: String { arguments }
    }

    /// Run with the tiny model in `model/`, in a folder where `taken/` holds a file.
    static let mistakes = [
        Mistake(
            "--model nowhere --forget forget.jsonl --output run", 66,
            "'nowhere' does not exist; expected a model directory, a .gguf or a llama2.c .bin file. Check the path."),
        Mistake(
            "--model model --forget nothing.jsonl --output run", 66,
            "'nothing.jsonl' does not exist; expected a file of examples for --forget. Check the path."),
        Mistake(
            "--model model --forget forget.jsonl --retain bad.jsonl --output run", 65,
            "'bad.jsonl', line 3: 'answer' is missing. Write each row as {\"question\", \"answer\"}, "
                + "{\"prompt\", \"completion\"}, {\"text\"} or {\"messages\"}."),
        Mistake(
            "--model model --forget forget.jsonl --terms terms.json --output run", 65,
            "JSON file 'terms.json' is malformed at key 'subject': it is missing. Correct the file there."),
        Mistake(
            "--model model --forget long.jsonl --output run", 65,
            "Example 1 of 'long.jsonl' has 301 tokens; the model reads at most 256. Cut it into several."),
        Mistake(
            "--model model --forget forget.jsonl --method nop --output run", 64,
            "There is no method 'nop'. Methods are: npo, whp, dpo, elm, rmu, undo, simnpo, spunge, repselect, task-vector, "
                + "gradient-ascent, gradient-difference, translated-distillation."),
        Mistake(
            "--model model --forget forget.jsonl --method rmu --output run", 64,
            "The method 'rmu' is to work on layer 7, but the model's 2 layers are counted from 0. Choose one with --set "
                + "layer=…, from 0 to 1."),
        Mistake(
            "--model model --forget forget.jsonl --method npo --set study.answerToken=1 --output run", 64,
            "There is no option 'study.answerToken'. Did you mean 'study.answerTokens'? Valid here: "
                + "study.answerTokens, study.temperature, study.entities, study.neighbours, study.everythingElse."),
        Mistake(
            "--model model --forget forget.jsonl --method npo --set beta=big --output run", 64,
            "Option 'beta' must be a number, but is the text 'big'. Correct its value."),
        Mistake(
            "--model model --forget forget.jsonl --method npo --set steps --output run", 64,
            "'steps' does not set an option. Write it as key=value, for example learningRate=1e-4."),
        Mistake(
            "--model model --forget forget.jsonl --method task-vector --set rounding=int4 --output run", 64,
            "Option 'rounding' has an impossible value: the method 'task-vector' scales the change after training, so that "
                + "no step is taken at the weights that are kept; leave one out. Correct its value."),
        Mistake(
            "--model model --forget forget.jsonl --method undo --set lora.rank=4 --output run", 64,
            "Option 'lora.rank' has an impossible value: the method 'undo' disturbs the weights themselves, which low-rank "
                + "additions leave as they are. Correct its value."),
        Mistake(
            "--model model --forget forget.jsonl --method undo --set stop.divergence=1 --output run", 64,
            "Option 'stop.divergence' has an impossible value: the method 'undo' disturbs the model after it has unlearned, "
                + "and no step of the repair is within it before the last; leave it out. Correct its value."),
        Mistake(
            "--model model --forget forget.jsonl --method repselect --set flatness.rho=0.01 --output run", 64,
            "Option 'flatness.rho' has an impossible value: the method 'repselect' goes along directions found beforehand and "
                + "takes no gradient on its way; leave it out. Correct its value."),
        Mistake(
            "--model model --forget forget.jsonl --method task-vector --set stop.divergence=1 --output run", 64,
            "Option 'stop.divergence' has an impossible value: the method 'task-vector' scales its change after training, "
                + "which no measurement in training bounds; scale.budget says how far it may go. Correct its value."),
        Mistake(
            "--model model --forget forget.jsonl --set stop.divergence=1 --set extrapolation=1.2 --output run", 64,
            "Option 'stop.divergence' has an impossible value: extrapolation goes beyond what was measured in training; "
                + "leave one out. Correct its value."),
        Mistake(
            "--model model --forget forget.jsonl --method npo --output taken", 64,
            "The run directory 'taken' already exists and is not empty. Choose another --output or remove it."),
    ]

    @Test(arguments: mistakes)
    func aMistakeGivesOneSentence(mistake: Mistake) throws {
        let folder = try TinyModel.make()
        try folder.write("{\"text\": \"abc\"}\n", "forget.jsonl")
        try folder.write("{\"text\": \"abc\"}\n\n{\"question\": \"Who?\"}\n", "bad.jsonl")
        try folder.write("{\"text\": \"\(String(repeating: "a", count: 300))\"}\n", "long.jsonl")
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "taken"), withIntermediateDirectories: true)
        try folder.write("mine", "taken/mine.txt")
        try folder.write("{}", "terms.json")
        let result = try Binary.run(
            ["forget"] + mistake.arguments.split(separator: " ").map(String.init), in: folder.url)
        #expect(folder.relative(result.error) == "unlearn: \(mistake.sentence)\n")
        #expect(result.output == "")
        #expect(result.status == mistake.status)
    }

    @Test func nothingToForgetEndsWithUsage() throws {
        let result = try Binary.run("forget", "--model", "model", "--output", "run")
        #expect(
            result.error.hasPrefix(
                "Error: Say what to forget: --subject \"NAME\", --forget FILE or --tendency PROMPTS; for an image classifier "
                    + "--forget-class, --forget-files or --forget-share.\n"))
        #expect(result.status == 64)
    }

    @Test func anUnreadableConfigurationIsNamed() throws {
        let folder = try TinyModel.make()
        try folder.write("model: [\n", "run.yaml")
        let result = try Binary.run("run", "run.yaml", in: folder.url)
        #expect(folder.relative(result.error).hasPrefix("unlearn: The configuration 'run.yaml' cannot be read: "))
        #expect(result.status == 65)
        let missing = try Binary.run("run", "nothing.yaml", in: folder.url)
        #expect(
            folder.relative(missing.error)
                == "unlearn: 'nothing.yaml' does not exist; expected a file. Check the path.\n")
        #expect(missing.status == 66)
    }
}
