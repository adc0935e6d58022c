// `UnlearnFuzz`: feeds damaged files to everything that reads files. Each must end with a sentence, never with a crash.

import ArgumentParser
import Foundation
import UnlearnEngine

@main
struct Fuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Feed damaged files to a reader.",
        discussion: "Input number I of a seed is always the same. An input that crashes or hangs the reader is kept.")

    @Argument(help: "The formats: \(FuzzTarget.all.map(\.name).joined(separator: ", ")) (default: all).")
    var formats: [String] = []

    @Option(help: "Inputs for each format.")
    var count = 10_000

    @Option(help: "The number of the first input.")
    var first = 0

    @Option(help: "The source of all random numbers.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Where inputs that crash are kept.", valueName: "folder"))
    var output = "."

    /// Set in the process that reads the inputs: its working folder.
    @Option(help: .private)
    var child: String?

    func validate() throws {
        for name in formats where !FuzzTarget.all.contains(where: { $0.name == name }) {
            throw ValidationError("There is no format '\(name)'.")
        }
    }

    func run() throws {
        let targets = FuzzTarget.all.filter { formats.isEmpty || formats.contains($0.name) }
        if let child {
            for target in targets { try read(target, in: URL(filePath: child)) }
            return
        }
        var failures = 0
        for target in targets where try !survives(target) { failures += 1 }
        if failures > 0 { throw ExitCode(1) }
    }

    // MARK: - The process that watches

    /// Runs the inputs of one format in a process of their own.
    private func survives(_ target: FuzzTarget) throws -> Bool {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unlearn-fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments = [
            target.name, "--count", "\(count)", "--first", "\(first)", "--seed", "\(seed)", "--child", folder.path,
        ]
        let start = ContinuousClock.now
        try process.run()
        process.waitUntilExit()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if process.terminationReason == .exit, process.terminationStatus == 0 {
            let accepted = (try? String(contentsOf: folder.appending(path: "accepted"), encoding: .utf8)) ?? "?"
            print("\(target.name): \(count) inputs, \(accepted) accepted, in \(String(format: "%.1f", seconds)) s")
            return true
        }
        let index = (try? String(contentsOf: folder.appending(path: "index"), encoding: .utf8)) ?? "?"
        let kept = URL(filePath: output).appending(path: "\(target.name)-\(seed)-\(index)")
        try? FileManager.default.removeItem(at: kept)
        try FileManager.default.copyItem(at: folder.appending(path: target.fileName), to: kept)
        print("\(target.name): input \(index) ended with signal \(process.terminationStatus); kept as \(kept.path)")
        return false
    }

    // MARK: - The process that reads

    private func read(_ target: FuzzTarget, in folder: URL) throws {
        // A header's word must not reserve memory.
        var limit = rlimit(rlim_cur: 8 << 30, rlim_max: 8 << 30)
        #if canImport(Glibc)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        #else
            setrlimit(RLIMIT_AS, &limit)
        #endif
        let file = folder.appending(path: target.fileName)
        var accepted = 0
        for index in first..<first + count {
            var generator = Generator(seed: seed, purpose: "\(target.name) \(index)")
            let seed = target.seeds[Int(generator.next() % UInt64(target.seeds.count))]
            try Data("\(index)".utf8).write(to: folder.appending(path: "index"))
            try Data(Mutation.damaged(seed, using: &generator)).write(to: file)
            alarm(20)
            do {
                try target.read(folder)
                accepted += 1
            } catch {
                // Every error must be able to say what is wrong.
                precondition(!"\(error)".isEmpty, "an error without a sentence")
            }
        }
        alarm(0)
        try Data("\(accepted)".utf8).write(to: folder.appending(path: "accepted"))
    }
}
