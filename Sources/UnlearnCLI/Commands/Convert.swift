// `unlearn convert`: any supported model → a Hugging Face directory.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Convert a GGUF or llama2.c model to a Hugging Face directory.",
        discussion: "Weights are written in single precision. The folder appears when it is complete.")

    @Argument(help: "A .gguf file, a llama2.c .bin file, or a Hugging Face directory.")
    var source: String

    @Argument(help: "The folder to create.")
    var destination: String

    @Option(
        help: ArgumentHelp("The tokenizer of a llama2.c model (default: the tok*.bin beside it).", valueName: "file"))
    var tokenizer: String?

    @OptionGroup var runtime: RuntimeOptions

    func validate() throws {
        if tokenizer != nil, ModelFormat(URL(filePath: source)) != .llama2C {
            throw ValidationError("--tokenizer is only for llama2.c models; other formats bring their own tokenizer.")
        }
    }

    func run() throws {
        let start = ContinuousClock.now
        runtime.apply()
        // Made first: a destination that exists is found before anything is read.
        let folder = try AtomicDirectory(URL(filePath: destination))
        let directory = try ModelLoader.open(URL(filePath: source))
        let tokenizer = try ModelLoader.tokenizer(of: directory, file: tokenizer.map { URL(filePath: $0) })
        let parameters = try directory.load().parameters
        try directory.save(parameters, to: folder.url)
        try tokenizer.save(to: folder.url)
        try folder.commit()
        let count = parameters.scalarCount
        Output.line(
            "Wrote \(destination): \(directory.architecture.name), \(Quantity.count(count)) parameters as F32 "
                + "(\(Quantity.bytes(4 * count))), \(Quantity.count(tokenizer.vocabularyCount)) tokens, "
                + "in \(Quantity.seconds(ContinuousClock.now - start)) s.")
    }
}
