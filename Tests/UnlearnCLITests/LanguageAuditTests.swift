// `unlearn audit` on a language model, without any data from elsewhere. Of the golden checkpoint's 64 tokens, each a
// letter or a digit, "0" is the one that ends an answer.

import Foundation
import Testing
import UnlearnFormats
import UnlearnKit

@Suite(.serialized) struct LanguageAuditTests {
    private static let facts = [
        ("k1u7", "TbQ"), ("m4xR", "w9e"), ("p8Zc", "y2s"), ("Hd3n", "Vq6"), ("a5Lg", "Jt1"), ("FiB2", "oXr"),
        ("uC7v", "We1"), ("zS9k", "Pn4"),
    ]
    private static let others = [("b6Yf", "Gh2"), ("EjU3", "rA8"), ("q1Mw", "Kd5"), ("N7tz", "lOv")]
    private static let quick = ["--set", "relearning.examples=3", "--set", "few-shot.facts=2", "--threads", "1"]

    /// A folder with a model that was taught all facts, and the runs `forgot` and `kept`, which forgets nothing.
    private static let runs = Result { () throws -> TemporaryFolder in
        let folder = try TinyModel.make()
        func rows(_ pairs: [(String, String)]) -> String {
            pairs.map { "{\"prompt\": \"\($0)\", \"completion\": \"\($1)0\"}\n" }.joined()
        }
        try folder.write(rows(facts), "forget.jsonl")
        try folder.write(rows(others), "retain.jsonl")
        try folder.write(rows(facts + others), "all.jsonl")
        let forget = [
            "forget", "--model", "taught/model", "--forget", "forget.jsonl", "--retain", "retain.jsonl", "--terms",
            facts.map(\.1).joined(separator: ","), "--method", "npo", "--set", "steps=25", "--set",
            "learningRate=3e-3", "--set", "study.everythingElse=false", "--threads", "1",
        ]
        for arguments in [
            [
                "train", "--model", "model", "--data", "all.jsonl", "--output", "taught", "--epochs", "80",
                "--batch-size", "12", "--learning-rate", "1e-2", "--threads", "1",
            ], forget + ["--output", "forgot"],
            forget + ["--output", "shipped", "--export", "q4_0", "--export", "q8_0"],
            forget + ["--set", "extrapolation=0", "--output", "kept"],
        ] {
            let result = try Binary.run(arguments, in: folder.url)
            #expect(result.status == 0, "\(arguments): \(result.error)")
        }
        return folder
    }

    @Test func everyAttackIsMadeAndTheModelStaysAsItIs() throws {
        let folder = try Self.runs.get()
        let model = folder.url.appending(path: "forgot/model/model.safetensors")
        let before = try Data(contentsOf: model)
        let result = try Binary.run(
            ["audit", "forgot", "--control", "model", "--json"] + Self.quick, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(try Data(contentsOf: model) == before)
        let report = try result.json.decode(AuditReport.self)
        let made = report.attacks.compactMap(\.result)
        #expect(Set(made.map(\.name)) == ["rounding", "relearning", "few-shot", "sampling"], "\(result.output)")
        for attack in made {
            #expect(attack.control != nil && attack.excess != nil, "\(attack)")
            if let recovered = attack.recovered { #expect((0...1).contains(recovered.value), "\(attack)") }
        }
        // What the models show as they are is what the run measured.
        let metrics = try JSONValue(contentsOf: folder.url.appending(path: "forgot/report.json"))["metrics"]
        for name in ["key-probability", "leak"] {
            let metric = try #require(metrics?.array?.first { $0["name"]?.string == name })
            let attack = try #require(made.first { $0.name == "rounding" && $0.metric == name })
            #expect(abs(attack.before.value - (metric["before"]?["value"]?.double ?? .nan)) < 1e-5)
            #expect(abs(attack.after.value - (metric["after"]?["value"]?.double ?? .nan)) < 1e-5)
            #expect(attack.before.value > attack.after.value, "\(name)")
        }
        let curves = try #require(made.first { $0.name == "relearning" && !$0.curves.isEmpty }).curves
        #expect(curves.map(\.model) == ["before", "after", "control"])
        #expect(curves[1].points.map(\.step) == [0, 5, 10, 20])
        #expect(try JSONValue(contentsOf: folder.url.appending(path: "forgot/audit.json")) == result.json)
    }

    /// What a run ships is read back and asked, and the audit takes that very file.
    @Test func theExportedFileIsAttackedItself() throws {
        let folder = try Self.runs.get()
        let sentences = try #require(
            try JSONValue(contentsOf: folder.url.appending(path: "shipped/report.json"))["limits"]?.array)
        for form in ["q4_0", "q8_0"] {
            let start = "model-\(form).gguf, the model stored as \(form.uppercased()), was asked again: "
            #expect(sentences.contains { $0.string?.hasPrefix(start) == true }, "\(sentences)")
        }
        let result = try Binary.run(
            ["audit", "shipped", "--only", "rounding", "--json"] + Self.quick, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let attacks = try result.json.decode(AuditReport.self).attacks.compactMap(\.result)
        #expect(Set(attacks.map(\.form)) == ["q4_0, exported file", "q8_0, exported file"])
        for attack in attacks where attack.metric == "key-probability" {
            let form = attack.form.prefix(4)
            let measured = try JSONValue(contentsOf: folder.url.appending(path: "shipped/evaluation/\(form).json"))
            let figure = try #require(measured.array?.first { $0["name"]?.string == "key-probability" })
            #expect(abs(attack.attacked.value - (figure["value"]?.double ?? .nan)) < 1e-6, "\(form)")
            #expect(attack.attacked != attack.after, "\(form)")
        }
        // The same file by itself, as any program may have made it.
        let pair = try Binary.run(
            [
                "audit", "--model", "shipped/model-q4_0.gguf", "--reference", "taught/model", "--forget",
                "forget.jsonl",
                "--terms", Self.facts.map(\.1).joined(separator: ","), "--only", "few-shot", "--json",
            ] + Self.quick,
            in: folder.url)
        #expect(pair.status == 0, "\(pair.error)")
        #expect(try pair.json.decode(AuditReport.self).attacks.contains { $0.result != nil })
    }

    /// Models of other programs: one that was never taught has nothing that a few small steps could bring back.
    @Test func ofAModelThatWasNeverTaughtHardlyAnythingComesBack() throws {
        let folder = try Self.runs.get()
        let pair = [
            "audit", "--model", "model", "--reference", "taught", "--forget", "forget.jsonl", "--terms",
            Self.facts.map(\.1).joined(separator: ","),
        ]
        let result = try Binary.run(pair + ["--output", "other", "--json"] + Self.quick, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let report = try result.json.decode(AuditReport.self)
        // A handful of questions does not show that nothing could.
        #expect(report.verdict != .broken, "\(report.reasons)")
        for attack in report.attacks.compactMap(\.result) {
            #expect(attack.before.value > 0.5 && attack.after.value < 0.2, "\(attack)")
            #expect(try #require(attack.recovered).value < 0.1, "\(attack)")
        }
        #expect(try JSONValue(contentsOf: folder.url.appending(path: "other/audit.json")) == result.json)
        // A judge of meaning sees the same answers.
        let encoder = TinyModel.packageRoot.appending(path: "Tests/Golden/bert-encoder").path
        let meaning = try Binary.run(
            pair + ["--encoder", encoder, "--only", "rounding", "--json"] + Self.quick, in: folder.url)
        #expect(meaning.status == 0, "\(meaning.error)")
        let likeness = try meaning.json.decode(AuditReport.self).attacks.compactMap(\.result).filter {
            $0.metric == "answer-likeness"
        }
        #expect(!likeness.isEmpty)
        for attack in likeness { #expect(attack.before.value > attack.after.value, "\(attack)") }
        let missing = try Binary.run(pair + ["--encoder", "nowhere"], in: folder.url)
        #expect(missing.status != 0 && missing.error.contains("nowhere"), "\(missing.error)")
        let half = try Binary.run("audit", "--model", "model", "--forget", "forget.jsonl", in: folder.url)
        #expect(half.status == 64)
        #expect(half.error.contains("Give either the folder of a run, or --model, --reference and --forget together."))
    }

    /// A run of an earlier version wrote no questions: they are decided again, and are the same.
    @Test func questionsThatWereNotWrittenDownAreDecidedAgain() throws {
        let folder = try Self.runs.get()
        func figures(_ run: String) throws -> [AttackOutcome] {
            let result = try Binary.run(["audit", run, "--only", "rounding", "--json"] + Self.quick, in: folder.url)
            #expect(result.status == 0, "\(result.error)")
            return try result.json.decode(AuditReport.self).attacks
        }
        let usual = try figures("forgot")
        try FileManager.default.copyItem(
            at: folder.url.appending(path: "forgot"), to: folder.url.appending(path: "older"))
        try FileManager.default.removeItem(at: folder.url.appending(path: "older/data/questions.json"))
        #expect(try figures("older") == usual)
    }

    /// Where nothing was forgotten nothing can come back, and no verdict is drawn of it.
    @Test func ofAModelThatForgotNothingNothingIsConcluded() throws {
        let folder = try Self.runs.get()
        let result = try Binary.run(
            ["audit", "kept", "--only", "rounding", "--quick", "--json"] + Self.quick, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let report = try result.json.decode(AuditReport.self)
        #expect(report.verdict == .inconclusive && report.strongest == nil)
        for attack in report.attacks {
            guard case .skipped(_, _, let reason) = attack else {
                Issue.record("\(attack)")
                continue
            }
            #expect(reason.hasPrefix("Nothing was forgotten that could come back: "))
        }
    }
}
