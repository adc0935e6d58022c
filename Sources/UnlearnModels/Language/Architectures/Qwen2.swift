// Qwen2 and Qwen2.5. Yang et al. 2024 (arXiv 2407.10671). Blocks of Llama with a bias on queries, keys and values.

internal import UnlearnEngine
internal import UnlearnFormats

enum Qwen2 {
    static let architecture = Architecture(
        name: "qwen2", modelType: "qwen2", summary: "Qwen2, Qwen2.5"
    ) { (file) throws(ModelError) in
        var configuration = try LlamaConfiguration(file)
        configuration.hasAttentionBias = true
        configuration.contextLength = try file.contextLength(
            configuration.contextLength, isWindowed: try file.flag("use_sliding_window", default: false))
        return configuration
    }
}
