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

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() throws {
        let directory = try RunDirectory(opening: URL(filePath: folder))
        guard !directory.isFinished else { throw CommandError.finishedRun(path: folder) }
        var (configuration, options) = try directory.choices()
        configuration.output = folder
        var runtime = RuntimeOptions()
        runtime.threads = configuration.threads
        try RunCommand.execute(
            try ResolvedRun(configuration, settings: [options]), json: json, threads: runtime, isResumed: true)
    }
}
