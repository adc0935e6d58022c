// `unlearn forget` and `unlearn run`: the whole path, from a model to a model that has forgotten and its report.

import ArgumentParser
import Foundation
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
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
        let run = try RunPlan(try options.configuration(), settings: try options.overlays())
        try RunCommand.execute(run, json: options.json, threads: options.runtime, cache: options.cache)
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
            try Self.execute(try RunPlan(configuration, settings: settings), json: json, threads: runtime, cache: cache)
        case .train:
            var (configuration, settings) = try RunFile.read(file, as: TrainingConfiguration.self)
            configuration.model = try ModelName.path(configuration.model)
            runtime.threads = configuration.threads
            let run = try ResolvedTraining(configuration, settings: settings)
            try TrainingCommand.execute(run, json: json, threads: runtime)
        }
    }

    /// Runs and shows the report: on stdout the result, on stderr the progress.
    static func execute(
        _ plan: RunPlan, json: Bool, threads: RuntimeOptions, cache: CacheOptions, isResumed: Bool = false
    ) throws {
        threads.apply()
        let progress = ProgressReporter()
        let interruption = Interruption(of: plan.configuration.output)
        defer { withExtendedLifetime(interruption) {} }
        let report: UnlearnKit.Report
        do {
            report = try plan.run(
                RunContext(
                    toolVersion: Unlearn.version, isResumed: isResumed, hub: ModelName.cache,
                    answers: cache.answers,
                    onNotice: Diagnostics.note, onProgress: progress.report))
        } catch { throw CommandError.during(plan.configuration.output, error) }
        progress.finish()
        if json { return Output.line(try JSONRenderer().render(report)) }
        let path = URL(filePath: plan.configuration.output).appending(path: "report.html").path
        Output.write(TerminalRenderer().render(report, path: path))
    }
}

extension ForgetOptions {
    func configuration() throws -> RunConfiguration {
        var configuration = RunConfiguration()
        configuration.model = try ModelName.path(model.model)
        configuration.subject = subject
        configuration.forget = forget
        configuration.retain = retain
        configuration.terms = terms
        let source = URL(filePath: configuration.model)
        let isClassifier = ClassifierDirectory.isClassifier(source)
        configuration.method = method ?? ""
        if isClassifier || images.data != nil || images.saysWhatToForget {
            let trained = ClassifierTrainingRun(recordedIn: source)?.task
            configuration.images = images.task(over: trained ?? ImageTaskOptions())
        }
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
