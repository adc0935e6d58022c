// `unlearn train`: a language model trained further on examples, or an image classifier from a folder of images.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a language model (--model) or an image classifier, to have a model to experiment with.",
        discussion: """
            With --model, --data is a file of examples, and --output a run's folder with the model in model/. \
            Without it, --data holds images, and --output is the folder of the new classifier.
            """)

    @OptionGroup var language: LanguageTrainingArguments

    @OptionGroup var images: ImageTaskArguments

    @Option(help: ArgumentHelp("The folder to create.", valueName: "folder"))
    var output: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("An option of training, such as epochs=10; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("The source of random numbers.", valueName: "number"))
    var seed: UInt64 = 0

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var runtime: RuntimeOptions

    func validate() throws {
        guard images.data != nil else { throw ValidationError("Give the examples or images with --data.") }
        if language.model != nil, let flag = images.given.first {
            throw ValidationError("\(flag) is for image classifiers, but --model gives a language model.")
        }
        if language.model == nil, let flag = language.given.first {
            throw ValidationError("\(flag) is for language models: give one with --model.")
        }
    }

    func run() throws {
        let settings = try settings.map { try Options.assignment($0) }
        guard let model = language.model else { return try trainClassifier(settings) }
        var configuration = TrainingConfiguration()
        (configuration.data, configuration.output) = (images.data ?? "", output)
        configuration.model = try ModelName.path(model)
        (configuration.seed, configuration.threads) = (seed, runtime.threads)
        configuration.chatFormat = language.chatFormat
        let run = try ResolvedTraining(configuration, settings: settings + [language.settings])
        try TrainingCommand.execute(run, json: json, threads: runtime)
    }

    private func trainClassifier(_ settings: [JSONValue]) throws {
        runtime.apply()
        var run = ClassifierTrainingRun()
        (run.task, run.design, run.seed) = (images.task, images.design, seed)
        let base = try JSONValue(encoding: images.recipe.training)
        run.training = try Options.resolve(overlays: [base] + settings)
        let progress = ProgressReporter()
        let result = try run(output: URL(filePath: output), onNotice: Diagnostics.note) { progress.report($0) }
        progress.finish()
        if json { return Output.line(try JSONValue(encoding: result).text()) }
        Output.line(
            "Wrote \(output): \(Quantity.count(result.parameters)) parameters, accuracy "
                + "\(NumberText.percent(result.trainAccuracy)) on training images and "
                + "\(NumberText.percent(result.testAccuracy)) on test images, in "
                + "\(NumberText.decimal(result.trainSeconds, places: 1)) s.")
    }
}

/// The arguments that say which language model is trained, and how.
struct LanguageTrainingArguments: ParsableArguments {
    @Option(help: ModelName.help("The language model"))
    var model: String?

    @Option(
        help: ArgumentHelp("How conversations are written (default: as the model's template says).", valueName: "name"))
    var chatFormat: ChatFormat?

    @Option(help: ArgumentHelp("Passes over the examples (default: 3).", valueName: "number"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Examples that are read together (default: 8).", valueName: "number"))
    var batchSize: Int?

    @Option(help: ArgumentHelp("Batches that make one step (default: 1).", valueName: "number"))
    var accumulation: Int?

    @Option(help: ArgumentHelp("The peak learning rate (default: 2e-5).", valueName: "number"))
    var learningRate: Double?

    @Option(
        help: ArgumentHelp(
            "The share of the examples that is not learnt from, but measured on after each epoch (default: 0).",
            valueName: "share"))
    var validationShare: Double?

    @Option(
        help: ArgumentHelp(
            "End after so many epochs without a better value there, and keep the best model (default: never).",
            valueName: "epochs"))
    var patience: Int?

    /// What the flags set, under the names that `--set` knows.
    var settings: JSONValue {
        var settings = JSONObject()
        for (key, value) in [
            ("epochs", epochs), ("batchSize", batchSize), ("accumulation", accumulation), ("patience", patience),
        ] {
            if let value { settings[key] = .int(value) }
        }
        if let learningRate { settings["learningRate"] = .double(learningRate) }
        if let validationShare { settings["validationShare"] = .double(validationShare) }
        return .object(settings)
    }

    /// The flags that need a language model and were given.
    var given: [String] {
        let flags: [(String, Bool)] = [
            ("--chat-format", chatFormat != nil), ("--epochs", epochs != nil), ("--batch-size", batchSize != nil),
            ("--accumulation", accumulation != nil), ("--learning-rate", learningRate != nil),
            ("--validation-share", validationShare != nil), ("--patience", patience != nil),
        ]
        return flags.filter(\.1).map(\.0)
    }
}

/// Trains a language model and says what came of it.
enum TrainingCommand {
    static func execute(
        _ run: ResolvedTraining, json: Bool, threads: RuntimeOptions, isResumed: Bool = false
    ) throws {
        threads.apply()
        let output = run.configuration.output
        let progress = ProgressReporter()
        let interruption = Interruption(of: output)
        defer { withExtendedLifetime(interruption) {} }
        let pipeline = TrainingPipeline(
            run,
            RunContext(
                toolVersion: Unlearn.version, isResumed: isResumed, hub: ModelName.cache, onNotice: Diagnostics.note,
                onProgress: progress.report))
        let result: TrainingResult
        do { result = try pipeline() } catch { throw CommandError.during(output, error) }
        progress.finish()
        if json { return Output.line(try JSONValue(encoding: result).text()) }
        Output.line(text(result, output))
    }

    private static func text(_ result: TrainingResult, _ output: String) -> String {
        func nats(_ change: TrainingResult.Change) -> String {
            "\(NumberText.decimal(change.before, places: 3)) to \(NumberText.decimal(change.after, places: 3))"
        }
        var text =
            "Wrote \(output)/model: \(Quantity.count(result.trainedParameters)) parameters trained on "
            + "\(Quantity.count(result.examples)) examples in \(Quantity.count(result.steps)) steps, "
            + "\(NumberText.decimal(result.trainSeconds, places: 1)) s.\nCross-entropy in nats per token, first to last "
            + "step: \(nats(result.training))"
        if let validation = result.validation {
            text += "; on \(result.validationExamples) examples kept apart: \(nats(validation))"
        }
        return text + "."
    }
}
