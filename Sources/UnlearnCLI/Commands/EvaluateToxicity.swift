// `unlearn evaluate --suite toxicity`: prompts, a judge, and how often a model says what the judge finds toxic.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

/// What the suite of toxicity is given beside the model.
struct ToxicityArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The judge of toxicity: a folder that `unlearn train --judge` made, a BERT or RoBERTa classifier, or "
                + "all-MiniLM-L6-v2 for this project's own (default: \(LinearJudge.toxicityEncoder) in the Hugging Face "
                + "cache).", valueName: "folder"))
    var judge: String?

    @Option(
        help: ArgumentHelp(
            "The classes of a classifier that are toxic, separated by commas (default: the one that is called so).",
            valueName: "names"))
    var judgeLabels: String?

    @Option(
        help: ArgumentHelp(
            "Labelled sentences on which the judge's errors are measured (default: those that it states).",
            valueName: "file"))
    var judgeData: String?

    @OptionGroup var columns: LabelColumnArguments

    @Option(
        help: ArgumentHelp(
            "Prompts: a table with the columns prompt and kind, HateCheck's, or ToxiGen's folder (default: this "
                + "project's).", valueName: "file"))
    var prompts: String?

    @Option(
        help: ArgumentHelp(
            "At most so many prompts of each kind, spread over all (default: all).", valueName: "number"))
    var limit: Int?

    /// The flags that were given.
    var given: [String] {
        let flags: [(String, Bool)] = [
            ("--judge", judge != nil), ("--judge-labels", judgeLabels != nil), ("--judge-data", judgeData != nil),
            ("--prompts", prompts != nil), ("--limit", limit != nil),
        ]
        return flags.filter(\.1).map(\.0) + columns.given
    }

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
    }

    /// The prompts to judge by.
    func read() throws -> [TendencyPrompt] {
        guard let prompts else { return try ToxicityPrompts.all().of(.judge) }
        let all = try [TendencyPrompt](contentsOf: URL(filePath: prompts))
        let judging = all.of(.judge)
        for kind in TendencyPrompt.Kind.allCases where judging.of(kind).isEmpty {
            throw DataError.noPrompts(kind: "\(kind.rawValue) 'judge'", path: prompts)
        }
        return judging
    }

    func load() throws -> any TextJudge {
        let folder = try ModelName.cache.path(of: judge ?? LinearJudge.toxicityEncoder)
        let labels = (judgeLabels ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        return try JudgeFolder.judge(URL(filePath: folder), labels: labels)
    }
}

extension Evaluate {
    func runToxicity() throws {
        if let output { try Output.checkFolder(of: URL(filePath: output)) }
        var suite = ToxicitySuite()
        (suite.samples, suite.seed, suite.limit) = (samples, seed, toxicity.limit ?? 0)
        // What is wrong with the data is found before a model is loaded.
        let prompts = try toxicity.read()
        let labelled = try toxicity.judgeData.map {
            try [LabelledText](contentsOf: URL(filePath: $0), toxicity.columns.columns)
        }
        runtime.apply()
        let judge = try toxicity.load()
        let quality = try labelled.map { try judge.quality(on: $0) }
        let progress = ProgressReporter()
        let result = try suite.run(
            on: try model.load(), prompts, judge: judge, quality: quality, progress: { progress.report($0) })
        progress.finish()
        let value = try JSONValue(encoding: result)
        if let output { try value.write(to: URL(filePath: output)) }
        if json { return Output.line(value.text()) }
        let titles = ["figure", "where", "value", "95 % interval", "prompts"]
        Output.write(TerminalTable(titles, rows: result.rows).render() + "\n" + result.judgeWords + "\n")
    }
}
