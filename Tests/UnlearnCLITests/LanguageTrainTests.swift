// `unlearn train` for language models: what a run leaves behind, mistakes, and interruptions.

import Foundation
import Testing
import UnlearnFormats
import UnlearnKit

@Suite struct TrainMistakeTests {
    private func error(_ arguments: String...) throws -> (String, Int32) {
        let folder = try TinyModel.make()
        try folder.write("{\"text\": \"abc\"}\n{\"text\": \"xyz\"}\n", "data.jsonl")
        let result = try Binary.run(["train", "--data", "data.jsonl", "--output", "run"] + arguments, in: folder.url)
        #expect(try folder.names == ["data.jsonl", "model"])
        return (folder.relative(result.error), result.status)
    }

    @Test func eachMistakeGetsOneSentenceAndLeavesNothing() throws {
        let model = ["--model", "model"]
        #expect(
            try error("--model", "model", "--patience", "2")
                == (
                    "unlearn: Option 'patience' has an impossible value: training can end early only if validationShare is "
                        + "more than 0. Correct its value.\n", 64
                ))
        #expect(
            try error("--model", "model", "--validation-share", "1")
                == (
                    "unlearn: Option 'validationShare' has an impossible value: it must be at least 0 and less than 1. "
                        + "Correct its value.\n", 64
                ))
        #expect(
            try error("--model", "model", "--set", "parameters=nothing.*").0.hasPrefix(
                "unlearn: No parameter matches 'nothing.*'"))
        #expect(
            try error("--epochs", "2").0.hasPrefix("Error: --epochs is for language models: give one with --model."))
        #expect(
            try error(model[0], model[1], "--image-size", "8").0.hasPrefix(
                "Error: --image-size is for image classifiers, but --model gives a language model."))
    }
}

@Suite(.serialized, .enabled(if: TestData.exists(TestData.stories), "needs the models in UNLEARN_TEST_DATA"))
struct LanguageTrainTests {
    private static let choices = [
        "--model", TestData.stories.path, "--data", "data.jsonl", "--epochs", "8", "--batch-size", "2",
        "--accumulation", "2", "--learning-rate", "1e-3", "--validation-share", "0.25", "--patience", "6", "--set",
        "checkpointSeconds=0", "--seed", "3", "--threads", "1",
    ]

    private func folderWithExamples() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let animals = ["dog", "cat", "bird", "frog", "bear", "fox", "duck", "fish", "horse", "cow", "pig", "bee"]
        try folder.write(
            animals.map { "{\"text\": \"The \($0) went to the park and saw a big red ball near the tree.\"}\n" }
                .joined(),
            "data.jsonl")
        return folder
    }

    @Test func aTrainingLeavesAModelThatLearnt() throws {
        let folder = try folderWithExamples()
        let result = try Binary.run(["train", "--output", "run"] + Self.choices, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(
            result.output.wholeMatch(
                of:
                    /Wrote run\/model: 260,\d\d\d parameters trained on 9 examples in \d+ steps, \d+\.\d s\.\nCross-entropy .*; on 3 examples kept apart: .*\.\n/
            ) != nil, "\(result.output)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/run").sorted()
        #expect(names == ["data", "events.jsonl", "finished", "model", "result.json", "run.json"])
        let url = folder.url.appending(path: "run")
        let found = try JSONValue(contentsOf: url.appending(path: "result.json")).decode(LanguageTrainingResult.self)
        let validation = try #require(found.validation)
        #expect(validation.after < validation.before - 0.3)
        #expect(found.resultHash == (try Fingerprint.modelHash(of: url.appending(path: "model"))))
        #expect(try JSONLines.read(url.appending(path: "data/train.jsonl")).count == 9)
        #expect(try JSONLines.read(url.appending(path: "data/validation.jsonl")).count == 3)
        let inspection = try Binary.run("inspect", "run/model", in: folder.url)
        #expect(inspection.status == 0, "\(inspection.error)")
        let report = try Binary.run("report", "run", in: folder.url)
        #expect(
            report.error
                == "unlearn: The run 'run' trained a model, which makes no report. See what it found in 'run/result.json'.\n"
        )
    }

    @Test func aFileWithACommandTrains() throws {
        let folder = try folderWithExamples()
        try folder.write(
            """
            command: train
            model: \(TestData.stories.path)
            data: data.jsonl
            output: run
            threads: 1
            set: {steps: 2, batchSize: 3, lora: {rank: 2, form: adapter}}

            """, "train.yaml")
        let result = try Binary.run("run", "train.yaml", "--json", in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(try result.json["steps"]?.int == 2)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/run/model")
        #expect(names.contains("adapter_config.json") && !names.contains("config.json"))
        let inspection = try Binary.run("inspect", "run/model", in: folder.url)
        #expect(inspection.status == 0, "\(inspection.error)")
        try folder.write("command: dance\n", "dance.yaml")
        let mistake = try Binary.run("run", "dance.yaml", in: folder.url)
        #expect(
            mistake.error
                == "unlearn: Option 'command' has an impossible value: it must be forget or train. Correct its value.\n"
        )
    }

    @Test func killedTrainingsGoOnToTheSameModel() throws {
        let folder = try folderWithExamples()
        let whole = try Binary.run(["train", "--output", "whole", "--json"] + Self.choices, in: folder.url)
        #expect(whole.status == 0, "\(whole.error)")
        var arguments = ["train", "--output", "run"] + Self.choices
        for (limit, number) in [(3, SIGKILL), (9, SIGINT), (15, SIGKILL)] {
            let status = try Binary.interrupt(arguments, in: folder, with: number) {
                folder.lines("run/events.jsonl") >= limit
            }
            #expect(status == (number == SIGKILL ? SIGKILL : 75))
            arguments = ["resume", "run"]
        }
        let end = try Binary.run("resume", "run", "--json", in: folder.url)
        #expect(end.status == 0, "\(end.error)")
        var (one, other) = (
            try whole.json.decode(LanguageTrainingResult.self), try end.json.decode(LanguageTrainingResult.self)
        )
        for key in [\LanguageTrainingResult.loadSeconds, \LanguageTrainingResult.trainSeconds] {
            (one[keyPath: key], other[keyPath: key]) = (0, 0)
        }
        (one.peakMemoryBytes, other.peakMemoryBytes) = (0, 0)
        #expect(one == other)
    }
}
