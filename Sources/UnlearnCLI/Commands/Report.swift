// `unlearn report`: what a finished run showed.

import ArgumentParser
import Foundation
import UnlearnKit

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the report of a run.")

    @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
    var folder: String

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() throws {
        let directory = try RunDirectory(opening: URL(filePath: folder))
        guard FileManager.default.fileExists(atPath: directory.reportJSONFile.path) else {
            throw CommandError.unfinishedRun(path: folder)
        }
        let report = try directory.report()
        Output.write(
            json
                ? try JSONRenderer().render(report)
                : TerminalRenderer().render(report, path: directory.reportMarkdownFile.path))
    }
}
