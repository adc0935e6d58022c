// An image classifier on disk: config.json in Hugging Face's layout, and safetensors.

public import Foundation
public import UnlearnEngine
public import UnlearnFormats

/// Reads and writes folders with a classifier.
public enum ClassifierDirectory {
    public static func load(_ url: URL) throws(ModelError) -> any Classifier {
        let configuration = try ConfigurationFile(modelIn: url)
        let architecture = try ArchitectureCatalog.classifier(for: configuration)
        try architecture.check(configuration)
        try configuration.checkUnpacked()
        let checkpoint = try ModelError.reading { () throws(FormatError) in try SafetensorsCheckpoint(directory: url) }
        return try architecture.build(
            configuration, Weights(SafetensorsSource(checkpoint: checkpoint, title: url.path)))
    }

    /// A new model as a configuration describes it, with parameters drawn at random.
    public static func make(_ configuration: JSONValue, using generator: Generator) throws(ModelError) -> any Classifier
    {
        let file = ConfigurationFile(path: "the configuration", json: configuration)
        return try ArchitectureCatalog.classifier(for: file).build(file, Weights(using: generator))
    }

    /// Writes `config.json` and `model.safetensors` (F32) into an existing folder.
    public static func save(_ model: any Classifier, to folder: URL) throws(ModelError) {
        try ModelError.reading { () throws(FormatError) in
            try AtomicFile.write(model.configuration.text(.pretty) + "\n", to: folder.appending(path: "config.json"))
            try model.parameters.write(to: folder.appending(path: "model.safetensors"))
        }
    }
}
