// `unlearn run`: what a file says, one step or several.

import ArgumentParser
import Foundation
import UnlearnFormats
import UnlearnKit

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Do what a configuration file says: `forget`, or `train` with `command: train`.",
        discussion: """
            The file has a key for every flag, in the spelling learningRate; what --set sets stands under `set`. Several such \
            parts under `steps` are done in their order; keys beside `steps` hold for each. A step that is finished is not done \
            again, and one that was interrupted goes on.
            """)

    @Argument(help: ArgumentHelp("A YAML or JSON file.", valueName: "file"))
    var file: String

    @OptionGroup var cache: CacheOptions

    @Flag(help: "Print the report as JSON, one line for each step.")
    var json = false

    func run() throws {
        let steps = try RunFile.steps(URL(filePath: file))
        // A mistake in the last step is found before the first begins.
        let works = try steps.map(work)
        for (index, work) in works.enumerated() {
            guard works.count > 1 else { return try work.begin() }
            Diagnostics.note("Step \(index + 1) of \(works.count): '\(work.output)'.")
            guard RunDirectory.isThere(URL(filePath: work.output)) else {
                try work.begin()
                continue
            }
            if try RunDirectory(opening: URL(filePath: work.output)).isFinished {
                Diagnostics.note("It is finished already and stays as it is; remove it to do the step anew.")
            } else {
                try Resume.goOn(with: work.output, cache, json: json)
            }
        }
    }

    /// One step: where its run is kept, and how it begins. What it begins with may be the result of an earlier one.
    private func work(_ step: JSONValue) throws -> (output: String, begin: () throws -> Void) {
        var runtime = RuntimeOptions()
        switch try RunFile.kind(step) {
        case .forget:
            var (configuration, settings) = try RunFile.read(step, as: RunConfiguration.self)
            runtime.threads = configuration.threads
            return (
                configuration.output,
                { [runtime] in
                    configuration.model = try ModelName.path(configuration.model)
                    try Shell.forget(
                        try configuration.plan(settings: settings), json: json, threads: runtime, cache: cache)
                }
            )
        case .train:
            var (configuration, settings) = try RunFile.read(step, as: TrainingConfiguration.self)
            runtime.threads = configuration.threads
            return (
                configuration.output,
                { [runtime] in
                    configuration.model = try ModelName.path(configuration.model)
                    try Shell.train(try configuration.plan(settings: settings), json: json, threads: runtime)
                }
            )
        }
    }
}
