// The command `unlearn`: what its parts are, and how it starts and ends.

import ArgumentParser

@main
struct Unlearn: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "unlearn",
        abstract: "Make trained language models forget, and show that they did.",
        version: version,
        subcommands: [
            Convert.self, Inspect.self, Generate.self, Score.self, Train.self, Forget.self, RunCommand.self,
            Resume.self,
            Evaluate.self, Audit.self, Benchmark.self, Report.self, List.self,
        ])

    static func main() {
        OutOfMemory.handle()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            Diagnostics.exit(error)
        }
    }
}
