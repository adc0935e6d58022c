// `unlearn benchmark`: how methods compare on a task that others have measured.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnMethods

struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare methods on a public task.", subcommands: [NeurIPS2023.self])
}

struct NeurIPS2023: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "neurips2023",
        abstract: "The machine-unlearning challenge of NeurIPS 2023: are unlearned and retrained models alike?",
        discussion: """
            Trains one model on all training images and N without those to forget, lets each method make N models from \
            the first, and asks how well the best attack tells these from the N. Models that are made already are not \
            made again: give the folder back to go on, or to add methods. With --from-scores, only the metric is applied.
            """)

    @Option(help: ArgumentHelp("Only apply the metric to the scores in a JSON file.", valueName: "file"))
    var fromScores: String?

    @OptionGroup var images: ImageTaskArguments

    @Option(help: ArgumentHelp("How many models are retrained, and unlearned by each method.", valueName: "number"))
    var models = 32

    @Option(
        name: .customLong("method"),
        help: ArgumentHelp("A method, or 'all'; may be repeated (default: fine-tune).", valueName: "name"))
    var methods: [String] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "An option of training, such as training.epochs=10, or of a method, such as scrub.alpha=1; may be repeated.",
            valueName: "key=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("The folder for the models' outcomes and the result.", valueName: "folder"))
    var output: String?

    @Option(help: ArgumentHelp("The source of random numbers.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Models made at a time (default: one for each core).", valueName: "number"))
    var workers: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if fromScores != nil { return }
        guard images.data != nil, output != nil else {
            throw ValidationError(
                "Give the images with --data and a folder with --output, or scores with --from-scores.")
        }
        guard (2...4096).contains(models) else { throw ValidationError("--models must be from 2 to 4096.") }
        guard (1...1024).contains(workers ?? 1) else { throw ValidationError("--workers must be from 1 to 1024.") }
    }

    func run() throws {
        if let fromScores { return try applyMetric(to: URL(filePath: fromScores)) }
        let names = methods.contains("all") ? MethodCatalog.classifiers.map { $0.card.name } : methods
        let chosen = names.isEmpty ? [FineTune.card.name] : names
        let overlays = try settings.map { try Options.assignment($0) }
        let resolved = try NeurIPS2023Options.methods(chosen, settings: overlays)
        var base = NeurIPS2023Options()
        (base.task, base.design, base.training, base.seed) = (images.task, images.design, images.recipe.training, seed)
        let options = try NeurIPS2023Options(
            base, methods: MethodCatalog.cards.map(\.name), settings: overlays)
        let output = output ?? ""
        // Each model is made on one thread; the workers say how many at a time.
        let result = try Shell.run(in: output, threads: nil) { context in
            let benchmark = try NeurIPS2023Benchmark(
                options, models: models, workers: workers ?? Runtime.usableProcessors, folder: URL(filePath: output),
                toolVersion: context.toolVersion, onNotice: context.onNotice, onProgress: context.onProgress)
            return try benchmark.run(resolved)
        }
        Output.write(json ? try JSONValue(encoding: result).text() + "\n" : result.table)
    }

    private func applyMetric(to file: URL) throws {
        let quality = try NeurIPS2023Scores(contentsOf: file).quality
        guard json else { return Output.line("F \(NumberText.decimal(quality.quality, places: 4))") }
        let result: JSONValue = [
            "F": .double(quality.quality), "epsilon": .array(quality.epsilons.map { .double($0) }),
        ]
        Output.line(result.text())
    }
}
