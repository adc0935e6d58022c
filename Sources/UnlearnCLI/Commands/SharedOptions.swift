// Options that several commands have.

public import ArgumentParser
import Foundation
public import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnKit
import UnlearnModels

/// How much of the machine is used.
struct RuntimeOptions: ParsableArguments {
    @Option(help: "Threads to compute with (default: OMP_NUM_THREADS, or one for each free processor).")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024, but is \(threads).")
        }
    }

    /// Sets up the engine; call before the first tensor.
    func apply() {
        let variable = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"].flatMap { Int($0) }
        if let given = threads ?? variable.flatMap({ (1...1024).contains($0) ? $0 : nil }) {
            return Runtime.configure(threads: given)
        }
        let (free, usable) = (Runtime.freeProcessors, Runtime.usableProcessors)
        if free < usable {
            Diagnostics.note(
                "Threads: \(free) of \(usable), since other programs keep processors busy; --threads \(usable) uses all."
            )
        }
        Runtime.configure(threads: free)
    }
}

/// What is kept between runs.
struct CacheOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: "Whether what a model wrote about everything else is kept for its next subject, in the cache folder.")
    var cache = true

    var answers: AnswerCache? {
        cache
            ? AnswerCache(
                environment: ProcessInfo.processInfo.environment,
                home: FileManager.default.homeDirectoryForCurrentUser) : nil
    }
}

/// A model to load and the format in which it is talked to.
struct ModelOptions: ParsableArguments {
    @Option(help: ModelName.help("The model"))
    var model: String

    @Option(
        help: ArgumentHelp("How conversations are written (default: as the model's template says).", valueName: "name"))
    var chatFormat: ChatFormat?

    func url() throws -> URL { URL(filePath: try ModelName.path(model)) }

    /// Reads the whole model.
    func load() throws -> LanguageModel {
        try ModelLoader.load(url(), cache: ModelName.cache, chatFormat: chatFormat).model
    }
}

/// Models that are given by path, or by their name in the local Hugging Face cache.
enum ModelName {
    static func help(_ what: String) -> ArgumentHelp {
        ArgumentHelp(
            "\(what): a directory, a .gguf or a llama2.c .bin file, or a name in the local Hugging Face cache.",
            valueName: "path")
    }

    /// The user's cache.
    static var cache: HubCache {
        HubCache(
            environment: ProcessInfo.processInfo.environment, home: FileManager.default.homeDirectoryForCurrentUser)
    }

    /// The path of what the user names; the folder of a run stands for the model in it.
    static func path(_ name: String) throws -> String {
        let path = try cache.path(of: name)
        guard RunDirectory.isThere(URL(filePath: path)) else { return path }
        let model = URL(filePath: path).appending(path: "model").path
        guard FileManager.default.fileExists(atPath: model) else { throw CommandError.noModel(path: name) }
        return model
    }
}

extension ChatFormat: ExpressibleByArgument {}

/// Where results go.
enum Output {
    /// Writes to standard output at once, so that text appears as it is made. Where it cannot be written, the program ends.
    static func write(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            Diagnostics.exit(FormatError.refused("write to", "standard output", error))
        }
    }

    static func line(_ text: String) { write(text + "\n") }

    /// Makes sure, before long work, that a file can be put there.
    static func checkFolder(of file: URL, option: String = "--output") throws(CommandError) {
        let folder = file.deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw .noFolder(path: file.path, option: option)
        }
    }
}

/// Numbers for people.
enum Quantity {
    /// "538 MB", "1.1 MB", "17 kB".
    static func bytes(_ count: Int) -> String {
        let (value, unit) =
            switch count {
            case 1_000_000_000...: (Double(count) / 1e9, "GB")
            case 1_000_000...: (Double(count) / 1e6, "MB")
            case 1000...: (Double(count) / 1e3, "kB")
            default: (Double(count), "bytes")
            }
        return count >= 1000 && value < 10 ? String(format: "%.1f %@", value, unit) : "\(Int(value.rounded())) \(unit)"
    }
}
