// `unlearn forget` and `unlearn run`: the whole path, from a model to a model that has forgotten and its report.

import ArgumentParser
import Foundation
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnMethods
import UnlearnModels

struct Forget: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a model forget a subject, or examples, and report whether it did.",
        discussion: """
            An image classifier forgets a class, listed images, or some drawn at random. If `unlearn train` made it, the \
            images and how they are labelled are known from there, and --data is not needed.
            """)

    @OptionGroup var options: ForgetOptions

    func run() throws {
        let plan = try options.configuration().plan(settings: try options.overlays())
        if options.printConfig { return Output.write(try RunFile.text(of: plan)) }
        try Shell.forget(plan, json: options.json, threads: options.runtime, cache: options.cache)
    }
}

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Do what a configuration file says: `forget`, or `train` with `command: train`.",
        discussion:
            "The file has a key for every flag, in the spelling learningRate; what --set sets stands under `set`.")

    @Argument(help: ArgumentHelp("A YAML or JSON file.", valueName: "file"))
    var file: String

    @OptionGroup var cache: CacheOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() throws {
        let file = URL(filePath: file)
        var runtime = RuntimeOptions()
        switch try RunFile.kind(file) {
        case .forget:
            var (configuration, settings) = try RunFile.read(file, as: RunConfiguration.self)
            configuration.model = try ModelName.path(configuration.model)
            runtime.threads = configuration.threads
            try Shell.forget(try configuration.plan(settings: settings), json: json, threads: runtime, cache: cache)
        case .train:
            var (configuration, settings) = try RunFile.read(file, as: TrainingConfiguration.self)
            configuration.model = try ModelName.path(configuration.model)
            runtime.threads = configuration.threads
            try Shell.train(try configuration.plan(settings: settings), json: json, threads: runtime)
        }
    }
}

extension ForgetOptions {
    func configuration() throws -> RunConfiguration {
        var configuration = RunConfiguration()
        configuration.model = try ModelName.path(model.model)
        configuration.subject = subject
        configuration.forget = tendency.toxic ?? forget
        configuration.retain = tendency.harmless ?? retain
        configuration.tendency = tendency.tendency
        configuration.judge = try tendency.judge.map { try ModelName.path($0) }
        configuration.terms = terms
        configuration.method = method ?? ""
        let source = URL(filePath: configuration.model)
        if images.data != nil || images.saysWhatToForget {
            let trained = ImageTaskOptions(trainedOn: source)
            configuration.images = images.task(over: trained ?? ImageTaskOptions())
        }
        configuration.features = try features.map { try ModelName.path($0) }
        configuration.degradation = redrawing.degradation
        configuration.control = try control.map { try ModelName.path($0) }
        configuration.proxy = proxy
        configuration.export = export.isEmpty ? nil : export
        configuration.output = output
        configuration.seed = seed
        configuration.threads = runtime.threads
        configuration.chatFormat = model.chatFormat
        return configuration
    }

    /// `--answer` is an option of the method like those of `--set`.
    func overlays() throws -> [JSONValue] {
        try settings.map { try Options.assignment($0) } + (answer.map { [["answer": .string($0.rawValue)]] } ?? [])
    }
}
