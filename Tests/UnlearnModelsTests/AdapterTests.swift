// Folders with adapters: which are some, what their configuration leaves out, and what in them is not supported.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@Suite struct AdapterTests {
    private let source = packageRoot.appending(path: "Tests/Golden/lora-tied")
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes PEFT's golden adapter with a changed configuration and more, or other, tensors of zeros.
    private func write(
        _ change: (inout JSONValue) -> Void = { _ in }, tensors: [(String, Shape)] = [], without: String? = nil
    ) throws {
        var json = try JSONValue(contentsOf: source.appending(path: "adapter_config.json"))
        json["base_model_name_or_path"] = .string(packageRoot.appending(path: "Tests/Golden/llama-tied").path)
        change(&json)
        try json.write(to: folder.url.appending(path: "adapter_config.json"))
        let file = try SafetensorsFile(source.appending(path: "adapter_model.safetensors"))
        let names = file.names.filter { name in without.map { !name.hasSuffix($0) } ?? true }
        let url = folder.url.appending(path: "adapter_model.safetensors")
        try? FileManager.default.removeItem(at: url)
        var writer = try SafetensorsWriter(
            url,
            try names.map { .init($0, .float32, try #require(file.entries[$0]).shape) }
                + tensors.map { .init($0.0, .float32, $0.1) })
        for name in names { try withExtendedLifetime(file) { try writer.append(try file.bytes(of: name)) } }
        for (_, shape) in tensors {
            let zeros = [UInt8](repeating: 0, count: 4 * shape.reduce(1, *))
            try zeros.withUnsafeBytes { try writer.append($0) }
        }
        try writer.commit()
    }

    private func message() -> String { failure(in: folder) { _ = try ModelDirectory(folder.url).load() } }

    private func expectThePublishedScores() throws {
        let golden = try GoldenLlama("llama-tied")
        let file = try SafetensorsFile(source.appending(path: "golden.safetensors"))
        let expected = try withExtendedLifetime(file) {
            Array(try file.bytes(of: "logits.0").bindMemory(to: Float.self))
        }
        let found = golden.logits(try ModelDirectory(folder.url).load(), try golden.examples[0].tokens)
        #expect(Tolerance.logits.holds(found, expected))
    }

    /// The golden adapter has PEFT's default α, 8; its r is 2 where the default is 8.
    @Test func whatIsLeftOutIsAsInPEFT() throws {
        for alpha: JSONValue? in [8, 8.0, .null, nil] {
            try write { $0["lora_alpha"] = alpha }
            try expectThePublishedScores()
        }
        try write { $0["r"] = nil }
        #expect(message().contains("of shape [2, 16], where r 8 and the model imply [8, 16]"))
    }

    @Test func aFolderWithAnAdapterAndNoWeightsOfAModelIsAnAdapter() throws {
        try write()
        let golden = try GoldenLlama("llama-untied")
        try golden.directory.configuration.json.write(to: folder.url.appending(path: "config.json"))
        for name in ["optimizer.pt", "training_args.bin", "trainer_state.json", "generation_config.json"] {
            try Data("{}".utf8).write(to: folder.url.appending(path: name))
        }
        try expectThePublishedScores()
        #expect(try ModelDirectory(folder.url).url.lastPathComponent == "llama-tied")
        // With weights it is a model.
        try FileManager.default.copyItem(
            at: golden.folder.appending(path: "model.safetensors"),
            to: folder.url.appending(path: "model.safetensors"))
        #expect(try ModelDirectory(folder.url).url == folder.url)
    }

    @Test func additionsInAnotherFormAreNamed() throws {
        try write()
        try FileManager.default.moveItem(
            at: folder.url.appending(path: "adapter_model.safetensors"),
            to: folder.url.appending(path: "adapter_model.bin"))
        #expect(
            message()
                == "'adapter_model.safetensors' does not exist; what is beside it, adapter_model.bin, is of a form that is not "
                + "read. Convert it with PEFT: `AutoPeftModelForCausalLM.from_pretrained(FOLDER).save_pretrained(FOLDER)`."
        )
    }

    @Test(arguments: [
        ("model.layers.0.self_attn.q_proj.bias", "a bias of the model that was trained too"),
        ("model.layers.1.self_attn.v_proj.lora_B.bias", "a bias of a low-rank addition"),
        ("model.embed_tokens.lora_embedding_A", "a low-rank addition to an embedding"),
        ("model.layers.0.mlp.down_proj.lora_magnitude_vector", "a magnitude of DoRA"),
        ("model.layers.7.mlp.up_proj.lora_A.weight", "a low-rank addition to a layer that can have none here"),
        ("model.embed_tokens.token_adapter.trainable_tokens_delta", "a change of single tokens of an embedding"),
        ("lm_head.weight", "a whole weight of the model that was trained too"),
        ("model.layers.0.ia3_l", "a tensor of a kind that is unknown here"),
    ])
    func whatIsLeftOverIsExplained(name: String, kind: String) throws {
        let advice = "is not supported. Merge the adapter with its own library first: PEFT's `merge_and_unload`."
        try write(tensors: [("base_model.model." + name, [2, 2])])
        #expect(message() == "FOLDER: 'base_model.model.\(name)', \(kind), \(advice)")
        try write(tensors: [("base_model.model." + name, [2, 2]), ("z", [1])])
        #expect(message() == "FOLDER: 'base_model.model.\(name)', \(kind) (one of 2 such tensors), \(advice)")
    }

    @Test func halfAnAdditionIsNamed() throws {
        for part in ["A", "B"] {
            try write(without: "0.mlp.down_proj.lora_\(part).weight")
            #expect(
                message()
                    == "Parameter 'base_model.model.model.layers.0.mlp.down_proj.lora_\(part).weight' is missing from FOLDER. "
                    + "Check that the checkpoint is complete and that config.json belongs to it.")
        }
    }

    /// What PEFT does beyond adding products, and says in the configuration alone.
    @Test func otherKindsOfAdditionsAreRefused() throws {
        let advice = "is not supported. Merge the adapter with its own library first: PEFT's `merge_and_unload`."
        let changes: [(String, JSONValue, String)] = [
            ("use_rslora", true, "use_rslora true"), ("rank_pattern", ["q_proj": 4], "'rank_pattern'"),
            ("modules_to_save", ["lm_head"], "'modules_to_save'"),
            ("alora_invocation_tokens", [1, 2], "'alora_invocation_tokens'"),
            ("init_lora_weights", "pissa_niter_4", "init_lora_weights 'pissa_niter_4'"),
        ]
        for (key, value, what) in changes {
            try write { $0[key] = value }
            #expect(message() == "adapter_config.json: \(what) \(advice)")
        }
        try write { $0["init_lora_weights"] = "gaussian" }
        try expectThePublishedScores()
    }
}
