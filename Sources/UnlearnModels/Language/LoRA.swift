// Low-rank adaptation of a whole model, and its files in the format of Hugging Face's PEFT.
// Hu et al. 2021 (arXiv 2106.09685). The model without its additions is the original: no second copy is in memory.

public import Foundation
public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// How a model is adapted.
public struct LoRAOptions: Configurable {
    /// What becomes of the additions when a run is saved.
    public enum Form: String, Codable, Sendable, CaseIterable {
        /// They are added to the weights, and a whole model is saved.
        case merged
        /// They are saved alone, as a PEFT adapter.
        case adapter
    }

    @Setting("r, the width between the two matrices; 0 changes the weights themselves.", .within(0...1024))
    public var rank = 0
    @Setting("α; additions are scaled by α / r.", .positive) public var alpha = 16.0
    @Setting("Whether additions are merged into the weights that are saved, or saved as an adapter.")
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
            store.attach(
                LowRankPair(
                    down: .uniform([options.rank, slot.inputs], bound: bound, using: &generator),
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
