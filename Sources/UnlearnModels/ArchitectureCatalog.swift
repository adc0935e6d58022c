// The architectures that can be loaded: one line each.

public import UnlearnEngine
internal import UnlearnFormats

/// How a family of language models is recognised and built.
public struct Architecture: Sendable {
    /// The name that `unlearn list architectures` shows.
    public let name: String
    /// Values of `model_type` in config.json.
    public let modelTypes: [String]
    /// Model families known to have this architecture, for the reader.
    public let summary: String
    /// Checks the configuration alone: every mistake is found before weights are read.
    public let check: @Sendable (ConfigurationFile) throws(ModelError) -> Void
    public let build: @Sendable (ConfigurationFile, Weights) throws(ModelError) -> any CausalLM
    /// The numbers of a model that is built from Llama's blocks; nil for other architectures.
    let llama: (@Sendable (ConfigurationFile) throws(ModelError) -> LlamaConfiguration)?

    init(
        name: String, modelTypes: [String], summary: String,
        check: @escaping @Sendable (ConfigurationFile) throws(ModelError) -> Void,
        build: @escaping @Sendable (ConfigurationFile, Weights) throws(ModelError) -> any CausalLM,
        llama: (@Sendable (ConfigurationFile) throws(ModelError) -> LlamaConfiguration)? = nil
    ) {
        (self.name, self.modelTypes, self.summary) = (name, modelTypes, summary)
        (self.check, self.build, self.llama) = (check, build, llama)
    }
}

/// How a family of classifiers is recognised and built.
public struct ClassifierArchitecture: Sendable {
    /// The name that `unlearn list architectures` shows.
    public let name: String
    /// Values of `model_type` in config.json.
    public let modelTypes: [String]
    public let summary: String
    /// Checks the configuration alone.
    public let check: @Sendable (ConfigurationFile) throws(ModelError) -> Void
    public let build: @Sendable (ConfigurationFile, Weights) throws(ModelError) -> any Classifier
}

public enum ArchitectureCatalog {
    public static let all: [Architecture] = [
        Llama.architecture,
        Mistral.architecture,
        Qwen2.architecture,
        Qwen3.architecture,
        GPT2.architecture,
        GPTNeoX.architecture,
    ]
    public static let classifiers: [ClassifierArchitecture] = [
        ResNet.architecture, ViT.architecture, ConvNet.architecture, Sharded.architecture, InceptionV3.architecture,
    ]

    /// Encoders of texts, which judges look through, and of pictures: see `TextEncoder`, `TextClassifier` and
    /// `CLIPVisionEncoder`.
    public static let encoders: [(name: String, summary: String)] = [
        ("bert", "BERT encoders and text classifiers, such as all-MiniLM-L6-v2 or Detoxify: judges of texts"),
        ("roberta", "RoBERTa encoders and text classifiers, such as toxigen_roberta: judges of texts"),
        ("clip_vision_model", "vision encoders of CLIP: --features, through which redrawn pictures are compared"),
    ]

    /// The architecture that a config.json names.
    public static func architecture(for file: ConfigurationFile) throws(ModelError) -> Architecture {
        try find(file, all, \.modelTypes)
    }

    /// The classifier that a config.json names.
    public static func classifier(for file: ConfigurationFile) throws(ModelError) -> ClassifierArchitecture {
        try find(file, classifiers, \.modelTypes)
    }

    private static func find<Entry>(
        _ file: ConfigurationFile, _ entries: [Entry], _ modelTypes: (Entry) -> [String]
    ) throws(ModelError) -> Entry {
        // timm writes `architecture` in its place.
        guard let type = (file.json["model_type"] ?? file.json["architecture"])?.string else {
            throw .key("model_type", path: file.path, expected: "a text")
        }
        guard let found = entries.first(where: { modelTypes($0).contains(type) }) else {
            throw .architecture(type, path: file.path, known: entries.flatMap(modelTypes))
        }
        return found
    }
}
