// The judge of what a model writes, for the suites of `unlearn evaluate` that need one.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

/// A judge of toxicity, and where its errors are measured.
struct ToxicityJudgeArguments: ParsableArguments {
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

    /// The flags that were given.
    var given: [String] {
        let flags: [(String, Bool)] = [
            ("--judge", judge != nil), ("--judge-labels", judgeLabels != nil), ("--judge-data", judgeData != nil),
        ]
        return flags.filter(\.1).map(\.0) + columns.given
    }

    /// The judge, with its errors on labelled texts of the user's, or those that it states itself.
    func measured() throws -> (judge: any TextJudge, quality: JudgeQuality?) {
        // What is wrong with a table is said before a judge is read.
        let labelled = try judgeData.map { try [LabelledText](contentsOf: URL(filePath: $0), columns.columns) }
        let judge = try load()
        return (judge, try labelled.map { try judge.quality(on: $0) } ?? judge.quality)
    }

    private func load() throws -> any TextJudge {
        let folder = try ModelName.cache.path(of: judge ?? LinearJudge.toxicityEncoder)
        let labels = (judgeLabels ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        return try JudgeFolder.judge(URL(filePath: folder), labels: labels)
    }
}
