// The built program, run as a user runs it, and a tiny model for it.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnData

enum Binary {
    struct Result {
        let status: Int32
        let output: String
        let error: String

        /// The output as one JSON value.
        var json: JSONValue {
            get throws { try JSONValue(parsing: Data(output.utf8)) }
        }
    }

    /// The program lies beside the tests.
    static let url: URL = {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        let tests = bundle ?? Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
        return tests.deletingLastPathComponent().appending(path: "unlearn")
    }()

    /// The user's own cache is no concern of the tests, nor are the processors that other tests leave free.
    static let surroundings = [
        "XDG_CACHE_HOME": FileManager.default.temporaryDirectory.appending(path: "unlearn-tests-cache").path,
        "OMP_NUM_THREADS": "2",
        // Tests run side by side: threads that wait by spinning would take the processor from those that work.
        "OMP_WAIT_POLICY": "passive",
    ]

    static func run(_ arguments: String..., in folder: URL? = nil) throws -> Result {
        try run(arguments, in: folder)
    }

    /// - Parameter path: the only folder in which the program finds other programs; nil: the usual ones.
    /// - Parameter program: another program of this package; nil: `unlearn`.
    /// - Parameter variables: of the environment, beside the usual ones.
    static func run(
        _ arguments: [String], in folder: URL? = nil, path: URL? = nil, program: String? = nil,
        variables: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        process.executableURL = program.map { url.deletingLastPathComponent().appending(path: $0) } ?? url
        process.arguments = arguments
        let usual = path.map { ["PATH": $0.path] } ?? ProcessInfo.processInfo.environment
        process.environment = usual.merging(surroundings) { $1 }.merging(variables) { $1 }
        if let folder { process.currentDirectoryURL = folder }
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        try process.run()
        // What goes to standard error here is far smaller than a pipe.
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let sentences = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            error: String(decoding: sentences, as: UTF8.self))
    }
}

extension Binary {
    /// Starts the program and ends it with a signal once `isDue` says so.
    static func interrupt(
        _ arguments: [String], in folder: TemporaryFolder, with number: Int32, when isDue: () -> Bool
    ) throws -> Int32 {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(surroundings) { $1 }
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        while process.isRunning, !isDue() { usleep(2000) }
        kill(process.processIdentifier, number)
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// A folder that disappears with the test that made it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        // Without symbolic links, as the program names it.
        url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "unlearn-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ text: String, _ name: String) throws {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// A text with the names of files in this folder, which the program gives in full, as they were given.
    func relative(_ text: String) -> String { text.replacing(url.path + "/", with: "") }

    /// How many lines a file has; 0 if it is not there.
    func lines(_ name: String) -> Int {
        let text = try? String(contentsOf: url.appending(path: name), encoding: .utf8)
        return text?.split(separator: "\n").count ?? 0
    }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }
}

/// A golden checkpoint of 64 tokens with a tokenizer in which each letter and digit is one token.
enum TinyModel {
    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let golden = packageRoot.appending(path: "Tests/Golden/llama-tied")
    private static let letters = ["0"..."9", "A"..."Z", "a"..."z"].flatMap { range in
        (range.lowerBound.unicodeScalars.first!.value...range.upperBound.unicodeScalars.first!.value)
            .map { String(UnicodeScalar($0)!) }
    }

    /// A folder with the model in `model/`.
    static func make() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "model")
        try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(at: golden.appending(path: name), to: model.appending(path: name))
        }
        try tokenizer().save(to: model)
        return folder
    }

    static func tokenizer() throws -> Tokenizer {
        var definition = TokenizerDefinition(
            vocabulary: ["<unk>", "<s>"] + letters, merges: [], spelling: .byteLevel)
        definition.addedTokens = [.init(id: 0, isSpecial: true), .init(id: 1, isSpecial: true)]
        (definition.unknown, definition.beginOfSequence, definition.prefix) = (0, 1, [1])
        // Nothing is merged, so that it cuts nothing; but GGUF knows it.
        definition.splits = [.gpt2]
        return try Tokenizer(definition)
    }

    /// The text of ids 2 to 63.
    static func text(_ ids: [Int]) -> String { ids.map { letters[$0 - 2] }.joined() }
}

/// Real models and data, which are not part of the project.
enum TestData {
    static let folder =
        ProcessInfo.processInfo.environment["UNLEARN_TEST_DATA"].map { URL(filePath: $0) }
        ?? TinyModel.packageRoot.appending(path: "../shared/data")
    static let stories = folder.appending(path: "lm/stories260K.bin")
    /// SmolLM2-135M-Instruct: as given, or as `make demo` leaves it.
    static let smolLM2 =
        ProcessInfo.processInfo.environment["UNLEARN_TEST_MODEL"].map { URL(filePath: $0) }
        ?? TinyModel.packageRoot.appending(path: ".models/SmolLM2-135M-Instruct")

    static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
}
