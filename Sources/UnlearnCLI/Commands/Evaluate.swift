// `unlearn evaluate`: judges a model by its original on a suite of questions, or by what it says to prompts.

import ArgumentParser
import Foundation
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge a model on questions and prompts that it was not trained on.")

    @OptionGroup var model: ModelOptions

    @Option(help: ModelName.help("The original, for forget-by-name"))
    var reference: String?

    @Option(help: "The suite; `unlearn list suites` shows all.")
    var suite: Suite

    @Option(help: ArgumentHelp("The folder with the questions of forget-by-name.", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("The subject of forget-by-name, such as \"Harry Potter\".", valueName: "name"))
    var subject: String?

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

    @OptionGroup var toxicity: ToxicityArguments

    @OptionGroup var runtime: RuntimeOptions

    enum Suite: String, ExpressibleByArgument, CaseIterable {
        case forgetByName = "forget-by-name"
        case toxicity

        var summary: String {
            switch self {
            case .forgetByName: "Questions about a subject, its neighbours and everyday matters, with key words."
            case .toxicity: "Toxic and harmless prompts about groups of people, whose continuations a judge looks at."
            }
        }
    }

    func validate() throws {
        let least = suite == .toxicity ? 1 : 0
        guard (least...1000).contains(samples) else {
            throw ValidationError("--samples must be from \(least) to 1000.")
        }
        let subjects = [("--reference", reference), ("--data", data), ("--subject", subject)]
        switch suite {
        case .forgetByName:
            if let flag = toxicity.given.first { throw ValidationError("\(flag) is for --suite toxicity.") }
            if let (flag, _) = subjects.first(where: { $0.1 == nil }) {
                throw ValidationError("--suite forget-by-name needs \(flag).")
            }
        case .toxicity:
            if let (flag, _) = subjects.first(where: { $0.1 != nil }) {
                throw ValidationError("\(flag) is for --suite forget-by-name.")
            }
        }
    }

    func run() throws {
        switch suite {
        case .forgetByName: try runForgetByName(reference ?? "", data ?? "", subject ?? "")
        case .toxicity: try runToxicity()
        }
    }

    private func runForgetByName(_ reference: String, _ data: String, _ subject: String) throws {
        if let output { try Output.checkFolder(of: URL(filePath: output)) }
        let questions = try SubjectSuite.load(folder: URL(filePath: data), subject: subject, split: split)
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
