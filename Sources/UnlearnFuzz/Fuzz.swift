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

    @Option(help: ArgumentHelp("Read the files in this folder's FORMAT/ instead, as they are.", valueName: "folder"))
    var corpus: String?

    /// Set in the process that reads the inputs: its working folder.
    @Option(help: .private)
    var child: String?

    func validate() throws {
        for name in formats where !FuzzTarget.all.contains(where: { $0.name == name }) {
            throw ValidationError("There is no format '\(name)'.")
        }
    }

    func run() throws {
        let targets = FuzzTarget.all.filter { target in
            (formats.isEmpty || formats.contains(target.name)) && corpus.map { hasFiles(target, $0) } ?? true
        }
        if let child {
            limitMemory()
            for target in targets { try read(target, in: URL(filePath: child)) }
            return
        }
        var failures = 0
        for target in targets where try !survives(target) { failures += 1 }
        if failures > 0 { throw ExitCode(1) }
    }

    private func hasFiles(_ target: FuzzTarget, _ corpus: String) -> Bool {
        FileManager.default.fileExists(atPath: URL(filePath: corpus).appending(path: target.name).path)
    }

    // MARK: - The process that watches

    /// At once, so that a long run can be watched.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// Runs the inputs of one format in a process of their own.
    private func survives(_ target: FuzzTarget) throws -> Bool {
        let folder = Self.fastFolder.appending(path: "unlearn-fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments = [
            target.name, "--count", "\(count)", "--first", "\(first)", "--seed", "\(seed)", "--child", folder.path,
        ]
        if let corpus { process.arguments? += ["--corpus", corpus] }
        let start = ContinuousClock.now
        try process.run()
        process.waitUntilExit()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if process.terminationReason == .exit, process.terminationStatus == 0 {
            let counts = (try? String(contentsOf: folder.appending(path: "counts"), encoding: .utf8)) ?? "?"
            say("\(target.name): \(counts), in \(String(format: "%.1f", seconds)) s")
            return true
        }
        let index = (try? String(contentsOf: folder.appending(path: "index"), encoding: .utf8)) ?? "?"
        let kept = URL(filePath: output).appending(path: "\(target.name)-\(seed)-\(index)")
        try? FileManager.default.removeItem(at: kept)
        try FileManager.default.copyItem(at: folder.appending(path: target.fileName), to: kept)
        say("\(target.name): input \(index) ended with signal \(process.terminationStatus); kept as \(kept.path)")
        return false
    }

    /// Where files are in memory, if there is such a place: a million of them would wear out a disk, and take longer.
    private static var fastFolder: URL {
        let memory = URL(filePath: "/dev/shm")
        return FileManager.default.isWritableFile(atPath: memory.path)
            ? memory : FileManager.default.temporaryDirectory
    }

    // MARK: - The process that reads

    /// A header's word must not reserve memory.
    private func limitMemory() {
        var limit = rlimit(rlim_cur: 8 << 30, rlim_max: 8 << 30)
        #if canImport(Glibc)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        #else
            setrlimit(RLIMIT_AS, &limit)
        #endif
    }

    /// Ends the process after so many seconds of work, and after an hour without any; 0: never. A process that is paused
    /// does not hang.
    private func limitTime(seconds: Int) {
        var timer = itimerval()
        timer.it_value.tv_sec = seconds
        #if canImport(Glibc)
            setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
        #else
            setitimer(ITIMER_PROF, &timer, nil)
        #endif
        alarm(seconds > 0 ? 3600 : 0)
    }

    private func read(_ target: FuzzTarget, in folder: URL) throws {
        try target.prepare(folder)
        let note = try Rewritable(folder.appending(path: "index"))
        let file = try Rewritable(folder.appending(path: target.fileName))
        // What is not read when it is whole tests nothing when it is damaged.
        for seed in target.seeds {
            try file.replace(with: seed)
            try target.read(folder)
        }
        let found = try corpus.map { try Self.files(in: URL(filePath: $0).appending(path: target.name)) }
        let inputs = found.map { 0..<$0.count } ?? first..<first + count
        var accepted = 0
        for index in inputs {
            var generator = Generator(seed: seed, purpose: "\(target.name) \(index)")
            let input: [UInt8]
            if let found {
                input = Array(try Data(contentsOf: found[index]))
            } else {
                let seed = target.seeds[Int(generator.next() % UInt64(target.seeds.count))]
                input = Mutation.damaged(seed, using: &generator)
            }
            try note.replace(with: Array("\(index)".utf8))
            try file.replace(with: input)
            limitTime(seconds: 20)
            do {
                try target.read(folder)
                accepted += 1
            } catch {
                // Every error must be able to say what is wrong.
                precondition(!"\(error)".isEmpty, "an error without a sentence")
            }
        }
        limitTime(seconds: 0)
        try Data("\(inputs.count) inputs, \(accepted) accepted".utf8).write(to: folder.appending(path: "counts"))
    }

    /// The files of a folder by name.
    private static func files(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }
}

/// A file whose contents are replaced again and again without opening it anew.
private struct Rewritable {
    private let descriptor: Int32
    private let path: String

    init(_ url: URL) throws {
        path = url.path
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Unwritable(path: path) }
    }

    func replace(with bytes: [UInt8]) throws {
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw Unwritable(path: path)
        }
    }
}

private struct Unwritable: Error, CustomStringConvertible {
    let path: String
    var description: String { "'\(path)' cannot be written. Is the disk full?" }
}
