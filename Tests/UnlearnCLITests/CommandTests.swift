// What each command prints, exactly, and how it ends.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnEvaluation
@testable import UnlearnKit

@Suite struct ListTests {
    @Test func architecturesAreListedForPeopleAndPrograms() throws {
        let table = try Binary.run("list", "architectures")
        #expect(
            table.output.contains(
                """
                llama                Llama 2, Llama 3, 3.1, 3.2, SmolLM, SmolLM2, TinyLlama
                mistral              Mistral 7B and its kin, up to the length of their window
                qwen2                Qwen2, Qwen2.5
                qwen3                Qwen3, dense models
                gpt2                 GPT-2, DistilGPT-2, DialoGPT
                gpt-neox             GPT-NeoX, Pythia
                resnet               ResNet-18, 34 and 50, with torchvision's parameter names
                vit                  vision transformers, with torchvision's parameter names
                convnet              a small network for images of about 32 pixels
                sharded              several classifiers, each trained on a part of the images
                inception_v3         Inception-v3 of timm: --features, through which redrawn pictures are compared
                autoencoder-tiny     TAESD, TAEF2 and smaller ones: a convolutional encoder and decoder
                """))
        let rows = try Binary.run("list", "architectures", "--json")
        #expect(
            rows.output.hasPrefix(
                "[{\"name\":\"llama\",\"summary\":\"Llama 2, Llama 3, 3.1, 3.2, SmolLM, SmolLM2, TinyLlama\"},"))
        #expect(table.status == 0 && rows.status == 0)
    }
}

@Suite struct InspectTests {
    @Test func aModelIsDescribed() throws {
        let folder = try TinyModel.make()
        let result = try Binary.run("inspect", "model", in: folder.url)
        #expect(
            result.output == """
                model         model
                format        Hugging Face directory
                architecture  llama
                parameters    5,712
                types         F32
                layers        2
                width         16
                heads         4
                context       256
                vocabulary    64
                tokens        64
                chatFormat    none

                """)
        #expect(result.error == "")
        #expect(result.status == 0)
    }

    @Test func aQuantizedModelIsShownAndRefusedByAllOthers() throws {
        let folder = try TinyModel.make()
        let file = folder.url.appending(path: "model/config.json")
        var json = try JSONValue(contentsOf: file)
        json["quantization_config"] = ["quant_method": "gptq", "bits": 4]
        try json.write(to: file)
        try folder.write("{\"text\": \"abc\"}\n", "data.jsonl")
        let result = try Binary.run("inspect", "model", in: folder.url)
        #expect(
            result.output.hasPrefix(
                """
                model         model
                format        Hugging Face directory
                architecture  llama
                quantized     gptq
                layers        2

                """))
        for arguments in [
            "score --model model --data data.jsonl", "generate --model model --prompt a", "convert model copy",
            "convert model copy.gguf", "train --model model --data data.jsonl --output run",
            "forget --model model --forget data.jsonl --retain data.jsonl --output run",
        ] {
            let refusal = try Binary.run(arguments.split(separator: " ").map(String.init), in: folder.url)
            #expect(
                folder.relative(refusal.error)
                    == "unlearn: model/config.json: the checkpoint is quantized with gptq, and its packed weights cannot be "
                    + "computed with; dequantize it first, or take the model as it was before.\n", "\(arguments)")
            #expect(refusal.status == 65)
        }
        #expect(try folder.names == ["data.jsonl", "model"])
    }

    @Test func theHashIsThatOfTheWeights() throws {
        let folder = try TinyModel.make()
        let json = try Binary.run("inspect", "model", "--hash", "--json", in: folder.url).json
        #expect(json["sha256"]?.string == (try Fingerprint.modelHash(of: folder.url.appending(path: "model"))))
        #expect(json["parameters"]?.int == 5712)
    }
}

@Suite struct ModelNameTests {
    /// As huggingface_hub lays it out: snapshots hold links to blobs.
    private func cache() throws -> TemporaryFolder {
        let folder = try TinyModel.make()
        let place = folder.url.appending(path: "hub/models--Org--Tiny")
        let (snapshot, blobs) = (place.appending(path: "snapshots/abc"), place.appending(path: "blobs"))
        for url in [snapshot, blobs, place.appending(path: "refs")] {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
        try Data("abc".utf8).write(to: place.appending(path: "refs/main"))
        let model = folder.url.appending(path: "model")
        for name in try FileManager.default.contentsOfDirectory(atPath: model.path) {
            try FileManager.default.moveItem(at: model.appending(path: name), to: blobs.appending(path: name))
            try FileManager.default.createSymbolicLink(
                atPath: snapshot.appending(path: name).path, withDestinationPath: "../../blobs/\(name)")
        }
        return folder
    }

    @Test func aModelIsFoundByItsNameInTheLocalCache() throws {
        let folder = try cache()
        let variables = ["HF_HUB_CACHE": folder.url.appending(path: "hub").path]
        for arguments in [
            ["inspect", "Org/Tiny", "--hash"], ["convert", "Org/Tiny", "copy"],
            ["generate", "--model", "Org/Tiny", "--prompt", "abc", "--max-tokens", "2"],
        ] {
            let result = try Binary.run(arguments, in: folder.url, variables: variables)
            #expect(result.status == 0, "\(arguments): \(result.error)")
        }
        // So is the model of an adapter.
        let adapter = folder.url.appending(path: "adapter")
        try FileManager.default.createDirectory(at: adapter, withIntermediateDirectories: true)
        let source = TinyModel.packageRoot.appending(path: "Tests/Golden/lora-tied")
        try FileManager.default.copyItem(
            at: source.appending(path: "adapter_model.safetensors"),
            to: adapter.appending(path: "adapter_model.safetensors"))
        var json = try JSONValue(contentsOf: source.appending(path: "adapter_config.json"))
        json["base_model_name_or_path"] = "Org/Tiny"
        try json.write(to: adapter.appending(path: "adapter_config.json"))
        try folder.write("{\"text\": \"abc\"}\n", "data.jsonl")
        for arguments in [
            "inspect adapter", "convert adapter copy2",
            "score --model adapter --data data.jsonl", "generate --model adapter --prompt abc --max-tokens 2",
            "train --model adapter --data data.jsonl --output run --epochs 1",
        ] {
            let result = try Binary.run(
                arguments.split(separator: " ").map(String.init), in: folder.url, variables: variables)
            #expect(result.status == 0, "\(arguments): \(result.error)")
        }
        let missing = try Binary.run(["inspect", "Org/Huge"], in: folder.url, variables: variables)
        #expect(
            folder.relative(missing.error)
                == "unlearn: 'Org/Huge' is neither a path here nor a model in the Hugging Face cache 'hub'. Check the path, "
                + "or fetch the model first, for example with `hf download Org/Huge`.\n")
        #expect(missing.status == 66)
    }
}

@Suite struct ConvertTests {
    @Test func aCopyHoldsTheSameWeights() throws {
        let folder = try TinyModel.make()
        let result = try Binary.run("convert", "model", "copy", in: folder.url)
        #expect(
            result.output.wholeMatch(
                of: /Wrote copy: llama, 5,712 parameters as F32 \(23 kB\), 64 tokens, in \d+\.\d s\.\n/) != nil)
        #expect(result.status == 0)
        #expect(try folder.names == ["copy", "model"])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/copy").sorted()
        #expect(
            names == [
                "config.json", "generation_config.json", "model.safetensors", "special_tokens_map.json",
                "tokenizer.json", "tokenizer_config.json",
            ])
        let (old, new) = (folder.url.appending(path: "model"), folder.url.appending(path: "copy"))
        let (before, after) = (try SafetensorsCheckpoint(directory: old), try SafetensorsCheckpoint(directory: new))
        for name in before.names {
            #expect(try before.bytes(of: name).elementsEqual(after.bytes(of: name)), "\(name)")
        }
    }

    @Test(.enabled(if: TestData.exists(TestData.stories), "needs the models in UNLEARN_TEST_DATA"))
    func ggufHoldsTheSameModelAndGoesBackToIt() throws {
        let folder = try TemporaryFolder()
        let plain = try Binary.run("convert", TestData.stories.path, "plain", in: folder.url)
        #expect(plain.status == 0, "\(plain.error)")
        // The licence travels with the model, both ways.
        try folder.write("---\nlicense: mit\n---\n", "plain/README.md")
        for type in ["f32", "f16", "q8_0", "q4_0"] {
            let name = "\(type).gguf"
            let result = try Binary.run("convert", "plain", name, "--type", type, in: folder.url)
            #expect(
                result.output.hasPrefix("Wrote \(name): llama, 260,032 parameters as \(type.uppercased()) ("),
                "\(result.output)\(result.error)")
            let back = try Binary.run("convert", name, type, in: folder.url)
            #expect(back.status == 0, "\(back.error)")
            for copy in [name, type] { #expect(License.declared(by: folder.url.appending(path: copy)) == "mit") }
        }
        func hash(_ name: String) throws -> String { try Fingerprint.modelHash(of: folder.url.appending(path: name)) }
        #expect(try hash("f32") == hash("plain"))
        #expect(try hash("f16") != hash("plain"))
        func text(_ name: String) throws -> String? {
            try Binary.run(
                "generate", "--model", name, "--prompt", "Once upon a time", "--max-tokens", "40", "--json",
                in: folder.url
            ).json["text"]?.string
        }
        #expect(try text("f32.gguf") == text("plain"))
        let again = try Binary.run("convert", "plain", "f16.gguf", in: folder.url)
        #expect(
            folder.relative(again.error) == "unlearn: 'f16.gguf' already exists. Choose another name or remove it.\n")
        let type = try Binary.run("convert", "plain", "folder", "--type", "f16", in: folder.url)
        #expect(
            type.error.hasPrefix(
                "Error: --type is only for GGUF files; let the name of what is created end with .gguf."))
    }

    @Test func anExistingDestinationIsRefused() throws {
        let folder = try TinyModel.make()
        try folder.write("mine", "copy")
        let result = try Binary.run("convert", "model", "copy", in: folder.url)
        #expect(folder.relative(result.error) == "unlearn: 'copy' already exists. Choose another name or remove it.\n")
        #expect(result.status == 64)
        #expect(try String(contentsOf: folder.url.appending(path: "copy"), encoding: .utf8) == "mine")
    }

    @Test func aFailureLeavesNothingBehind() throws {
        let folder = try TinyModel.make()
        try Data([1, 2, 3]).write(to: folder.url.appending(path: "model/model.safetensors"))
        let result = try Binary.run("convert", "model", "copy", in: folder.url)
        #expect(result.status == 65)
        #expect(try folder.names == ["model"])
    }

    @Test(.enabled(if: TestData.exists(TestData.stories), "needs the models in UNLEARN_TEST_DATA"))
    func storiesContinueAsTheReferenceDoes() throws {
        let folder = try TemporaryFolder()
        let convert = try Binary.run("convert", TestData.stories.path, "stories", in: folder.url)
        #expect(convert.status == 0, "\(convert.error)")
        let golden = try JSONValue(
            contentsOf: TinyModel.packageRoot.appending(path: "Tests/Golden/stories260k-greedy.json"))
        for row in try #require(golden["cases"]?.array) {
            let prompt = row["prompt"]?.string ?? ""
            // The reference spells line breaks as bytes, and keeps the space before the first word.
            let expected = try #require(row["continuation"]?.string).replacing("<0x0A>", with: "\n")
                .trimmingCharacters(in: .whitespaces)
            for model in [TestData.stories.path, "stories"] {
                let result = try Binary.run(
                    "generate", "--model", model, "--prompt", prompt, "--max-tokens", "64", "--json", in: folder.url)
                #expect(try result.json["text"]?.string?.trimmingCharacters(in: .whitespaces) == expected)
                #expect(try result.json["tokens"]?.int == 64)
            }
        }
    }
}

@Suite struct GenerateTests {
    private func generate(_ folder: TemporaryFolder, _ arguments: String...) throws -> Binary.Result {
        try Binary.run(
            ["generate", "--model", "model", "--prompt", "Abc", "--max-tokens", "20"] + arguments, in: folder.url)
    }

    @Test func streamedTextIsTheTextThatJSONHolds() throws {
        let folder = try TinyModel.make()
        let streamed = try generate(folder)
        let json = try generate(folder, "--json").json
        #expect(streamed.status == 0)
        #expect(streamed.error == "")
        #expect(json["text"]?.string.map { $0 + "\n" } == streamed.output)
        #expect(json["promptTokens"]?.int == 4)
        #expect(json.object?.keys == ["text", "tokens", "promptTokens", "loadSeconds", "seconds"])
    }

    @Test func oneSeedGivesOneText() throws {
        let folder = try TinyModel.make()
        func sample(_ seed: String) throws -> String {
            try generate(folder, "--temperature", "1", "--top-p", "0.95", "--seed", seed).output
        }
        #expect(try sample("1") == sample("1"))
        #expect(try sample("1") != sample("2"))
    }

    @Test func aFileOfPromptsIsAnsweredAsEachAlone() throws {
        let folder = try TinyModel.make()
        // With a byte-order mark, two kinds of line ends, and a separator that ends no line.
        try folder.write("\u{FEFF}Abc\r\n \r\nA longer\u{2028}line\n", "prompts.txt")
        func run(_ arguments: String...) throws -> Binary.Result {
            try Binary.run(["generate", "--model", "model", "--max-tokens", "20"] + arguments, in: folder.url)
        }
        let alone = try ["Abc", "A longer\u{2028}line"].map {
            try #require(try run("--prompt", $0, "--json").json["text"]?.string)
        }
        let together = try run("--prompts", "prompts.txt", "--json").json
        #expect(together["texts"]?.array?.map(\.string) == alone)
        #expect(together.object?.keys == ["texts", "tokens", "promptTokens", "loadSeconds", "seconds"])
        let plain = try run("--prompts", "prompts.txt")
        #expect(plain.output == "> Abc\n\(alone[0])\n\n> A longer\u{2028}line\n\(alone[1])\n")
        let none = try run("--max-tokens", "3")
        #expect(none.status == 64)
        #expect(none.error.hasPrefix("Error: Give a text with --prompt, a file of them with --prompts, or a picture"))
        let binary = try run("--prompts", "model/model.safetensors")
        #expect(binary.status == 65)
        #expect(
            folder.relative(binary.error) == "unlearn: 'model/model.safetensors' is not UTF-8 text. Save it as UTF-8.\n"
        )
    }

    @Test func aPromptLongerThanTheContextIsRefused() throws {
        let folder = try TinyModel.make()
        let prompt = String(repeating: "a", count: 300)
        let result = try Binary.run("generate", "--model", "model", "--prompt", prompt, in: folder.url)
        #expect(result.error == "unlearn: The prompt has 301 tokens; the model reads at most 255. Shorten it.\n")
        #expect(result.status == 65)
    }
}

@Suite struct ScoreTests {
    /// The sums that transformers computes for the golden sequences, written as text in the tiny model's letters.
    @Test func logProbabilitiesEqualTheReference() throws {
        let folder = try TinyModel.make()
        let golden = try JSONValue(contentsOf: TinyModel.golden.appending(path: "golden.json"))
        let (sequences, sums) = try (#require(golden["sequences"]?.array), #require(golden["sequenceSums"]?.array))
        let rows = try sequences.map { row in
            let ids = try #require(row["ids"]?.array).compactMap(\.int)
            let start = try #require(row["labelled"]?.array?.firstIndex(of: 1))
            let example: JSONValue = [
                "prompt": .string(TinyModel.text(Array(ids[1..<start]))),
                "completion": .string(TinyModel.text(Array(ids[start...]))),
            ]
            return example.text() + "\n"
        }
        try folder.write(rows.joined(), "data.jsonl")
        let printed = try Binary.run("score", "--model", "model", "--data", "data.jsonl", in: folder.url)
        let scores = try printed.output.split(separator: "\n").map { try JSONValue(parsing: Data($0.utf8)) }
        #expect(printed.status == 0, "\(printed.error)")
        #expect(scores.map { $0["id"]?.int } == [0, 1])
        #expect(scores.map { $0["tokens"]?.int } == [7, 4])
        for (score, sum) in zip(scores, sums) {
            #expect(abs((score["logProbability"]?.double ?? 0) + (sum.double ?? 0)) < 1e-4)
            let columns = ["id", "logProbability", "tokens", "exactMemorization", "extractionStrength"]
            #expect(score.object?.keys == columns)
        }
        let written = try Binary.run(
            "score", "--model", "model", "--data", "data.jsonl", "--output", "scores.jsonl", in: folder.url)
        #expect(written.output == "")
        let file = try String(contentsOf: folder.url.appending(path: "scores.jsonl"), encoding: .utf8)
        #expect(file == printed.output)
    }

    /// What the model writes itself is memorised wholly, and what differs at the start from there on.
    @Test func memorizationIsOneForTheModelsOwnText() throws {
        let folder = try TinyModel.make()
        let text = try #require(
            try Binary.run(
                "generate", "--model", "model", "--prompt", "Abc", "--max-tokens", "6", "--json", in: folder.url
            ).json["text"]?.string)
        let example: JSONValue = ["prompt": "Abc", "completion": .string(text)]
        try folder.write(example.text() + "\n", "data.jsonl")
        let score = try Binary.run("score", "--model", "model", "--data", "data.jsonl", in: folder.url).json
        #expect(score["exactMemorization"]?.double == 1)
        #expect(score["extractionStrength"]?.double == 1)
    }
}

@Suite struct ReportTests {
    @Test func aRunWithoutAReportSaysSo() throws {
        let folder = try TemporaryFolder()
        let run = folder.url.appending(path: "run")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        try folder.write("{}", "run/run.json")
        let result = try Binary.run("report", "run", in: folder.url)
        #expect(
            result.error
                == "unlearn: The run 'run' has no report: it did not finish. Go on with it: `unlearn resume run`.\n")
        #expect(result.status == 66)
    }

    private func finishedRun(in folder: TemporaryFolder) throws -> (directory: RunDirectory, report: Report) {
        let run = try RunDirectory(creating: folder.url.appending(path: "run"), run: ["seed": 0])
        let report = Report(
            .language, before: [], after: [], verdict: Verdict(before: [], after: []),
            provenance: Provenance(
                toolVersion: "1", swiftVersion: "6", libtorchVersion: "2", threads: 1, seed: 0, method: "npo",
                subject: "Nobody", model: "model", modelHash: "aa"))
        try run.write(report)
        return (run, report)
    }

    @Test func theReportIsShownAsRendered() throws {
        let folder = try TemporaryFolder()
        let (run, report) = try finishedRun(in: folder)
        let shown = try Binary.run("report", "run", in: folder.url)
        #expect(shown.output == TerminalRenderer().render(report, path: run.reportPageFile.path))
        #expect(try Binary.run("report", "run", "--json", in: folder.url).json.decode(Report.self) == report)
    }

    @Test func aMissingPageIsMadeAndAnExistingOneLeftAlone() throws {
        let folder = try TemporaryFolder()
        let (run, _) = try finishedRun(in: folder)
        let page = try String(contentsOf: run.reportPageFile, encoding: .utf8)
        try FileManager.default.removeItem(at: run.reportPageFile)
        #expect(try Binary.run("report", "run", in: folder.url).status == 0)
        #expect(try String(contentsOf: run.reportPageFile, encoding: .utf8) == page)
        try folder.write("mine", "run/report.html")
        #expect(try Binary.run("report", "run", in: folder.url).status == 0)
        #expect(try String(contentsOf: run.reportPageFile, encoding: .utf8) == "mine")
    }

    @Test func aRecordThatCannotBeReadIsNamed() throws {
        let folder = try TemporaryFolder()
        let (run, _) = try finishedRun(in: folder)
        try FileManager.default.removeItem(at: run.reportPageFile)
        try folder.write("{\"step\":", "run/events.jsonl")
        let result = try Binary.run("report", "run", in: folder.url)
        #expect(
            folder.relative(result.error).hasPrefix(
                "unlearn: JSON lines file 'run/events.jsonl' is malformed at line 1"),
            "\(result.error)")
        #expect(result.status == 65)
    }

    @Test func thePageIsHandedToTheSystemsOpener() throws {
        let folder = try TemporaryFolder()
        let (run, _) = try finishedRun(in: folder)
        #if os(macOS)
            let opener = "open"
        #else
            let opener = "xdg-open"
        #endif
        let without = try Binary.run(["report", "run", "--open"], in: folder.url, path: folder.url)
        #expect(
            folder.relative(without.error)
                == "unlearn: No browser could be started here. Open 'run/report.html' in one yourself.\n")
        #expect(without.status == 66)
        try folder.write("#!/bin/sh\nprintf %s \"$1\" >opened\n", opener)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: folder.url.appending(path: opener).path)
        let with = try Binary.run(["report", "run", "--open"], in: folder.url, path: folder.url)
        #expect(with.status == 0, "\(with.error)")
        #expect(
            try String(contentsOf: folder.url.appending(path: "opened"), encoding: .utf8) == run.reportPageFile.path)
    }
}
