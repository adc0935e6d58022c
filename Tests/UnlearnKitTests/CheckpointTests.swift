// Models whose parts do not quite fit each other, and fingerprints of models in several files.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats
import UnlearnKit
import UnlearnModels

@Suite struct CheckpointTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// The golden model of 64 tokens with a tokenizer of 64 letters and `more` tokens.
    private func model(_ more: [String], _ settings: String) throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/llama-tied")
        for name in ["config.json", "model.safetensors"] {
            let copy = folder.url.appending(path: name)
            if FileManager.default.fileExists(atPath: copy.path) { continue }
            try FileManager.default.copyItem(at: golden.appending(path: name), to: copy)
        }
        let letters = (0..<64).map { String(UnicodeScalar(UInt8(33 + $0))) }
        let vocabulary = JSONValue.object(JSONObject(letters.enumerated().map { ($1, .int($0)) }))
        let added = more.enumerated().map { offset, token -> JSONValue in
            ["id": .int(64 + offset), "content": .string(token), "special": true]
        }
        let json: JSONValue = [
            "model": ["type": "BPE", "vocab": vocabulary, "merges": []], "decoder": ["type": "ByteLevel"],
            "added_tokens": .array(added),
        ]
        try json.write(to: folder.url.appending(path: "tokenizer.json"))
        _ = try folder.file("tokenizer_config.json", settings)
    }

    /// transformers loads it too. No text may become an id that has no row in the embedding.
    @Test func aPaddingTokenPastTheEmbeddingIsLeftOut() throws {
        try model(["[PAD]"], #"{"pad_token":"[PAD]"}"#)
        let tokenizer = try ModelLoader.load(folder.url).model.tokenizer
        #expect(tokenizer.vocabularyCount == 64 && tokenizer.definition.padding == nil)
        #expect(tokenizer.encode("A[PAD]", parseSpecialTokens: true).allSatisfy { $0 < 64 })
        // What is saved has it again.
        let copy = folder.url.appending(path: "copy")
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try tokenizer.save(to: copy)
        #expect(try TokenizerDefinition(huggingFace: copy).padding == 64)
    }

    @Test func anyOtherTokenPastTheEmbeddingIsRefused() throws {
        for (tokens, settings) in [
            (["[X]"], "{}"), (["[PAD]", "[X]"], #"{"pad_token":"[PAD]"}"#),
            (["[PAD]"], #"{"pad_token":"[PAD]","eos_token":"[PAD]"}"#),
        ] {
            try model(tokens, settings)
            #expect(throws: KitError.vocabulary(path: folder.url.path, tokens: 64 + tokens.count, rows: 64)) {
                _ = try ModelLoader.load(folder.url)
            }
        }
    }

    /// Of one adapter on two models, two fingerprints: a run must not go on with another base.
    @Test func theFingerprintOfAnAdapterCoversItsModel() throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden")
        let adapter = golden.appending(path: "lora-tied/adapter_model.safetensors")
        try FileManager.default.copyItem(at: adapter, to: folder.url.appending(path: "adapter_model.safetensors"))
        for base in ["llama-tied", "llama-untied"] {
            let weights = folder.url.appending(path: base + "/model.safetensors")
            try FileManager.default.createDirectory(
                at: weights.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: golden.appending(path: base + "/model.safetensors"), to: weights)
            let json: JSONValue = ["peft_type": "LORA", "base_model_name_or_path": .string(base)]
            try json.write(to: folder.url.appending(path: "adapter_config.json"))
            let all = try Fingerprint.sha256(of: Data(contentsOf: weights) + Data(contentsOf: adapter))
            let model = try Fingerprint.model(at: folder.url)
            #expect(model.hash == all)
            #expect(try model.files == [Fingerprint.digest(of: weights), Fingerprint.digest(of: adapter)])
            #expect(try Fingerprint.modelHash(of: folder.url) == all)
        }
    }

    @Test func theFingerprintOfASplitModelCoversAllParts() throws {
        let urls = (1...2).map { folder.url.appending(path: "m-0000\($0)-of-00002.gguf") }
        for (number, url) in urls.enumerated() {
            var writer = try GGUFWriter(
                url, metadata: [("split.no", .int(number)), ("split.count", .int(2))], [.init("\(number)", .f32, [1])])
            try [Float(number)].withUnsafeBufferPointer { try writer.append($0) }
            try writer.commit()
        }
        let all = try Fingerprint.sha256(of: Data(contentsOf: urls[0]) + Data(contentsOf: urls[1]))
        let digests = try urls.map { try Fingerprint.digest(of: $0) }
        for url in urls {
            let model = try Fingerprint.model(at: url)
            #expect(model.hash == all && model.files == digests)
            #expect(try Fingerprint.modelHash(of: url) == all)
        }
    }
}
