// `unlearn train`: a language model trained further on examples, an image classifier from a folder of images, or a judge
// of texts from labelled sentences.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Train a language model (--model), an image classifier, a model that redraws pictures (--redraw), or a judge of "
            + "texts (--judge).",
        discussion: """
            With --model, --data is a file of examples; without it, a folder of images. --output is a run's folder, with \
            the model in model/; `unlearn resume` goes on with one that was interrupted. With --judge, --data is a table \
            of labelled sentences (.csv or .jsonl), and --output a folder that --judge of other commands takes.
            """)

    @OptionGroup var language: LanguageTrainingArguments

    @OptionGroup var images: ImageTaskArguments

    @OptionGroup var judging: JudgeTrainingArguments

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
        if judging.judge {
            let foreign = (language.model == nil ? [] : ["--model"]) + language.given + images.given
            if let flag = foreign.first {
                throw ValidationError("\(flag) is for other models, but --judge asks for a judge of texts.")
            }
            return
        }
        if let flag = judging.given.first {
            throw ValidationError("\(flag) is for judges of texts: ask for one with --judge.")
        }
        if language.model != nil, let flag = images.given.first {
            throw ValidationError("\(flag) is for image classifiers, but --model gives a language model.")
        }
        if images.redraw != nil, let flag = images.ofClassifiers.first {
            throw ValidationError("\(flag) is for image classifiers, but --redraw asks for another model.")
        }
        if language.model == nil, let flag = language.given.first {
            throw ValidationError("\(flag) is for language models: give one with --model.")
        }
    }

    func run() throws {
        if judging.judge { return try trainJudge() }
        var configuration = TrainingConfiguration()
        (configuration.output, configuration.seed, configuration.threads) = (output, seed, runtime.threads)
        if let model = language.model {
            configuration.model = try ModelName.path(model)
            (configuration.data, configuration.chatFormat) = (images.data ?? "", language.chatFormat)
        } else {
            (configuration.images, configuration.leavesForgotten) = (images.task, images.withoutForgotten)
            if let degradation = images.degradation {
                (configuration.degradation, configuration.network) = (degradation, images.network)
            } else {
                (configuration.design, configuration.recipe) = (images.design, images.recipe)
            }
        }
        let overlays = try settings.map { try Options.assignment($0) } + [language.settings]
        try Shell.train(try configuration.plan(settings: overlays), json: json, threads: runtime)
    }
}

extension Train {
    private func trainJudge() throws {
        let source: JSONValue = ["seed": .int(Int(clamping: seed))]
        let overlays = try [source] + settings.map { try Options.assignment($0) }
        let training = try judging.training(images.data ?? "", settings: overlays)
        runtime.apply()
        let result = try training.run(output: URL(filePath: output))
        Output.line(json ? try JSONValue(encoding: result).text() : result.words(output))
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

    private var values: [(flag: String, key: String, value: JSONValue)] {
        let values: [(flag: String, key: String, value: JSONValue?)] = [
            ("--epochs", "epochs", epochs.map(JSONValue.int)),
            ("--batch-size", "batchSize", batchSize.map(JSONValue.int)),
            ("--accumulation", "accumulation", accumulation.map(JSONValue.int)),
            ("--learning-rate", "learningRate", learningRate.map(JSONValue.double)),
            ("--validation-share", "validationShare", validationShare.map(JSONValue.double)),
            ("--patience", "patience", patience.map(JSONValue.int)),
        ]
        return values.compactMap { row in row.value.map { (row.flag, row.key, $0) } }
    }

    /// What the flags set, under the names that `--set` knows.
    var settings: JSONValue { .object(JSONObject(values.map { ($0.key, $0.value) })) }

    /// The flags that need a language model and were given.
    var given: [String] { (chatFormat == nil ? [] : ["--chat-format"]) + values.map(\.flag) }
}
