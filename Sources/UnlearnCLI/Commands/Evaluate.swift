// `unlearn evaluate`: what a suite shows of a model.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge a model on questions, prompts and texts that it was not trained on.",
        discussion: "`unlearn list suites` shows the suites, what each of them needs, and what its figures say.")

    @OptionGroup var model: ModelOptions

    @Option(help: ModelName.help("The original, for suites that compare with it"))
    var reference: String?

    @Option(help: "The suite; `unlearn list suites` shows all.")
    var suite: SuiteName

    @Option(help: ArgumentHelp("The suite's data: a folder or a file.", valueName: "path"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Prompts in place of the suite's own, or those of familiarity: a file, a folder, or a run.",
            valueName: "path"))
    var prompts: String?

    @Option(
        help: ArgumentHelp(
            "An earlier result of --suite toxicity (--output), whose continuations another judge looks at; the model is "
                + "not asked.", valueName: "file"))
    var continuations: String?

    @Option(
        help: ArgumentHelp("The subject of forget-by-name or familiarity, such as \"Harry Potter\".", valueName: "name")
    )
    var subject: String?

    @Option(help: "The part of the questions of a benchmark: test, or dev for choosing options.")
    var split: String?

    @Option(help: ArgumentHelp("Sampled answers to each question or prompt.", valueName: "number"))
    var samples: Int?

    @Option(
        help: ArgumentHelp(
            "At most so many items: the first ones of each task, or prompts of each kind, spread over all.",
            valueName: "number"))
    var limit: Int?

    @Option(help: ArgumentHelp("The source of random numbers.", valueName: "number"))
    var seed: Int?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set an option of the suite; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp("Where the result is written, one JSON object with a row for each item.", valueName: "file"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Where the figures are written in the layout of lm-evaluation-harness's results.", valueName: "file"))
    var results: String?

    @Flag(help: "Print one JSON object, also where it is written to a file.")
    var json = false

    @OptionGroup var judge: ToxicityJudgeArguments

    @OptionGroup var endpoint: JudgeEndpointArguments

    @OptionGroup var runtime: RuntimeOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
        if continuations != nil, prompts != nil {
            throw ValidationError("--continuations hold their prompts; --prompts cannot be given beside them.")
        }
        let card = suite.type.card
        let given = self.given
        for (flag, input) in given where !card.inputs.contains(where: { $0.name == input }) {
            throw SuiteName.foreign(flag) { $0.card.inputs.contains { $0.name == input } }
        }
        for (flag, option, _) in options where !suite.type.optionNames.contains(option) {
            throw SuiteName.foreign(flag) { $0.optionNames.contains(option) }
        }
        for input in card.inputs where input.isRequired && !given.contains(where: { $0.input == input.name }) {
            throw ValidationError("--suite \(card.name) needs --\(input.name): \(input.summary).")
        }
    }

    func run() throws {
        for file in [output, results].compactMap(\.self) { try Output.checkFolder(of: URL(filePath: file)) }
        let suite = try suite.resolve(
            options.map { JSONValue.object([$0.option: $0.value]) } + settings.map(Options.assignment))
        runtime.apply()
        let progress = ProgressReporter()
        func load(_ path: String) throws -> LanguageModel {
            try ModelLoader.load(
                URL(filePath: try ModelName.path(path)), cache: ModelName.cache, chatFormat: model.chatFormat
            ).model
        }
        let result = try suite.run(
            SuiteContext(
                data: (data ?? prompts).map { URL(filePath: $0) },
                continuations: continuations.map { URL(filePath: $0) }, model: { try load(model.model) },
                original: reference.map { path in { try load(path) } }, judge: judge.measured,
                endpoint: endpoint.endpoint(), progress: { progress.report($0) }, warn: { Diagnostics.note($0) }))
        progress.finish()
        try write(result)
    }

    /// The flags that were given, and what a suite is given by them.
    private var given: [(flag: String, input: String)] {
        [("reference", reference), ("data", data), ("prompts", prompts), ("continuations", continuations)]
            .filter { $0.1 != nil }.map { ("--\($0.0)", $0.0) } + judge.given.map { ($0, "judge") }
            + endpoint.given.map { ($0, "judge-endpoint") }
    }

    /// The flags that set the suite's option of their name; those of `--set` come after them.
    private var options: [(flag: String, option: String, value: JSONValue)] {
        let texts = [("subject", subject), ("split", split)].map { ($0.0, $0.1.map { JSONValue.string($0) }) }
        let numbers = [("samples", samples), ("limit", limit), ("seed", seed)]
            .map { ($0.0, $0.1.map { JSONValue.int($0) }) }
        return (texts + numbers).compactMap { name, value in value.map { ("--\(name)", name, $0) } }
    }

    private func write(_ result: SuiteResult) throws {
        if let output { try result.json.write(to: URL(filePath: output)) }
        if let results {
            try result.harnessResults(model: model.model, version: Unlearn.version).write(to: URL(filePath: results))
        }
        // A verdict without its figures helps no one: where they are in no file, they are printed.
        if json || (result.verdict != nil && output == nil) { return Output.line(result.json.text()) }
        if let verdict = result.verdict { return Output.line(verdict) }
        Output.write(SuiteTable(result).render())
    }
}

/// A suite by its name.
struct SuiteName: ExpressibleByArgument {
    let type: any EvaluationSuite.Type

    init?(argument: String) {
        guard let type = SuiteCatalog.named(argument) else { return nil }
        self.type = type
    }

    static var allValueStrings: [String] { SuiteCatalog.all.map { $0.card.name } }

    /// The suite with a user's options.
    func resolve(_ overlays: [JSONValue]) throws -> any EvaluationSuite { try type.resolved(overlays) }

    /// What is said where a flag was given that other suites have.
    static func foreign(_ flag: String, _ has: (any EvaluationSuite.Type) -> Bool) -> ValidationError {
        let names = SuiteCatalog.all.filter(has).map { $0.card.name }
        let last = names.last ?? ""
        let list = names.count > 1 ? names.dropLast().joined(separator: ", ") + " or " + last : last
        return ValidationError("\(flag) is for --suite \(list).")
    }
}

extension EvaluationSuite {
    fileprivate static var optionNames: [String] { SettingFacts.all(of: Self()).map(\.path) }

    fileprivate static func resolved(_ overlays: [JSONValue]) throws -> Self {
        try Options.resolve(Self.self, overlays: overlays)
    }
}
