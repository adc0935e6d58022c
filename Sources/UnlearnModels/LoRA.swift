// Low-rank adaptation of a whole model, and its files in the format of Hugging Face's PEFT.
// Hu et al. 2021 (arXiv 2106.09685). The model without its additions is the original: no second copy is in memory.

public import Foundation
public import UnlearnData
public import UnlearnEngine
internal import UnlearnFormats

/// How a model is adapted.
public struct LoRAOptions: Configurable {
    /// What becomes of the additions when a run is saved.
    public enum Form: String, Codable, Sendable, CaseIterable {
        /// They are added to the weights, and a whole model is saved.
        case merged
        /// They are saved alone, as a PEFT adapter.
        case adapter
    }

    /// r, the width between the two matrices; 0 changes the weights themselves.
    public var rank = 0
    /// α; additions are scaled by α / r.
    public var alpha = 16.0
    public var form = Form.merged

    public init() {}
}

public enum LoRA {
    static let configurationName = "adapter_config.json"
    static let weightsName = "adapter_model.safetensors"
    /// What PEFT puts before the names of the model's own layers.
    static let prefix = "base_model.model."

    /// Gives the linear layers whose weights the pattern names an addition that changes nothing yet: A is drawn as
    /// PEFT draws it, from U(−1/√in, 1/√in), and B is zero.
    public static func attach(
        _ options: LoRAOptions, to store: ParameterStore, pattern: String, seed: UInt64
    ) throws(CheckpointError) {
        for slot in try store.slots(pattern) {
            var generator = Generator(seed: seed, purpose: "lora \(slot.weightName)")
            let bound = 1 / Float(slot.inputs).squareRoot()
            let entries = (0..<options.rank * slot.inputs).map { _ in (2 * generator.uniform() - 1) * bound }
            store.attach(
                LowRankPair(
                    down: Tensor(entries, shape: [options.rank, slot.inputs]),
                    up: .zeros([slot.outputs, options.rank]), scale: options.alpha / Double(options.rank)),
                to: slot)
        }
    }

    /// Writes `adapter_config.json` and `adapter_model.safetensors` (F32) into an existing folder.
    /// - Parameter base: where the model lies that the adapter belongs to.
    public static func save(
        _ store: ParameterStore, _ options: LoRAOptions, base: String, to folder: URL
    ) throws(ModelError) {
        let layers = store.attached.map(\.layerName)
        let json: JSONValue = [
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": .string(base),
            "r": .int(options.rank), "lora_alpha": .double(options.alpha), "lora_dropout": 0.0, "bias": "none",
            "target_modules": .array(layers.map { .string($0) }),
            "fan_in_fan_out": .bool(store.attached.contains { $0.isTransposed }), "inference_mode": true,
            "use_rslora": false, "use_dora": false,
        ]
        try ModelError.reading { () throws(FormatError) in
            try json.write(to: folder.appending(path: configurationName))
            let names = store.additionNames
            var writer = try SafetensorsWriter(
                folder.appending(path: weightsName),
                names.map { SafetensorsWriter.Tensor(prefix + $0, .float32, store[$0].shape) })
            for name in names {
                let tensor = store[name].contiguous()
                try tensor.withBytes { (bytes) throws(FormatError) in try writer.append(bytes) }
            }
            try writer.commit()
        }
    }
}

/// A PEFT adapter on disk whose configuration has been checked.
struct AdapterDirectory {
    let url: URL
    /// Where the model lies that the adapter belongs to.
    let base: URL
    private let file: ConfigurationFile
    private let rank: Int
    private let scale: Double

    /// Whether a folder holds an adapter in place of a model.
    static func isThere(_ url: URL) -> Bool {
        func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url.appending(path: name).path) }
        return holds(LoRA.configurationName) && !holds("config.json")
    }

    init(_ url: URL) throws(ModelError) {
        self.url = url
        file = try ConfigurationFile(url.appending(path: LoRA.configurationName))
        let key = "base_model_name_or_path"
        guard let name = file.json[key]?.string, !name.isEmpty else {
            throw .key(key, path: file.path, expected: "the folder of a model")
        }
        // Seen from the adapter, so that both can be moved together; or as a path from here.
        let places = [url.appending(path: name), URL(filePath: name)]
        guard let base = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw .unsupported(
                "the base model '\(name)', which is no file or folder here,", path: file.path,
                advice: "Let \(key) name the folder of the model that the adapter belongs to.")
        }
        self.base = base
        guard file.json["peft_type"]?.string == "LORA" else {
            throw .unsupported(
                "peft_type \(file.json["peft_type"]?.text() ?? "null")", path: file.path, advice: "Supported is 'LORA'."
            )
        }
        for key in ["use_rslora", "use_dora"] where try file.flag(key, default: false) {
            throw .unsupported("\(key) true", path: file.path, advice: "Merge the adapter with PEFT first.")
        }
        for key in ["rank_pattern", "alpha_pattern"] where file.json[key]?.object?.isEmpty == false {
            throw .unsupported("a \(key)", path: file.path, advice: "Merge the adapter with PEFT first.")
        }
        if file.json["modules_to_save"]?.array?.isEmpty == false {
            throw .unsupported("modules_to_save", path: file.path, advice: "Merge the adapter with PEFT first.")
        }
        rank = try file.count("r")
        scale = try file.number("lora_alpha", default: Double(rank)) / Double(rank)
    }

    /// Reads the additions into the model that they belong to.
    func attach(to store: ParameterStore) throws(ModelError) {
        let checkpoint = try ModelError.reading { () throws(FormatError) in
            try SafetensorsCheckpoint(file: url.appending(path: LoRA.weightsName))
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
                guard let down = try matrix(slot.downName, [rank, slot.inputs]) else { continue }
                guard let up = try matrix(slot.upName, [slot.outputs, rank]) else {
                    throw .missing(name: slot.upName, source: url.path)
                }
                store.attach(LowRankPair(down: down, up: up, scale: scale), to: slot)
            }
            let unread = source.names.filter { !read.contains($0) }
            guard unread.isEmpty else { throw .unread(names: unread, source: url.path) }
        } catch { throw .checkpoint(error) }
    }
}
