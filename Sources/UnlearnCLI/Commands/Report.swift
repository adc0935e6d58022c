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

    @Flag(help: "Open the report's page, report.html, in a browser.")
    var open = false

    func run() throws {
        let directory = try RunDirectory(opening: URL(filePath: folder))
        guard try directory.kind() == .forget else { throw CommandError.training(path: folder) }
        guard FileManager.default.fileExists(atPath: directory.reportJSONFile.path) else {
            throw CommandError.unfinishedRun(path: folder)
        }
        let report = try directory.report()
        let page = directory.reportPageFile
        // Runs of earlier versions have no page yet.
        if !FileManager.default.fileExists(atPath: page.path) { try directory.writePage(report) }
        Output.write(
            json ? try JSONRenderer().render(report) : TerminalRenderer().render(report, path: page.path))
        if open { try Self.show(page) }
    }

    /// Hands a file to whatever the system shows web pages with.
    private static func show(_ file: URL) throws(CommandError) {
        #if os(macOS)
            let opener = "open"
        #else
            let opener = "xdg-open"
        #endif
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [opener, file.path]
        // What the opener says about itself is nothing to this program's reader.
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        do { try process.run() } catch { throw .noBrowser(path: file.path) }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw .noBrowser(path: file.path) }
    }
}
