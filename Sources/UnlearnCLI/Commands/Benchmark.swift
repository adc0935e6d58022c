// `unlearn benchmark`: how methods compare on a task that others have measured.

import ArgumentParser
import Foundation
import UnlearnEvaluation
import UnlearnFormats

struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare methods on a public task.", subcommands: [NeurIPS2023.self])
}

struct NeurIPS2023: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "neurips2023",
        abstract: "The machine-unlearning challenge of NeurIPS 2023: are unlearned and retrained models alike?")

    @Option(help: ArgumentHelp("Only apply the metric to the scores in a JSON file.", valueName: "file"))
    var fromScores: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let quality = try ChallengeScores(contentsOf: URL(filePath: fromScores)).quality
        guard json else { return Output.line("F \(NumberText.decimal(quality.quality, places: 4))") }
        let result: JSONValue = [
            "F": .double(quality.quality), "epsilon": .array(quality.epsilons.map { .double($0) }),
        ]
        Output.line(result.text())
    }
}
