// The arguments that say which judge looks at texts, and on what one is fitted.

import ArgumentParser
import Foundation
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

/// What `train --judge` is given beside --data and --output.
struct JudgeTrainingArguments: ParsableArguments {
    @Flag(help: "Train a judge of texts, on labelled sentences.")
    var judge = false

    @Option(
        help: ArgumentHelp(
            "The sentence encoder through which the judge sees texts, such as all-MiniLM-L6-v2 (default: none, it counts "
                + "words).", valueName: "folder"))
    var encoder: String?

    @OptionGroup var columns: LabelColumnArguments

    @Option(
        help: ArgumentHelp(
            "The column that says which texts are held out together, such as their template (default: none).",
            valueName: "name"))
    var groupColumn: String?

    @Option(
        help: ArgumentHelp(
            "More labelled sentences, on which the judge is measured only; may be repeated.", valueName: "file"))
    var test: [String] = []

    /// The flags that need a judge and were given.
    var given: [String] {
        let flags: [(String, Bool)] = [
            ("--encoder", encoder != nil), ("--group-column", groupColumn != nil), ("--test", !test.isEmpty),
        ]
        return flags.filter(\.1).map(\.0) + columns.given
    }

    /// What is to be done with the sentences in `data`.
    func training(_ data: String, settings: [JSONValue]) throws -> JudgeTraining {
        var columns = columns.columns
        columns.group = groupColumn
        return try JudgeTraining(
            data: URL(filePath: data), columns: columns,
            encoder: try encoder.map { URL(filePath: try ModelName.cache.path(of: $0)) },
            tests: test.map { URL(filePath: $0) }, settings: settings)
    }
}

/// Where a table of labelled sentences says what.
struct LabelColumnArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The column of the sentences (default: text).", valueName: "name"))
    var textColumn: String?

    @Option(help: ArgumentHelp("The column of the labels (default: label).", valueName: "name"))
    var labelColumn: String?

    @Option(
        help: ArgumentHelp(
            "The labels that are positive, separated by commas (default: 1, true, toxic, hateful and the like).",
            valueName: "labels"))
    var positive: String?

    var columns: LabelColumns {
        LabelColumns(
            text: textColumn ?? "text", label: labelColumn ?? "label",
            positive: (positive ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
    }

    var given: [String] {
        [("--text-column", textColumn), ("--label-column", labelColumn), ("--positive", positive)]
            .filter { $0.1 != nil }.map(\.0)
    }
}
