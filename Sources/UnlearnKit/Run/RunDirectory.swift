// The folder of one run: what is in it, and the order in which it is written.
public import Foundation
import UnlearnEvaluation
public import UnlearnFormats
import UnlearnMethods
public import UnlearnModels

/// The folder of one run. `run.json` is written first and `finished` last; whatever lies between appears complete or
/// not at all, but for `events.jsonl`, which grows line by line.
public final class RunDirectory {
    public let url: URL
    private var events: FileHandle?

    /// Creates the folder and writes `run.json`: the resolved configuration and provenance.
    /// - Throws: `KitError.runDirectoryNotEmpty` if there is something in the folder already.
    public init(
        creating url: URL, run: some Encodable, folders: [String] = ["data", "evaluation"]
    ) throws {
        self.url = url
        try Self.makeRoom(at: url)
        try Self.create(url)
        do {
            // Before all else: without it a run that is killed now could be neither resumed nor begun again.
            try write(run, to: runFile)
        } catch {
            // Only if it is empty.
            rmdir(url.path)
            throw error
        }
        for folder in folders { try Self.create(url.appendingPathComponent(folder)) }
    }

    private static func create(_ folder: URL) throws {
        try systemCall("create the folder", folder) {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
    }

    /// Opens the folder of an interrupted run to go on with it. What was written after training is made again.
    /// - Throws: `KitError.changed` if the run did not start from this.
    convenience init(
        resuming url: URL, from provenance: Provenance, folders: [String]
    ) throws {
        try self.init(opening: url)
        let started = try JSONValue(contentsOf: runFile).decode(Started.self).provenance
        for (what, isSame) in [
            ("the model", started.modelHash == provenance.modelHash),
            ("the data", started.dataFiles == provenance.dataFiles),
            ("this program's version", started.toolVersion == provenance.toolVersion),
        ] where !isSame {
            throw KitError.changed(path: url.path, what: what)
        }
        let names = try systemCall("read the folder", url) {
            try FileManager.default.contentsOfDirectory(atPath: url.path)
        }
        // Hidden names belong to what was being written when the run ended.
        let remade = ["model"] + ExportForm.allCases.map { "model-\($0.rawValue).gguf" }
        for name in names where name.hasPrefix(".") || remade.contains(name) {
            try systemCall("remove", url.appending(path: name)) {
                try FileManager.default.removeItem(at: url.appending(path: name))
            }
        }
        for folder in folders { try Self.create(url.appendingPathComponent(folder)) }
    }

    private struct Started: Decodable {
        let provenance: Provenance
    }

    /// What kind of run it is.
    public func kind() throws -> RunKind {
        // Runs of earlier versions are all of one kind.
        try JSONValue(contentsOf: runFile)["command"]?.decode() ?? .forget
    }

    /// The threads that the run began with.
    public func threads() throws -> Int? {
        try JSONValue(contentsOf: runFile)["provenance"]?["threads"]?.int
    }

    /// What the user chose, as `run.json` holds it.
    public func choices<Configuration: Decodable>(
        _ type: Configuration.Type = RunConfiguration.self
    ) throws -> (configuration: Configuration, options: JSONValue) {
        let json = try JSONValue(contentsOf: runFile)
        return (try (json["configuration"] ?? [:]).decode(), json["options"] ?? [:])
    }

    /// Whether a folder is that of a run.
    public static func isThere(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.appending(path: "run.json").path)
    }

    /// Opens the folder of an earlier run.
    public init(opening url: URL) throws {
        self.url = url
        guard Self.isThere(url) else {
            throw FormatError.missing(path: runFile.path, expected: "the folder of a run")
        }
    }

    deinit {
        try? events?.close()
    }

    public var runFile: URL { url.appendingPathComponent("run.json") }
    public var eventsFile: URL { url.appendingPathComponent("events.jsonl") }
    public var forgetFile: URL { url.appendingPathComponent("data/forget.jsonl") }
    public var neighboursFile: URL { url.appendingPathComponent("data/neighbours.jsonl") }
    public var harmlessFile: URL { url.appendingPathComponent("data/harmless.jsonl") }
    public var continuationsFile: URL { url.appendingPathComponent("data/continuations.jsonl") }
    public var generalFile: URL { url.appendingPathComponent("data/general.jsonl") }
    /// What a subject's run asks and never trains on.
    public var questionsFile: URL { url.appendingPathComponent("data/questions.json") }
    public var termsFile: URL { url.appendingPathComponent("data/terms.json") }
    public var modelFolder: URL { url.appendingPathComponent("model") }
    public var evaluationBeforeFile: URL { url.appendingPathComponent("evaluation/before.json") }
    public var evaluationControlFile: URL { url.appendingPathComponent("evaluation/control.json") }
    public var evaluationAfterFile: URL { url.appendingPathComponent("evaluation/after.json") }
    public var reportJSONFile: URL { url.appendingPathComponent("report.json") }
    public var reportMarkdownFile: URL { url.appendingPathComponent("report.md") }
    public var trainingFile: URL { url.appendingPathComponent("training.safetensors") }
    public var reportPageFile: URL { url.appendingPathComponent("report.html") }
    public var finishedFile: URL { url.appendingPathComponent("finished") }

    /// Whether the run came to its end.
    public var isFinished: Bool { FileManager.default.fileExists(atPath: finishedFile.path) }

    /// Adds a line to `events.jsonl`; it is with the operating system when this returns.
    public func append(event: some Encodable) throws {
        let line =
            try JSONValue(encoding: event).data() + Data("\n".utf8)
        let handle = try openEvents()
        try systemCall("write", eventsFile) { try handle.write(contentsOf: line) }
    }

    /// Writes a value as JSON, complete or not at all, in the order in which its type declares it.
    public func write(_ value: some Encodable, to file: URL) throws {
        try JSONValue(encoding: value).write(to: file)
    }

    /// Writes values as JSON lines, complete or not at all.
    public func write(lines values: [some Encodable], to file: URL) throws {
        var data = Data()
        for value in values {
            data += try JSONValue(encoding: value).data()
            data.append(UInt8(ascii: "\n"))
        }
        try AtomicFile.write(data, to: file)
    }

    /// Reads what ``write(lines:to:)`` wrote, be it nothing.
    func lines<Value: Decodable>(_ file: URL) throws -> [Value] {
        do { return try JSONLines.read(file).map { try $0.value.decode() } } catch FormatError.empty { return [] }
    }

    /// Writes `model/`: what `save` puts into the folder it is given, and the model card. It appears complete or not at all.
    /// - Parameter cache: where models are looked for that an adapter names and that have no path.
    /// - Returns: the fingerprint of the weights.
    public func saveModel(card: String, _ cache: HubCache?, _ save: (URL) throws -> Void) throws -> String {
        let output = try AtomicDirectory(modelFolder)
        try save(output.url)
        try AtomicFile.write(card, to: output.url.appending(path: "README.md"))
        let hash = try Fingerprint.modelHash(of: output.url, cache: cache)
        try output.commit()
        return hash
    }

    /// Writes `report.json`, `report.md` and, from what the run has recorded so far, `report.html`.
    public func write(_ report: Report) throws {
        try write(report, to: reportJSONFile)
        let text = MarkdownRenderer().render(report)
        try AtomicFile.write(text, to: reportMarkdownFile)
        try writePage(report)
    }

    /// Writes `report.html` alone.
    public func writePage(_ report: Report) throws {
        let page = HTMLRenderer(try trace()).render(report)
        try AtomicFile.write(page, to: reportPageFile)
    }

    /// What the run has recorded so far. Files that are not there leave their part empty.
    public func trace() throws -> RunTrace {
        func isThere(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
        func outcomes(_ file: URL) throws -> [Outcome] {
            isThere(file) ? try JSONValue(contentsOf: file).decode() : []
        }
        var trace = RunTrace(before: try outcomes(evaluationBeforeFile), after: try outcomes(evaluationAfterFile))
        if isThere(eventsFile) {
            for row in try JSONLines.read(eventsFile) { trace.steps.append(try row.value.decode()) }
        }
        if isThere(termsFile) { trace.terms = try JSONValue(contentsOf: termsFile).decode(SubjectTerms.self).all }
        return trace
    }

    /// Reads `report.json`.
    public func report() throws -> Report {
        var json = try JSONValue(contentsOf: reportJSONFile)
        // Reports of earlier versions do not say the family; only classifiers' have pictures.
        let usual: Family = json["pictures"]?.isNull ?? true ? .language : .classifier
        json["family"] = json["family"] ?? .string(usual.rawValue)
        return try json.decode()
    }

    /// Marks the run as complete. Nothing is written after this.
    public func finish() throws {
        try systemCall("close", eventsFile) { try events?.close() }
        events = nil
        try AtomicFile.write("finished\n", to: finishedFile)
        // Not before: where that cannot be written, the run goes on from this state.
        if FileManager.default.fileExists(atPath: trainingFile.path) {
            try systemCall("remove", trainingFile) { try FileManager.default.removeItem(at: trainingFile) }
        }
    }

    private func openEvents() throws -> FileHandle {
        if let events { return events }
        let file = eventsFile
        if !FileManager.default.fileExists(atPath: file.path) {
            try AtomicFile.write(Data(), to: file)
        }
        let handle = try systemCall("open", file) { () throws -> FileHandle in
            let handle = try FileHandle(forWritingTo: file)
            try handle.seekToEnd()
            return handle
        }
        events = handle
        return handle
    }

    /// That nothing is in the folder but what a run that was killed at its very beginning leaves, which is removed.
    static func makeRoom(at url: URL) throws {
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        let entries = try systemCall("read the folder", url) {
            try FileManager.default.contentsOfDirectory(atPath: url.path)
        }
        let isOwn = { (name: String) in name.hasPrefix(".run.json.") && name.hasSuffix(".partial") }
        guard entries.allSatisfy(isOwn) else { throw KitError.runDirectoryNotEmpty(path: url.path) }
        for name in entries {
            let file = url.appendingPathComponent(name)
            try systemCall("remove", file) { try FileManager.default.removeItem(at: file) }
        }
    }
}
