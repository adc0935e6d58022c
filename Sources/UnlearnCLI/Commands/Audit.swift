// `unlearn audit`: attacks the model of a run, to see whether forgetting holds.

import ArgumentParser
import Foundation
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Attack the model of a run, and report whether what it forgot comes back.",
        discussion: """
            The model itself stays as it is. What was found is written into the \
            run's folder as audit.json and audit.html. `unlearn list attacks` shows the attacks.
            """)

    @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
    var folder: String?

    @Option(
        help: ArgumentHelp("In place of a run: a language model that any program made forget.", valueName: "folder"))
    var model: String?

    @Option(help: ArgumentHelp("What --model was made from.", valueName: "folder"))
    var reference: String?

    @Option(help: ArgumentHelp("Examples that --model was to forget: JSONL or text.", valueName: "file"))
    var forget: String?

    @Option(
        help: ArgumentHelp(
            "Words that give away what --model was to forget: a list with commas, or a file (default: names that are found in "
                + "the examples).", valueName: "terms"))
    var terms: String?

    @Option(help: ArgumentHelp("A folder for the audit of --model.", valueName: "folder"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "A model that never learnt what is to be forgotten, such as `unlearn train --without-forgotten` makes (default: "
                + "that of the run, if it was given one).", valueName: "folder"))
    var control: String?

    @Option(
        help: ArgumentHelp(
            "A sentence encoder such as all-MiniLM-L6-v2, which judges answers about a subject by meaning, beside key words "
                + "(default: \(LinearJudge.toxicityEncoder), if it is in the Hugging Face cache).", valueName: "folder")
    )
    var encoder: String?

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
        let pair = [model, reference, forget]
        guard folder == nil ? !pair.contains(nil) : (pair + [terms, output]).allSatisfy({ $0 == nil }) else {
            throw ValidationError("Give either the folder of a run, or --model, --reference and --forget together.")
        }
        if quick, full { throw ValidationError("Give either --quick or --full, not both.") }
    }

    func run() throws {
        var choices = AuditConfiguration()
        (choices.run, choices.only, choices.seed) = (folder ?? "", only, seed)
        choices.effort = quick ? .quick : full ? .full : .usual
        choices.control = try control.map { try ModelName.path($0) }
        choices.encoder =
            try encoder.map { try ModelName.path($0) } ?? (try? ModelName.cache.path(of: LinearJudge.toxicityEncoder))
        let overlays = try settings.map { try Options.assignment($0) }
        runtime.apply()
        let progress = ProgressReporter()
        let context = RunContext(
            toolVersion: Unlearn.version, hub: ModelName.cache, answers: kept.answers, onNotice: Diagnostics.note,
            onProgress: progress.report)
        let report =
            if let pair = try pair() {
                try UnlearnKit.audit(pair, choices, settings: overlays, context)
            } else {
                try UnlearnKit.audit(choices, settings: overlays, context)
            }
        progress.finish()
        if json { return Output.line(try JSONValue(encoding: report).text(.pretty)) }
        Output.write(report.table() + "\n" + report.headline + "\n")
        Output.write(report.reasons.map { "  - \($0)\n" }.joined())
        guard let place = folder ?? output else { return }
        Output.line("Page: \(URL(filePath: place).appending(path: "audit.html").path)")
    }

    /// The models of another program, if they are given.
    private func pair() throws -> AuditedPair? {
        guard let model, let reference, let forget else { return nil }
        var pair = AuditedPair(
            model: try ModelName.path(model), reference: try ModelName.path(reference), forget: forget)
        (pair.terms, pair.output) = (terms, output.map { URL(filePath: $0) })
        return pair
    }
}
