// An image-to-image model on disk: config.json, in the layout of the library that its architecture comes from, and
// safetensors.

public import Foundation
public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats

/// How a kind of image-to-image models is recognised and built.
public struct GeneratorArchitecture: Sendable {
    /// The name that `unlearn list architectures` shows.
    public let name: String
    /// Values of `model_type`, or of diffusers' `_class_name`, in config.json.
    public let modelTypes: [String]
    public let summary: String
    /// Checks the configuration alone.
    public let check: @Sendable (ConfigurationFile) throws(ModelError) -> Void
    public let build: @Sendable (ConfigurationFile, Weights) throws(ModelError) -> any ImageToImageModel

    /// A kind whose models `make` builds from the numbers that `read` finds in config.json.
    init<Numbers>(
        name: String, modelTypes: [String], summary: String,
        read: @escaping @Sendable (ConfigurationFile) throws(ModelError) -> Numbers,
        make: @escaping @Sendable (Numbers, Weights) throws(CheckpointError) -> any ImageToImageModel
    ) {
        (self.name, self.modelTypes, self.summary) = (name, modelTypes, summary)
        check = { (file) throws(ModelError) in _ = try read(file) }
        build = { (file, weights) throws(ModelError) in
            let numbers = try read(file)
            do throws(CheckpointError) { return try make(numbers, weights) } catch { throw .checkpoint(error) }
        }
    }
}

extension ArchitectureCatalog {
    public static let generators: [GeneratorArchitecture] = [
        TinyAutoencoder.architecture, MaskedAutoencoder.architecture, VQGAN.architecture,
        DiffusionInpainter.architecture,
    ]

    /// The image-to-image model that a config.json names.
    public static func generator(for file: ConfigurationFile) throws(ModelError) -> GeneratorArchitecture {
        // diffusers has no model_type.
        let key = file.holds("model_type") ? "model_type" : "_class_name"
        guard let type = try file.text(key) else {
            throw .key("model_type", path: file.path, expected: "a text")
        }
        guard let found = generators.first(where: { $0.modelTypes.contains(type) }) else {
            throw .architecture(type, path: file.path, known: generators.compactMap(\.modelTypes.first))
        }
        return found
    }
}

/// Reads and writes folders with an image-to-image model.
public enum GeneratorDirectory {
    /// What the task of the model is called in config.json.
    static let degradationKey = "degradation"

    /// The model in a folder: with a config.json, or the two files `NAME_encoder.safetensors` and
    /// `NAME_decoder.safetensors` in which TAESD and its relatives are published.
    public static func load(_ url: URL) throws(ModelError) -> any ImageToImageModel {
        if let pair = SequentialFiles(in: url) { return try TinyAutoencoder.load(pair) }
        let file = try ConfigurationFile(modelIn: url)
        try file.checkUnpacked()
        let configuration = try withNormalisation(file, in: url)
        let architecture = try ArchitectureCatalog.generator(for: configuration)
        try architecture.check(configuration)
        let checkpoint = try ModelError.reading { () throws(FormatError) in try weights(in: url) }
        return try architecture.build(
            configuration, Weights(SafetensorsSource(checkpoint: checkpoint, title: url.path)))
    }

    /// Whether a folder without config.json holds the two files in which TAESD and its relatives are published.
    public static func isPair(_ url: URL) -> Bool { SequentialFiles(in: url) != nil }

    /// The task that the model in a folder was trained for; nil if its config.json names none.
    public static func degradation(in url: URL) throws(ModelError) -> Degradation? {
        if isPair(url) { return nil }
        let file = try ConfigurationFile(modelIn: url)
        guard file.holds(degradationKey), let json = file.json[degradationKey] else { return nil }
        do throws(FormatError) { return try json.decode(Degradation.self) } catch {
            throw .key(degradationKey, path: file.path, expected: "a degradation of images: \(error)")
        }
    }

    /// A new model as a configuration describes it, with parameters drawn at random.
    public static func make(
        _ configuration: JSONValue, using generator: Generator
    ) throws(ModelError) -> any ImageToImageModel {
        let file = ConfigurationFile(path: "the configuration", json: configuration)
        return try ArchitectureCatalog.generator(for: file).build(file, Weights(using: generator))
    }

    /// Writes `config.json` and `model.safetensors` (F32) into an existing folder.
    /// - Parameter degradation: the task that it was trained for.
    public static func save(
        _ model: any ImageToImageModel, degradation: Degradation? = nil, to folder: URL
    ) throws(ModelError) {
        try ModelError.reading { () throws(FormatError) in
            var json = model.configuration
            if let degradation { json[degradationKey] = try JSONValue(encoding: degradation) }
            try AtomicFile.write(json.text(.pretty) + "\n", to: folder.appending(path: "config.json"))
            try model.parameters.write(to: folder.appending(path: "model.safetensors"))
        }
    }

    /// The configuration with the means and deviations of channels that Hugging Face keeps in a file of their own.
    private static func withNormalisation(
        _ file: ConfigurationFile, in folder: URL
    ) throws(ModelError) -> ConfigurationFile {
        let url = folder.appending(path: "preprocessor_config.json")
        guard !file.holds("image_mean"), FileManager.default.fileExists(atPath: url.path) else { return file }
        let preprocessor = try ConfigurationFile(url)
        var json = file.json
        for key in ["image_mean", "image_std"] where preprocessor.holds(key) { json[key] = preprocessor.json[key] }
        return ConfigurationFile(path: file.path, json: json)
    }

    /// diffusers calls the file by another name.
    private static func weights(in folder: URL) throws(FormatError) -> SafetensorsCheckpoint {
        let file = folder.appending(path: "diffusion_pytorch_model.safetensors")
        if !SafetensorsCheckpoint.isThere(folder), FileManager.default.fileExists(atPath: file.path) {
            return try SafetensorsCheckpoint(file: file)
        }
        return try SafetensorsCheckpoint(directory: folder)
    }
}
