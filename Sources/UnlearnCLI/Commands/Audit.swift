// `unlearn audit`: attacks the model of a run, to see whether forgetting holds.

import ArgumentParser
import Foundation
import UnlearnFormats
import UnlearnKit

struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Attack the model of a run, and report whether what it forgot comes back.",
        discussion: """
            Works on language models and on models that redraw pictures. The model itself stays as it is. What was found is written into the \
            run's folder as audit.json and audit.html. `unlearn list attacks` shows the attacks.
            """)

    @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
    var folder: String

    @Option(
        help: ArgumentHelp(
            "A model that never learnt what is to be forgotten, such as `unlearn train --without-forgotten` makes (default: "
                + "that of the run, if it was given one).", valueName: "folder"))
    var control: String?

    @Option(help: ArgumentHelp("Make this attack alone; may be repeated.", valueName: "attack"))
    var only: [String] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "An option of an attack, such as relearning.steps=20; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    @Flag(help: "Attack less, in a few minutes; --set still holds.")
    var quick = false

    @Flag(help: "Attack more, however long it takes; --set still holds.")
    var full = false

    @Option(help: ArgumentHelp("The source of random numbers.", valueName: "number"))
    var seed: UInt64 = 0

    @OptionGroup var runtime: RuntimeOptions

    @OptionGroup var kept: CacheOptions

    @Flag(help: "Print what was found as JSON.")
    var json = false

    func validate() throws {
        if quick, full { throw ValidationError("Give either --quick or --full, not both.") }
    }

    func run() throws {
        var choices = AuditConfiguration()
        (choices.run, choices.only, choices.seed) = (folder, only, seed)
        choices.effort = quick ? .quick : full ? .full : .usual
        choices.control = try control.map { try ModelName.path($0) }
        let overlays = try settings.map { try Options.assignment($0) }
        runtime.apply()
        let progress = ProgressReporter()
        let report = try UnlearnKit.audit(
            choices, settings: overlays,
            RunContext(
                toolVersion: Unlearn.version, hub: ModelName.cache, answers: kept.answers, onNotice: Diagnostics.note,
                onProgress: progress.report))
        progress.finish()
        if json { return Output.line(try JSONValue(encoding: report).text(.pretty)) }
        Output.write(report.table() + "\n" + report.headline + "\n")
        Output.write(report.reasons.map { "  - \($0)\n" }.joined())
        Output.line("Page: \(URL(filePath: folder).appending(path: "audit.html").path)")
    }
}
