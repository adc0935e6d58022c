// Whole models: as GGUF, read and written again; and as the base of an adapter.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

extension FuzzTarget {
    /// Damaged models of each kind; those that can still be read are written anew, and that is read too.
    static var ggufModel: FuzzTarget {
        let seeds = ["llama", "qwen2", "qwen3"].compactMap { try? model($0) }
        precondition(seeds.count == 3, "the models to damage could not be written")
        return FuzzTarget(name: "gguf-model", fileName: "model.gguf", seeds: seeds) { folder in
            let directory = try ModelDirectory(folder.appending(path: "model.gguf"))
            let tokenizer = try Tokenizer(gguf: GGUFFile(directory.url))
            // A damaged count must not ask for a model that no file of this size holds.
            let parameters = try directory.load().parameters
            let rows = directory.configuration.json["vocab_size"]?.int ?? 0
            let again = folder.appending(path: "again.gguf")
            defer { try? FileManager.default.removeItem(at: again) }
            try GGUFExport.write(
                parameters, of: directory, tokenizer: try tokenizer.ggufMetadata(rows: rows), as: .q80, to: again)
            _ = try ModelDirectory(again).load()
        }
    }

    /// A damaged description of an adapter, beside its undamaged weights and the model that both belong to.
    static var adapter: FuzzTarget {
        let name = "adapter_config.json"
        let files = try? adapterFiles(name)
        precondition(files != nil, "the adapter to damage could not be written")
        return FuzzTarget(
            name: name, fileName: name, seeds: [files?[name] ?? []],
            prepare: { folder in
                for (file, bytes) in files ?? [:] { try Data(bytes).write(to: folder.appending(path: file)) }
            },
            read: { folder in _ = try ModelDirectory(folder).load() })
    }

    /// A model, and an adapter for it as this program writes one.
    private static func adapterFiles(_ configuration: String) throws -> [String: [UInt8]] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unlearn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let base = folder.appending(path: "base.gguf")
        try Data(try model("llama")).write(to: base)
        let store = try ModelDirectory(base).load().parameters
        var options = LoRAOptions()
        options.rank = 2
        try LoRA.attach(options, to: store, pattern: "*q_proj.weight,*down_proj.weight", seed: 0)
        try LoRA.save(store, options, base: "base.gguf", to: folder)
        let names = ["base.gguf", configuration, "adapter_model.safetensors"]
        return Dictionary(
            uniqueKeysWithValues: try names.map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) })
    }

    private static func model(_ family: String) throws -> [UInt8] {
        let numbers = [
            ("embedding_length", 8), ("feed_forward_length", 12), ("block_count", 1), ("attention.head_count", 2),
            ("attention.head_count_kv", 1), ("attention.key_length", 4), ("context_length", 16),
        ]
        var metadata: [(key: String, value: GGUFValue)] = [("general.architecture", .string(family))]
        metadata += numbers.map { (family + "." + $0, .int($1)) }
        metadata += [
            ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("gpt-2")),
            ("tokenizer.ggml.tokens", .strings(["<s>", "a", "b", "ab"])),
            ("tokenizer.ggml.token_type", .ints([3, 1, 1, 1])), ("tokenizer.ggml.merges", .strings(["a b"])),
            ("tokenizer.ggml.bos_token_id", .int(0)),
        ]
        var tensors: [(String, [Int])] = [
            ("token_embd.weight", [4, 8]), ("output_norm.weight", [8]), ("blk.0.attn_norm.weight", [8]),
            ("blk.0.ffn_norm.weight", [8]), ("blk.0.attn_q.weight", [8, 8]), ("blk.0.attn_k.weight", [4, 8]),
            ("blk.0.attn_v.weight", [4, 8]), ("blk.0.attn_output.weight", [8, 8]), ("blk.0.ffn_gate.weight", [12, 8]),
            ("blk.0.ffn_up.weight", [12, 8]), ("blk.0.ffn_down.weight", [8, 12]),
        ]
        if family == "qwen2" { tensors += [("q", 8), ("k", 4), ("v", 4)].map { ("blk.0.attn_\($0).bias", [$1]) } }
        if family == "qwen3" { tensors += ["q", "k"].map { ("blk.0.attn_\($0)_norm.weight", [4]) } }
        let url = FileManager.default.temporaryDirectory.appending(path: "unlearn-\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: url) }
        var writer = try GGUFWriter(url, metadata: metadata, tensors.map { GGUFWriter.Tensor($0, .f32, $1) })
        for (_, shape) in tensors {
            let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: shape.reduce(1, *))
            defer { values.deallocate() }
            values.initialize(repeating: 0.25)
            try writer.append(UnsafeBufferPointer(values))
        }
        try writer.commit()
        return Array(try Data(contentsOf: url))
    }
}
