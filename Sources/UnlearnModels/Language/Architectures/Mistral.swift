// Mistral. Jiang et al. 2023 (arXiv 2310.06825). Blocks of Llama; attention is not cut off at a window.

internal import UnlearnEngine
internal import UnlearnFormats

enum Mistral {
    static let architecture = Architecture(
        name: "mistral", modelType: "mistral", summary: "Mistral 7B and its kin, up to the length of their window"
    ) { (file) throws(ModelError) in
        var configuration = try LlamaConfiguration(file)
        configuration.contextLength = try file.contextLength(configuration.contextLength, isWindowed: true)
        return configuration
    }
}

extension ConfigurationFile {
    /// The longest sequence of which every token sees every earlier one: at most the length of the window.
    func contextLength(_ length: Int, isWindowed: Bool) throws(ModelError) -> Int {
        isWindowed ? min(length, try count("sliding_window", default: length)) : length
    }
}
