// What every long command does around its work: threads, progress, Ctrl-C, and the sentence for what stopped it.

import Foundation
import UnlearnFormats
import UnlearnKit

enum Shell {
    /// Runs `body` with progress on standard error. If it is interrupted, it goes on later.
    /// - Parameter output: the folder of the run, as the user named it.
    static func run<Value>(
        in output: String, threads: RuntimeOptions?, cache: AnswerCache? = nil, isResumed: Bool = false,
        _ body: (RunContext) throws -> Value
    ) throws -> Value {
        threads?.apply()
        let progress = ProgressReporter()
        let interruption = Interruption(of: output)
        defer { withExtendedLifetime(interruption) {} }
        let context = RunContext(
            toolVersion: Unlearn.version, isResumed: isResumed, hub: ModelName.cache, answers: cache,
            onNotice: Diagnostics.note, onProgress: progress.report)
        do {
            let value = try body(context)
            progress.finish()
            return value
        } catch { throw CommandError.during(output, error) }
    }

    /// Makes a model forget, and shows the report.
    static func forget(
        _ plan: some ForgettingPlan, json: Bool, threads: RuntimeOptions, cache: CacheOptions, isResumed: Bool = false
    ) throws {
        let output = plan.configuration.output
        let report = try run(in: output, threads: threads, cache: cache.answers, isResumed: isResumed) {
            try UnlearnKit.forget(plan, $0)
        }
        if json { return Output.line(try JSONRenderer().render(report)) }
        let path = URL(filePath: output).appending(path: "report.html").path
        Output.write(TerminalRenderer().render(report, path: path))
    }

    /// Trains a model, and says what came of it.
    static func train(
        _ plan: some TrainingPlan, json: Bool, threads: RuntimeOptions, isResumed: Bool = false
    ) throws {
        let output = plan.configuration.output
        let result = try run(in: output, threads: threads, isResumed: isResumed) { try UnlearnKit.train(plan, $0) }
        Output.line(json ? try JSONValue(encoding: result).text() : result.words(output))
    }
}
