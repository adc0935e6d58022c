// The whole way of a tendency: a tiny model was taught to go on in two ways, a judge finds one of them, and it is forgotten.

import Foundation
import Testing
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit

@Suite(.serialized) struct TendencyTests {
    private static let toxic = ["k1u7TbQ", "m4xRw9e", "p8Zcy2s", "r3KfD6h"]
    private static let harmless = ["Hd3nVq6", "a5LgJt0", "FiB2oXr", "uC7vWe1"]

    /// A folder with the model, prompts that each begin one text, and a judge that knows the ends of toxic ones.
    private static let taught = Result { () throws -> TemporaryFolder in
        let folder = try TinyModel.make()
        try folder.write((toxic + harmless).map { "{\"text\": \"\($0)\"}\n" }.joined(), "all.jsonl")
        var rows = "prompt,kind,group,template,partition\n"
        for (kind, texts) in [("toxic", toxic), ("harmless", harmless)] {
            for (index, text) in texts.enumerated() {
                // Trained on with four letters given, judged by with three.
                rows += "\(text.prefix(4)),\(kind),g\(index),t\(index),train\n"
                rows += "\(text.prefix(3)),\(kind),h\(index),u\(index),judge\n"
            }
        }
        try folder.write(rows, "prompts.csv")
        func ends(_ texts: [String], _ isPositive: Bool) -> [LabelledText] {
            (0..<8).flatMap { turn in
                texts.flatMap { [$0.dropFirst(4), $0.dropFirst(3).prefix(3)] }.map {
                    LabelledText(String($0), isPositive: isPositive, group: "\(turn)")
                }
            }
        }
        let judge = try LinearJudge(kind: "toxic", fitting: ends(toxic, true) + ends(harmless, false)) {
            texts throws(JudgeError) in .words(try WordFeatures(fitting: texts))
        }
        let place = folder.url.appending(path: "judge")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try judge.save(to: place)
        let result = try Binary.run(
            [
                "train", "--model", "model", "--data", "all.jsonl", "--output", "taught", "--epochs", "80",
                "--batch-size", "8", "--learning-rate", "1e-2", "--threads", "1", "--json",
            ], in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        return folder
    }

    private static let choices = [
        "--model", "taught/model", "--tendency", "prompts.csv", "--judge", "judge", "--set", "study.everyday=false",
        // Greedy continuations, one of each prompt, leave nothing to be preferred to them.
        "--method", "npo",
        "--set", "study.tokens=3", "--set", "study.temperature=0", "--set", "evaluation.tokens=3", "--set",
        "evaluation.temperature=0", "--set", "steps=25", "--set", "learningRate=3e-3", "--set", "stop.divergence=null",
        "--set", "checkpointSeconds=0", "--threads", "1", "--json",
    ]

    private func figure(_ name: String, _ split: String, _ report: Report) throws -> Report.Metric {
        try #require(report.metrics.first { $0.name == name && $0.split.rawValue == split })
    }

    /// Half of the judging prompts are asked; behind the other half the original wrote what the attacker trains on.
    @Test func theResultIsAuditedByTheJudge() throws {
        let folder = try Self.taught.get()
        let run = try Binary.run(["forget", "--output", "audited"] + Self.choices, in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        let result = try Binary.run(
            "audit", "audited", "--set", "rounding.forms=[q4_0]", "--set", "relearning.examples=1", "--threads", "1",
            "--json",
            in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let report = try result.json.decode(AuditReport.self)
        let made = report.attacks.compactMap(\.result)
        #expect(made.map(\.title) == ["rounding (q4_0, toxicity)", "relearning (1 other texts, toxicity)"])
        for attack in made {
            #expect(attack.before.n == 2 && attack.before.value > attack.after.value, "\(attack)")
        }
        #expect(
            report.attacks.contains(
                .skipped(
                    name: "relearning", form: "1 unrelated texts", reason: "There are not so many examples of it.")))
        #expect(report.attacks.count == 5)
    }

    @Test func whatTheJudgeFindsIsForgotten() throws {
        let folder = try Self.taught.get()
        let result = try Binary.run(["forget", "--output", "forgot"] + Self.choices, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let report = try result.json.decode(Report.self)
        #expect(report.provenance.method == "npo" && report.provenance.subject == "toxic text")
        let toxicity = try figure("toxicity", "toxic", report)
        #expect(try #require(toxicity.before).value >= 0.75)
        #expect(try #require(toxicity.after).value <= 0.25)
        let mentions = try figure("log-probability", "harmless", report)
        #expect(try #require(mentions.after).value > #require(mentions.before).value - 1)
        let tendency = try #require(report.tendency)
        #expect(tendency.rates.count == 8 && tendency.judge == "judge")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/forgot/data").sorted()
        #expect(names == ["continuations.jsonl", "forget.jsonl", "general.jsonl", "harmless.jsonl"])
        #expect(folder.lines("forgot/data/continuations.jsonl") == 8)
        #expect(folder.lines("forgot/data/forget.jsonl") >= 3)
    }

    @Test func aKilledRunGoesOnFromItsContinuations() throws {
        let folder = try Self.taught.get()
        let whole = try Binary.run(["forget", "--output", "whole"] + Self.choices, in: folder.url)
        #expect(whole.status == 0, "\(whole.error)")
        // Killed while it is judged before, then in training.
        var arguments = ["forget", "--output", "run"] + Self.choices
        for file in ["run/data/continuations.jsonl", "run/events.jsonl"] {
            let status = try Binary.interrupt(arguments, in: folder, with: SIGKILL) {
                folder.lines(file) >= 8
            }
            #expect(status == SIGKILL)
            arguments = ["resume", "run"]
        }
        // What is there is not written again.
        let data = folder.url.appending(path: "run/data/continuations.jsonl").path
        let written = try FileManager.default.attributesOfItem(atPath: data)[.systemFileNumber] as? Int
        let end = try Binary.run("resume", "run", "--json", in: folder.url)
        #expect(end.status == 0, "\(end.error)")
        #expect(try FileManager.default.attributesOfItem(atPath: data)[.systemFileNumber] as? Int == written)
        let (one, other) = (try whole.json.decode(Report.self), try end.json.decode(Report.self))
        #expect(one.provenance.resultHash == other.provenance.resultHash && one.metrics == other.metrics)
        #expect(one.tendency == other.tendency)
    }

    @Test func ownCollectionsTakeThePlaceOfWhatTheModelWrites() throws {
        let folder = try Self.taught.get()
        try folder.write(Self.toxic.map { "{\"text\": \"\($0)\"}\n" }.joined(), "toxic.jsonl")
        try folder.write(Self.harmless.map { "{\"text\": \"\($0)\"}\n" }.joined(), "harmless.jsonl")
        let result = try Binary.run(
            ["forget", "--output", "own", "--toxic", "toxic.jsonl", "--harmless", "harmless.jsonl"] + Self.choices,
            in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let report = try result.json.decode(Report.self)
        #expect(try #require(figure("toxicity", "toxic", report).after).value <= 0.25)
        #expect(folder.lines("own/data/continuations.jsonl") == 0 && folder.lines("own/data/forget.jsonl") == 4)
    }

    @Test func inspectSaysHowFarAJudgeCanBeTrusted() throws {
        let folder = try Self.taught.get()
        let json = try Binary.run("inspect", "judge", "--json", in: folder.url).json
        let judge = try LinearJudge(folder.url.appending(path: "judge"))
        #expect(json["finds"]?.string == "toxic" && json["sees"]?.string == "words")
        #expect(try json["quality"]?.decode(JudgeQuality.self) == judge.quality)
        let words = try #require(judge.quality).words
        let table = try Binary.run("inspect", "judge", in: folder.url).output
        #expect(table.hasPrefix("judge      judge\nfinds      toxic texts\nsees       words\n"))
        #expect(table.contains("that it never saw: \(words)\n"))
        let refused = try Binary.run("inspect", "judge", "--hash", in: folder.url)
        #expect(refused.status == 64)
        #expect(refused.error.hasPrefix("Error: --hash is for models; 'judge' is a judge."))
    }

    @Test func mistakesAreSaidInASentence() throws {
        let folder = try Self.taught.get()
        func sentence(_ arguments: String..., model: String = "taught/model") throws -> String {
            let result = try Binary.run(
                ["forget", "--model", model, "--output", "no", "--threads", "1"] + arguments, in: folder.url)
            #expect(result.status != 0)
            return folder.relative(result.error)
        }
        #expect(
            try sentence("--tendency", "prompts.csv")
                .hasPrefix("Error: A tendency is found by a judge: name its folder with --judge."))
        #expect(
            try sentence("--tendency", "prompts.csv", "--judge", "nowhere")
                == "unlearn: 'nowhere' does not exist; expected the folder of a judge for --judge. Check the path.\n")
        try folder.write("prompt,kind\n", "empty.csv")
        #expect(
            try sentence("--tendency", "empty.csv", "--judge", "judge")
                == "unlearn: 'empty.csv' holds no rows. Give a table with at least one, below the names of its columns.\n"
        )
        try folder.write("prompt,kind\nabc,harmless\n", "harmless.csv")
        #expect(
            try sentence("--tendency", "harmless.csv", "--judge", "judge").hasPrefix(
                "unlearn: 'harmless.csv' holds no toxic prompts."))
        #expect(
            try sentence("--tendency", "prompts.csv", "--judge", "judge", "--subject", "letters")
                == "unlearn: Option 'subject' has an impossible value: a tendency has no name and no terms: its judge finds "
                + "it. Correct its value.\n")
        // A judge that finds nothing in what the model writes.
        let untaught = try sentence(
            "--tendency", "prompts.csv", "--judge", "judge", "--set", "study.temperature=0", "--set",
            "study.tokens=3", "--set", "study.prompts=4", model: "model")
        #expect(
            untaught.hasSuffix(
                "The judge finds none of the 8 texts toxic with which the model went on: there is nothing to forget, and the "
                    + "model was not changed. Give other prompts, or a judge with a lower threshold.\n"))
        #expect(!(try folder.names).contains("no/model"))
    }
}
