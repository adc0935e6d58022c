// `unlearn evaluate`: judges a model by its original on a suite of questions.

import ArgumentParser
import Foundation
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge a model by its original on questions that neither was trained on.")

    @OptionGroup var model: ModelOptions

    @Option(help: ModelName.help("The original"))
    var reference: String

    @Option(help: "The suite; `unlearn list suites` shows all.")
    var suite: Suite

    @Option(help: ArgumentHelp("The folder with the suite's questions.", valueName: "folder"))
    var data: String

    @Option(help: ArgumentHelp("The subject, such as \"Harry Potter\".", valueName: "name"))
    var subject: String

    @Option(help: "The part of the questions: test, or dev for choosing options.")
    var split = "test"

    @Option(help: ArgumentHelp("Sampled answers to each question.", valueName: "number"))
    var samples = 5

    @Option(help: ArgumentHelp("The source of random numbers.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Where the result is written as JSON (default: standard output).", valueName: "file"))
    var output: String?

    @Flag(help: "Print one JSON object, also where it is written to a file.")
    var json = false

    @OptionGroup var runtime: RuntimeOptions

    enum Suite: String, ExpressibleByArgument, CaseIterable {
        case forgetByName = "forget-by-name"

        func load(_ folder: URL, subject: String, split: String) throws -> SubjectSuite {
            switch self {
            case .forgetByName: try SubjectSuite.load(folder: folder, subject: subject, split: split)
            }
        }

        var summary: String { "Questions about a subject, its neighbours and everyday matters, with key words." }
    }

    func validate() throws {
        guard (0...1000).contains(samples) else { throw ValidationError("--samples must be from 0 to 1000.") }
    }

    func run() throws {
        if let output { try Output.checkFolder(of: URL(filePath: output)) }
        let questions = try suite.load(URL(filePath: data), subject: subject, split: split)
        runtime.apply()
        let progress = ProgressReporter()
        func load(_ path: String) throws -> LanguageModel {
            try ModelLoader.load(
                URL(filePath: try ModelName.path(path)), cache: ModelName.cache, chatFormat: model.chatFormat
            ).model
        }
        let result = try questions.run(
            reference: { try load(reference) },
            model: { try load(model.model) },
            options: EvaluationOptions(samples: samples, seed: seed),
            progress: { progress.report($0) })
        progress.finish()
        let value = try JSONValue(encoding: result)
        if let output { try value.write(to: URL(filePath: output)) }
        if json || output == nil { return Output.line(value.text()) }
        Output.line("\(result.verdict.verdict.rawValue): \(result.verdict.reasons.joined(separator: " "))")
    }
}
