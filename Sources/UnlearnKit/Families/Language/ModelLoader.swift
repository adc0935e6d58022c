// Opens a model of any supported format together with its tokenizer, its chat format and its stop tokens.

public import Foundation
public import UnlearnData
public import UnlearnEngine
import UnlearnFormats
public import UnlearnModels

/// From a path to a model that can be talked to.
public enum ModelLoader {
    /// Opens and checks the model, reads the tokenizer, then the weights.
    /// - Parameters:
    ///   - cache: where the model of an adapter is looked for if no folder has its name.
    ///   - chatFormat: nil for the format of the model's own template. A model without a template was not trained to
    ///     chat, and gets ``ChatFormat/plain``.
    public static func load(
        _ url: URL, cache: HubCache? = nil, chatFormat: ChatFormat? = nil, precision: Precision = .single
    ) throws -> (directory: ModelDirectory, model: LanguageModel) {
        let directory = try open(url, cache: cache)
        let tokenizer = try tokenizer(of: directory)
        let encoder: ExampleEncoder
        do { encoder = try ExampleEncoder(tokenizer, chatFormat) } catch .chatTemplate(let problem, let valid) {
            throw KitError.chatTemplate(path: url.path, problem: problem, valid: valid)
        }
        let model = LanguageModel(
            model: try directory.load(precision), encoder: encoder, stopTokens: directory.stopTokens,
            make: { (weights) throws(ModelError) in
                try directory.architecture.build(directory.configuration, weights)
            })
        return (directory, model)
    }

    /// The model at `url`, checked but without its weights.
    /// - Parameter allowsQuantized: whether it may be one whose weights are packed, which is never loaded.
    public static func open(
        _ url: URL, cache: HubCache? = nil, allowsQuantized: Bool = false
    ) throws -> ModelDirectory {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw FormatError.missing(path: url.path, expected: "a model directory, a .gguf or a llama2.c .bin file")
        }
        return try ModelDirectory(url, cache: cache, allowsQuantized: allowsQuantized)
    }

    /// The tokenizer that belongs to a model: beside its adapter or its weights, in its GGUF file, or beside its
    /// llama2.c file.
    /// - Parameter file: the tokenizer of a llama2.c model, if it is not the only `tok*.bin` beside it.
    public static func tokenizer(of directory: ModelDirectory, file: URL? = nil) throws -> Tokenizer {
        let url = directory.url
        let base = try definition(of: directory, file: file)
        var definition = base
        for folder in directory.adapterFolders { definition = try definition.overlaid(byFilesIn: folder) }
        let tokenizer = try Tokenizer(definition)
        // An id that has no row in the embedding must never reach it.
        if let rows = directory.configuration.json["vocab_size"]?.int, tokenizer.vocabularyCount > rows {
            guard let definition = tokenizer.definition.withoutPadding(from: rows) else {
                throw KitError.vocabulary(path: url.path, tokens: tokenizer.vocabularyCount, rows: rows)
            }
            return try Tokenizer(definition)
        }
        return tokenizer
    }

    /// The tokenizer of the model itself, without what lies beside its adapters.
    private static func definition(
        of directory: ModelDirectory, file: URL?
    ) throws -> TokenizerDefinition {
        let url = directory.url
        switch ModelFormat(url) {
        case .huggingFace:
            return try TokenizerDefinition(huggingFace: url)
        case .gguf:
            let gguf = try GGUFFile(url)
            return try TokenizerDefinition(gguf: gguf)
        case .llama2C:
            let file = if let file { file } else { try llama2CTokenizer(beside: url) }
            return try TokenizerDefinition(llama2C: file)
        }
    }

    /// The number formats of a model's tensors, each once, in the order in which they occur.
    public static func storedTypes(of directory: ModelDirectory) throws -> [String] {
        let url = directory.url
        let types: [String]
        switch ModelFormat(url) {
        case .huggingFace:
            let checkpoint = try SafetensorsCheckpoint(directory: url)
            types = checkpoint.names.compactMap { checkpoint[$0]?.type.rawValue }
        case .gguf:
            let file = try GGUFFile(url)
            types = file.tensors.map(\.type.description)
        case .llama2C:
            types = ["F32"]
        }
        return types.distinct()
    }

    private static func llama2CTokenizer(beside url: URL) throws -> URL {
        let folder = url.deletingLastPathComponent()
        let names = try systemCall("read the folder", folder) {
            try FileManager.default.contentsOfDirectory(atPath: folder.path)
        }
        let candidates = names.filter { $0.hasPrefix("tok") && $0.hasSuffix(".bin") }.sorted()
        guard let name = candidates.first, candidates.count == 1 else {
            throw KitError.llama2CTokenizer(path: url.path, candidates: candidates)
        }
        return folder.appending(path: name)
    }
}

/// The formats in which models are stored.
public enum ModelFormat: String, Sendable {
    case huggingFace = "Hugging Face directory"
    case gguf = "GGUF file"
    case llama2C = "llama2.c checkpoint"

    /// The format that a path stands for.
    public init(_ url: URL) {
        switch url.pathExtension.lowercased() {
        case "gguf": self = .gguf
        case "bin": self = .llama2C
        default: self = .huggingFace
        }
    }
}
