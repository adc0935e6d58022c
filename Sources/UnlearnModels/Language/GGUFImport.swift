// What a GGUF file or a llama2.c checkpoint says about its model, as a Hugging Face config.json.

internal import UnlearnEngine
public import UnlearnFormats

/// An architecture as GGUF names it: models of Llama's blocks, told apart by what their attention adds.
struct GGUFFamily {
    /// The value of `general.architecture`, and what the keys of its metadata begin with.
    let name: String
    /// The model types in config.json that are written under this name; read ones become the first.
    let modelTypes: [String]
    let modelClass: String
    /// Whether query and key rows are stored in pairs, as Llama's are.
    let isInterleaved: Bool

    static let all = [
        // Mistral differs from Llama by its window alone, and llama.cpp calls it Llama.
        GGUFFamily(
            name: "llama", modelTypes: ["llama", "mistral"], modelClass: "LlamaForCausalLM", isInterleaved: true),
        GGUFFamily(name: "qwen2", modelTypes: ["qwen2"], modelClass: "Qwen2ForCausalLM", isInterleaved: false),
        GGUFFamily(name: "qwen3", modelTypes: ["qwen3"], modelClass: "Qwen3ForCausalLM", isInterleaved: false),
    ]
}

public enum GGUFImport {
    /// Llama 3.1 and later carry their stretched rotary frequencies as a tensor.
    static let rotaryTable = "rope_freqs.weight"

    /// The family that a file says it belongs to.
    static func family(_ file: GGUFFile, path: String) throws(ModelError) -> GGUFFamily {
        let name = try ModelError.reading { () throws(FormatError) in
            try file.required("general.architecture", \.string)
        }
        guard let family = GGUFFamily.all.first(where: { $0.name == name }) else {
            throw .architecture(name, path: path, known: GGUFFamily.all.map(\.name))
        }
        return family
    }

    /// The config.json of a GGUF file of Llama or its kin.
    public static func configuration(_ file: GGUFFile, path: String) throws(ModelError) -> ConfigurationFile {
        let family = try family(file, path: path)
        func value(_ key: String) -> GGUFValue? { file[family.name + "." + key] }
        func count(_ key: String) throws(ModelError) -> JSONValue {
            .int(
                try ModelError.reading { () throws(FormatError) in
                    try file.required(family.name + "." + key, \.int)
                })
        }
        func optional(_ value: GGUFValue?) -> JSONValue? { value?.int.map { .int($0) } }
        let rotary = GGUFRotary(file: file, family: family.name, path: path)
        var json: JSONValue = [
            "architectures": [.string(family.modelClass)], "model_type": .string(family.modelTypes[0]),
            "hidden_act": "silu",
        ]
        if family.name == "llama" { (json["attention_bias"], json["mlp_bias"]) = (false, false) }
        json["hidden_size"] = try count("embedding_length")
        json["intermediate_size"] = try count("feed_forward_length")
        json["num_hidden_layers"] = try count("block_count")
        json["num_attention_heads"] = try count("attention.head_count")
        json["num_key_value_heads"] = optional(value("attention.head_count_kv"))
        json["head_dim"] = optional(value("attention.key_length"))
        json["rms_norm_eps"] = .double(value("attention.layer_norm_rms_epsilon")?.decimal ?? 1e-5)
        let context = try count("context_length")
        // A model with a window is read up to its length.
        let window = value("attention.sliding_window")?.int.flatMap { $0 > 0 ? $0 : nil } ?? .max
        json["max_position_embeddings"] = context.int.map { .int(min($0, window)) }
        json["rope_theta"] = .double(try rotary.number("freq_base") ?? 10_000)
        json["tie_word_embeddings"] = .bool(file.tensor("output.weight") == nil)
        json["vocab_size"] = file.tensor("token_embd.weight").flatMap { $0.shape.first.map { .int($0) } }
        json["bos_token_id"] = optional(file["tokenizer.ggml.bos_token_id"])
        json["eos_token_id"] = optional(file["tokenizer.ggml.eos_token_id"])
        json["pad_token_id"] = optional(file["tokenizer.ggml.padding_token_id"])
        json["dtype"] = "float32"
        json["rope_scaling"] = try rotary.scaling(of: json)
        return ConfigurationFile(path: path, json: json)
    }
}

/// The rotary numbers of a GGUF file.
private struct GGUFRotary {
    let file: GGUFFile
    let family: String
    let path: String

    private func value(_ key: String) -> (key: String, value: GGUFValue)? {
        let key = "\(family).rope.\(key)"
        return file[key].map { (key, $0) }
    }

    /// A positive number; 0 stands for none.
    func number(_ key: String) throws(ModelError) -> Double? {
        guard let (key, value) = value(key) else { return nil }
        guard let number = value.decimal, number >= 0, number.isFinite else {
            throw .key(key, path: path, expected: "a positive number")
        }
        return number == 0 ? nil : number
    }

    /// What config.json calls `rope_scaling`.
    /// - Parameter json: the configuration so far.
    func scaling(of json: JSONValue) throws(ModelError) -> JSONValue? {
        let heads = json["num_attention_heads"]?.int ?? 1
        let width = json["head_dim"]?.int ?? (json["hidden_size"]?.int ?? 0) / max(1, heads)
        if let (key, value) = value("dimension_count"), value.int != width {
            throw .key(key, path: path, expected: "the width of a head, which is \(width)")
        }
        // A factor without a type is linear, and so is that of the key which older files have.
        let kind = value("scaling.type").map { $0.value.string ?? "" } ?? "linear"
        let (newer, older) = (try number("scaling.factor"), try number("scale_linear"))
        let factor = kind == "none" ? 1 : newer ?? older ?? 1
        let table = file.tensor(GGUFImport.rotaryTable)
        guard ["none", "linear"].contains(kind), factor == 1 || table == nil else {
            let place = table == nil ? "" : " beside '\(GGUFImport.rotaryTable)'"
            throw .unsupported(
                "rotary scaling '\(kind)'\(place)", path: path,
                advice: "Convert a model without it, with a linear one, or with Llama 3's.")
        }
        if let table { return try stretching(table, json) }
        return factor == 1 ? nil : ["rope_type": "linear", "factor": .double(factor)]
    }

    /// Finds the "llama3" scaling whose table the file holds; any other table is not supported.
    private func stretching(_ table: GGUFTensor, _ json: JSONValue) throws(ModelError) -> JSONValue {
        var divisors = [Float](repeating: 0, count: table.count)
        divisors.withUnsafeMutableBufferPointer { file.dequantize(table, into: $0) }
        let factor = Double(divisors.max() ?? 1)
        let frequencies = Rotary(width: 2 * divisors.count, base: json["rope_theta"]?.double ?? 0).frequencies
        // Llama 3.1's own context first, then that of models that were trained on shorter or longer texts.
        let context = ([8192] + (4...20).map { 1 << $0 }).first { context in
            let scaling = RotaryScaling.llama3(
                factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: context)
            return zip(frequencies, divisors).allSatisfy { frequency, divisor in
                abs(frequency / scaling.stretched(frequency) / Double(divisor) - 1) < 1e-3
            }
        }
        guard let context else {
            throw .unsupported(
                "the rotary table '\(GGUFImport.rotaryTable)'", path: path,
                advice: "Supported is the scaling of Llama 3.1 and 3.2; convert from the original checkpoint instead.")
        }
        return [
            "rope_type": "llama3", "factor": .double(factor), "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": .int(context),
        ]
    }
}

extension Llama2C {
    /// The config.json of the checkpoint.
    public var huggingFaceConfiguration: JSONValue {
        let c = configuration
        return [
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
            "hidden_size": .int(c.width), "intermediate_size": .int(c.hiddenWidth), "num_hidden_layers": .int(c.layers),
            "num_attention_heads": .int(c.heads), "num_key_value_heads": .int(c.keyValueHeads),
            "vocab_size": .int(c.vocabulary), "max_position_embeddings": .int(c.contextLength),
            "rms_norm_eps": .double(c.normEpsilon), "rope_theta": .double(c.rotaryBase),
            "tie_word_embeddings": .bool(c.isTied), "bos_token_id": 1, "eos_token_id": 2, "dtype": "float32",
        ]
    }
}
