// Qwen3. Yang et al. 2025 (arXiv 2505.09388). Blocks of Llama; each head's queries and keys are normalised.

internal import UnlearnEngine
internal import UnlearnFormats

enum Qwen3 {
    static let architecture = Architecture(
        name: "qwen3", modelType: "qwen3", summary: "Qwen3, dense models"
    ) { (file) throws(ModelError) in
        // Its heads are 128 wide unless it says otherwise, whatever the width of the model.
        var json = file.json
        if json["head_dim"]?.int == nil { json["head_dim"] = 128 }
        var configuration = try LlamaConfiguration(ConfigurationFile(path: file.path, json: json))
        configuration.normalizesHeads = true
        configuration.contextLength = try file.contextLength(
            configuration.contextLength, isWindowed: try file.flag("use_sliding_window", default: false))
        return configuration
    }
}
