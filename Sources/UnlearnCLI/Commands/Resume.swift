// `unlearn resume`: goes on with a run that was interrupted.

import ArgumentParser
import Foundation
import UnlearnKit

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go on with a run that was interrupted.",
        discussion: "The model is prepared and questioned as before; training goes on where its state was last kept.")

    @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
    var folder: String

    @OptionGroup var cache: CacheOptions

    @Flag(help: "Print the report, or what a training found, as JSON.")
    var json = false

    func run() throws {
        let directory = try RunDirectory(opening: URL(filePath: folder))
        guard !directory.isFinished else { throw CommandError.finishedRun(path: folder) }
        try Self.goOn(with: folder, cache, json: json)
    }

    /// Goes on with the run in a folder.
    static func goOn(with folder: String, _ cache: CacheOptions, json: Bool) throws {
        let directory = try RunDirectory(opening: URL(filePath: folder))
        // Sums over other threads would end in other digits.
        var runtime = RuntimeOptions()
        runtime.threads = try directory.threads()
        switch try directory.kind() {
        case .forget:
            var (configuration, options) = try directory.choices(RunConfiguration.self)
            configuration.output = folder
            try Shell.forget(
                try configuration.plan(settings: [options]), json: json, threads: runtime, cache: cache, isResumed: true
            )
        case .train:
            var (configuration, options) = try directory.choices(TrainingConfiguration.self)
            configuration.output = folder
            try Shell.train(
                try configuration.plan(settings: [options]), json: json, threads: runtime, isResumed: true)
        }
    }
}
