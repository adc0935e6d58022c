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
        abstract: "Judge a model by a suite of questions.",
        discussion: """
            `unlearn list suites` shows the suites, what each needs as --data, and its figures. forget-by-name judges a \
            model by the one that it comes from, --reference.
            """)

    @OptionGroup var model: ModelOptions

    @Option(help: ModelName.help("The original, for suites that compare with it"))
    var reference: String?

    @Option(help: "The suite; `unlearn list suites` shows all.")
    var suite: SuiteName

    @Option(help: ArgumentHelp("The suite's data: a folder or a file.", valueName: "path"))
    var data: String

    @Option(help: ArgumentHelp("The subject, such as \"Harry Potter\".", valueName: "name"))
    var subject: String?

    @Option(help: "The part of the questions: test, or dev for choosing options.")
    var split: String?

    @Option(help: ArgumentHelp("Sampled answers to each question.", valueName: "number"))
    var samples: Int?

    @Option(help: ArgumentHelp("Ask only the first ones of each task.", valueName: "number"))
    var limit: Int?

    @Option(help: ArgumentHelp("The source of random numbers.", valueName: "number"))
    var seed: Int?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set an option of the suite; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where the result is written: a JSON row for each item, or for forget-by-name one JSON object.",
            valueName: "file"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Where the figures are written in the layout of lm-evaluation-harness's results.", valueName: "file"))
    var results: String?

    @Flag(help: "Print one JSON object, also where it is written to a file.")
    var json = false

    @OptionGroup var runtime: RuntimeOptions

    func validate() throws {
        if let samples, !(0...1000).contains(samples) { throw ValidationError("--samples must be from 0 to 1000.") }
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
        if suite.type.card.needsOriginal, reference == nil {
            throw ValidationError("The suite '\(suite.type.card.name)' needs --reference, the original model.")
        }
    }

    func run() throws {
        for file in [output, results].compactMap(\.self) { try Output.checkFolder(of: URL(filePath: file)) }
        let suite = try suite.resolve(overlays())
        runtime.apply()
        let progress = ProgressReporter()
        func load(_ path: String) throws -> LanguageModel {
            try ModelLoader.load(
                URL(filePath: try ModelName.path(path)), cache: ModelName.cache, chatFormat: model.chatFormat
            ).model
        }
        let result = try suite.run(
            SuiteContext(
                data: URL(filePath: data), model: { try load(model.model) },
                original: { try load(reference ?? model.model) }, progress: { progress.report($0) }))
        progress.finish()
        try write(result)
    }

    /// What the flags and `--set` say of the suite's options, the latter last.
    private func overlays() throws -> [JSONValue] {
        let flags: [(String, JSONValue?)] = [
            ("subject", subject.map { .string($0) }), ("split", split.map { .string($0) }),
            ("samples", samples.map { .int($0) }), ("limit", limit.map { .int($0) }),
            ("seed", seed.map { .int($0) }),
        ]
        return flags.compactMap { name, value in value.map { JSONValue.object([name: $0]) } }
            + (try settings.map(Options.assignment))
    }

    private func write(_ result: SuiteResult) throws {
        let rows = result.findings.rows
        if let output {
            let file = URL(filePath: output)
            if rows.isEmpty {
                try result.json.write(to: file)
            } else {
                try AtomicFile.write(rows.map { $0.text() + "\n" }.joined(), to: file)
            }
        }
        if let results {
            try result.harnessResults(model: model.model, version: Unlearn.version).write(to: URL(filePath: results))
        }
        if json || (output == nil && rows.isEmpty) { return Output.line(result.json.text()) }
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

    static var allValueStrings: [String] { SuiteCatalog.all.map(\.card.name) }

    /// The suite with a user's options.
    func resolve(_ overlays: [JSONValue]) throws -> any EvaluationSuite { try type.resolved(overlays) }
}

extension EvaluationSuite {
    fileprivate static func resolved(_ overlays: [JSONValue]) throws -> Self {
        try Options.resolve(Self.self, overlays: overlays)
    }
}

/// The figures of a suite for people.
struct SuiteTable {
    let result: SuiteResult

    init(_ result: SuiteResult) { self.result = result }

    func render() -> String {
        let rows = result.findings.outcomes.map { outcome -> [String] in
            switch outcome {
            case .measured(let figure):
                let error = figure.standardError.map { String(format: "± %.4f", $0) }
                let interval = figure.interval.map { String(format: "%.4f to %.4f", $0.low, $0.high) }
                return [
                    figure.split.title, figure.name, String(format: "%.4f", figure.value), error ?? "", interval ?? "",
                    "\(figure.n)",
                ]
            case .skipped(let name, let reason): return ["", name, "–", "", reason, ""]
            }
        }
        let table = TerminalTable(
            ["task", "figure", "value", "standard error", "95 % interval", "n"], right: [2, 5], rows: rows)
        let shown = result.findings.outcomes.measurements.map(\.name)
        let notes = result.card.figures.filter { shown.contains($0.name) }.map {
            "\($0.name): \($0.summary) \($0.good)"
        }
        return table.render() + "\n" + notes.map { $0 + "\n" }.joined()
    }
}
