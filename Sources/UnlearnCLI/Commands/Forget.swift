// `unlearn forget`: the whole path, from a model to a model that has forgotten and its report.

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
        if let file = options.writeTerms { return try writeTerms(of: plan, to: URL(filePath: file)) }
        try Shell.forget(plan, json: options.json, threads: options.runtime, cache: options.cache)
    }
}

extension Forget {
    /// What a run would find, and no more: the folder of the run is not made.
    private func writeTerms(of plan: any ForgettingPlan, to file: URL) throws {
        guard let plan = plan as? LanguagePlan else {
            throw ValidationError("--write-terms is for language models and --subject or --forget. Leave it out.")
        }
        try Output.checkFolder(of: file, option: "--write-terms")
        options.runtime.apply()
        let progress = ProgressReporter()
        let terms = try plan.terms(
            RunContext(
                toolVersion: Unlearn.version, hub: ModelName.cache, answers: options.cache.answers,
                onNotice: Diagnostics.note, onProgress: progress.report))
        progress.finish()
        try JSONValue(encoding: terms).write(to: file)
        Output.line(
            "\(terms.names.count) names and \(terms.themes.count) themes: \(file.relativePath). Edit the file, and give it back "
                + "with --terms.")
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
