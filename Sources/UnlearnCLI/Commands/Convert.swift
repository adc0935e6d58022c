// `unlearn convert`: any supported model → a Hugging Face directory or a GGUF file.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

/// How the matrices of a GGUF file are stored.
enum GGUFType: String, ExpressibleByArgument, CaseIterable {
    case f16, f32
    case q8 = "q8_0"
    case q4 = "q4_0"

    var type: GGMLType {
        switch self {
        case .f16: .f16
        case .f32: .f32
        case .q8: .q80
        case .q4: .q40
        }
    }
}

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Convert a model to a Hugging Face directory or, if the name ends with .gguf, to a GGUF file.",
        discussion: """
            A directory holds weights in single precision. GGUF can be written of Llama, Mistral, Qwen2 and Qwen3. \
            What is made appears when it is complete.
            """)

    @Argument(help: ModelName.help("What to convert"))
    var source: String

    @Argument(help: "The folder, or the .gguf file, to create.")
    var destination: String

    @Option(help: "How a GGUF file stores matrices: f16, f32, q8_0 or q4_0 (default: f16).")
    var type: GGUFType?

    @Option(
        help: ArgumentHelp("The tokenizer of a llama2.c model (default: the tok*.bin beside it).", valueName: "file"))
    var tokenizer: String?

    @OptionGroup var runtime: RuntimeOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    private var target: URL { URL(filePath: destination) }
    private var isGGUF: Bool { ModelFormat(target) == .gguf }

    func validate() throws {
        if tokenizer != nil, ModelFormat(URL(filePath: source)) != .llama2C {
            throw ValidationError("--tokenizer is only for llama2.c models; other formats bring their own tokenizer.")
        }
        if type != nil, !isGGUF {
            throw ValidationError("--type is only for GGUF files; let the name of what is created end with .gguf.")
        }
    }

    func run() throws {
        let start = ContinuousClock.now
        runtime.apply()
        let (directory, tokenizer, parameters) = try isGGUF ? writeGGUF() : writeDirectory()
        let count = parameters.scalarCount
        let stored = isGGUF ? (type ?? .f16).type : .f32
        let bytes = isGGUF ? (try target.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) : 4 * count
        if json {
            let facts: JSONValue = [
                "destination": .string(destination), "architecture": .string(directory.architecture.name),
                "parameters": .int(count), "type": .string("\(stored)"), "bytes": .int(bytes),
                "tokens": .int(tokenizer.vocabularyCount),
                "seconds": .double((ContinuousClock.now - start) / .seconds(1)),
            ]
            return Output.line(facts.text())
        }
        Output.line(
            "Wrote \(destination): \(directory.architecture.name), \(CountText.words(count)) parameters as \(stored) "
                + "(\(Quantity.bytes(bytes))), \(CountText.words(tokenizer.vocabularyCount)) tokens, "
                + "in \(NumberText.decimal((ContinuousClock.now - start) / .seconds(1), places: 1)) s.")
    }

    private func open() throws -> (ModelDirectory, Tokenizer) {
        let directory = try ModelLoader.open(URL(filePath: try ModelName.path(source)), cache: ModelName.cache)
        return (directory, try ModelLoader.tokenizer(of: directory, file: tokenizer.map { URL(filePath: $0) }))
    }

    private func writeDirectory() throws -> (ModelDirectory, Tokenizer, ParameterStore) {
        // Made first: a destination that exists is found before anything is read.
        let folder = try AtomicDirectory(target)
        let (directory, tokenizer) = try open()
        let parameters = try directory.load().parameters
        try directory.save(parameters, to: folder.url)
        try tokenizer.save(to: folder.url)
        if let license = License.declared(by: directory.url) {
            try AtomicFile.write(License.card(license), to: folder.url.appending(path: "README.md"))
        }
        try folder.commit()
        return (directory, tokenizer, parameters)
    }

    private func writeGGUF() throws -> (ModelDirectory, Tokenizer, ParameterStore) {
        guard !FileManager.default.fileExists(atPath: target.path) else { throw FormatError.exists(path: target.path) }
        try Output.checkFolder(of: target)
        let (directory, tokenizer) = try open()
        try GGUFExport.checkArchitecture(directory)
        let rows = directory.configuration.json["vocab_size"]?.int ?? tokenizer.vocabularyCount
        let metadata = try tokenizer.ggufMetadata(rows: rows)
        let parameters = try directory.load().parameters
        try GGUFExport.write(
            parameters, of: directory, tokenizer: metadata, as: (type ?? .f16).type,
            named: HubCache.name(of: directory.url), license: License.declared(by: directory.url), to: target)
        return (directory, tokenizer, parameters)
    }
}
