// A PEFT adapter on disk, and the model that it belongs to.

internal import Foundation
internal import UnlearnEngine
internal import UnlearnFormats

/// A PEFT adapter on disk whose configuration has been checked.
struct AdapterDirectory {
    let url: URL
    /// Where the model lies that the adapter belongs to.
    let base: URL
    private let file: ConfigurationFile
    private let rank: Int
    private let scale: Double

    private static let advice = "Merge the adapter with its own library first: PEFT's `merge_and_unload`."

    /// Keys of what adds more than one product with one scale to each layer.
    private static let otherKinds = [
        "rank_pattern", "alpha_pattern", "modules_to_save", "layer_replication", "alora_invocation_tokens",
        "trainable_token_indices", "use_bdlora", "arrow_config", "kasa_config", "monteclora_config",
    ]

    /// Whether a folder holds an adapter in place of a model. Trainers leave the model's config.json beside one.
    static func isThere(_ url: URL) -> Bool {
        func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url.appending(path: name).path) }
        let isModel = holds("config.json") && SafetensorsCheckpoint.isThere(url)
        return holds(LoRA.configurationName) && !isModel
    }

    /// - Parameter cache: where the model is looked for if no folder has its name.
    init(_ url: URL, cache: HubCache? = nil) throws(ModelError) {
        self.url = url
        file = try ConfigurationFile(url.appending(path: LoRA.configurationName))
        base = try Self.base(of: url, file, cache)
        guard file.json["peft_type"]?.string == "LORA" else {
            throw .unsupported(
                "peft_type \(file.json["peft_type"]?.text() ?? "null")", path: file.path, advice: "Supported is 'LORA'."
            )
        }
        for key in ["use_rslora", "use_dora", "use_qalora"] where try file.flag(key, default: false) {
            throw .unsupported("\(key) true", path: file.path, advice: Self.advice)
        }
        for key in Self.otherKinds
        where file.json[key]?.object?.isEmpty == false || file.json[key]?.array?.isEmpty == false {
            throw .unsupported("'\(key)'", path: file.path, advice: Self.advice)
        }
        // Of these starts, PEFT takes something off the weights of the model itself.
        if let start = file.json["init_lora_weights"]?.string,
            ["pissa", "olora", "corda", "loftq", "lora_ga"].contains(where: { start.lowercased().hasPrefix($0) })
        {
            throw .unsupported("init_lora_weights '\(start)'", path: file.path, advice: Self.advice)
        }
        // PEFT's own defaults.
        rank = try file.count("r", default: 8)
        scale = try file.number("lora_alpha", default: 8) / Double(rank)
    }

    private static func base(
        of url: URL, _ file: ConfigurationFile, _ cache: HubCache?
    ) throws(ModelError) -> URL {
        let key = "base_model_name_or_path"
        guard let name = file.json[key]?.string, !name.isEmpty else {
            throw .key(key, path: file.path, expected: "the folder of a model")
        }
        // Seen from the adapter, so that both can be moved together; or as a path from here.
        let places = [url.appending(path: name), URL(filePath: name)]
        if let base = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) { return base }
        do throws(ModelError) {
            if let base = try cache?.snapshot(of: name, revision: try file.text("revision")) { return base }
        } catch { throw .base(error, adapter: file.path) }
        throw .unsupported(
            "the base model '\(name)', which is no file or folder here,", path: file.path,
            advice: "Let \(key) name the folder of the model that the adapter belongs to.")
    }

    /// Reads the additions into the model that they belong to.
    func attach(to store: ParameterStore) throws(ModelError) {
        let checkpoint = try ModelError.reading { () throws(FormatError) in
            try SafetensorsCheckpoint(
                file: url.appending(path: LoRA.weightsName), otherForms: [["adapter_model.bin"]],
                remedy: "Convert it with PEFT: `AutoPeftModelForCausalLM.from_pretrained(FOLDER)"
                    + ".save_pretrained(FOLDER)`.")
        }
        let source = SafetensorsSource(checkpoint: checkpoint, title: url.path)
        var read: Set<String> = []
        func matrix(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor? {
            let name = LoRA.prefix + name
            guard let found = source.shape(of: name) else { return nil }
            guard found == shape else { throw .shape(name: name, found: found, expected: shape) }
            read.insert(name)
            let tensor = try source.load(name, as: .single)
            try tensor.checkNumbers(of: name)
            return tensor
        }
        do throws(CheckpointError) {
            for slot in store.slots {
                let down = try matrix(slot.downName, [rank, slot.inputs])
                let up = try matrix(slot.upName, [slot.outputs, rank])
                if down == nil, up == nil { continue }
                guard let down, let up else {
                    throw .missing(name: LoRA.prefix + (down == nil ? slot.downName : slot.upName), source: url.path)
                }
                store.attach(LowRankPair(down: down, up: up, scale: scale), to: slot)
            }
        } catch .shape(let name, let found, let expected) {
            throw .unsupported(
                "'\(name)' of shape \(found), where r \(rank) and the model imply \(expected),", path: file.path,
                advice: "Check r there, and that base_model_name_or_path names the right model.")
        } catch { throw .checkpoint(error) }
        let unread = source.names.filter { !read.contains($0) }
        guard let first = unread.first else { return }
        let others = unread.count == 1 ? "" : " (one of \(unread.count) such tensors)"
        throw .unsupported(
            "'\(first)', \(Self.kind(of: first))\(others),", path: url.path, advice: Self.advice)
    }

    /// What a tensor is that is no low-rank addition to a linear layer of the model.
    private static func kind(of name: String) -> String {
        let kinds = [
            ("lora_embedding_", "a low-rank addition to an embedding"),
            ("lora_magnitude_vector", "a magnitude of DoRA"),
            ("lora_A.bias", "a bias of a low-rank addition"), ("lora_B.bias", "a bias of a low-rank addition"),
            ("lora_", "a low-rank addition to a layer that can have none here"),
            ("trainable_tokens_", "a change of single tokens of an embedding"),
        ]
        if let kind = kinds.first(where: { name.contains($0.0) }) { return kind.1 }
        if name.hasSuffix(".bias") { return "a bias of the model that was trained too" }
        return name.hasSuffix(".weight")
            ? "a whole weight of the model that was trained too" : "a tensor of a kind that is unknown here"
    }
}
