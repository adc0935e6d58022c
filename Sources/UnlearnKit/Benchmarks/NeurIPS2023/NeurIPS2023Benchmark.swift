// The NeurIPS 2023 challenge, run whole: one original, N retrained and N unlearned models for each method. Every model's
// outcome is a file of its own, so that an interrupted benchmark goes on where it stopped.

public import Foundation
import UnlearnData
public import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// What is kept of one model.
struct ModelRecord: Codable, Sendable, Equatable {
    /// What it was made by: a record by other settings is made again.
    let settings: String
    /// Of training alone.
    let seconds: Double
    let outcome: ClassifierOutcome
}

/// The benchmark in its folder.
public struct NeurIPS2023Benchmark {
    public let options: NeurIPS2023Options
    public let models: Int
    /// Models that are made at the same time, each on one thread.
    public let workers: Int
    private let folder: URL
    private let task: ImageTask
    private let configuration: JSONValue
    private let onProgress: (ProgressEvent) -> Void

    /// Reads the data and opens the folder, or makes it.
    /// - Throws: `KitError.otherSettings` if the folder's models were made by other options, `KitError.changed` if they were
    ///   made of other pixels or by another version of this program.
    public init(
        _ options: NeurIPS2023Options, models: Int, workers: Int, folder: URL, toolVersion: String,
        onNotice: (any CustomStringConvertible) -> Void = { _ in },
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }
    ) throws {
        (self.options, self.models, self.workers, self.folder) = (options, models, workers, folder)
        self.onProgress = onProgress
        task = try ImageTask(options.task, onNotice: onNotice)
        configuration = try task.configuration(of: options.design)
        try systemCall("create the folder", folder) {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        var record = try JSONValue(encoding: options)
        record["toolVersion"] = .string(toolVersion)
        record["pixels"] = .string(task.digest(of: options.task).sha256)
        try Self.keep(record, in: folder)
    }

    /// Writes down what the models are made of, or sees that it is what they were made of so far.
    private static func keep(_ record: JSONValue, in folder: URL) throws {
        let file = folder.appending(path: "benchmark.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            return try AtomicFile.write(record.text(.pretty) + "\n", to: file)
        }
        var old = try JSONValue(contentsOf: file)
        var new = record
        for (key, what) in [("toolVersion", "this program's version"), ("pixels", "the data")] {
            guard old[key] == new[key] else { throw KitError.changed(path: folder.path, what: what) }
            (old[key], new[key]) = (nil, nil)
        }
        guard old == new else { throw KitError.otherSettings(path: folder.path) }
    }

    /// Makes what is missing and compares.
    public func run(_ methods: [ResolvedClassifierMethod]) throws -> NeurIPS2023Result {
        let parameters = try makeOriginal()
        let original = try record(folder.appending(path: "original.json"), settings: "original")
        let retrained = try records("Retraining", in: "retrained", settings: "retrained") { index in
            try train("retrained \(index)", on: task.splits.retain)
        }
        let seconds = Statistics.mean(retrained.map(\.seconds))
        var reference = NeurIPS2023Row("retrained", retrained, retrainingSeconds: seconds)
        reference.showCeiling(of: retrained)
        var rows: [NeurIPS2023Row] = []
        var pictured: [PicturedModel] = []
        for method in methods {
            let unlearned = try records(
                "Unlearning with \(method.name)", in: "unlearned/\(method.name)", settings: method.options.json.text()
            ) { index in try unlearn(method, seed: seed("unlearned \(index)")) }
            var row = NeurIPS2023Row(method.name, unlearned, retrainingSeconds: seconds)
            row.compare(unlearned, with: retrained, reference)
            rows.append(row)
            pictured.append(PicturedModel(method.name, unlearned))
        }
        rows.sort { ($0.score ?? 0) > ($1.score ?? 0) }
        let first = original.map { [NeurIPS2023Row("original", [$0], retrainingSeconds: seconds)] } ?? []
        let result = NeurIPS2023Result(
            forgetCount: task.splits.forget.count, retainCount: task.splits.retain.count,
            testCount: task.splits.test.count, classes: task.images.classNames.count, parameters: parameters,
            workers: workers, rows: first + [reference] + rows, peakMemoryBytes: Runtime.peakMemoryBytes)
        let json = try JSONValue(encoding: result)
        try AtomicFile.write(json.text(.pretty) + "\n", to: folder.appending(path: "result.json"))
        try AtomicFile.write(result.markdown, to: folder.appending(path: "result.md"))
        try AtomicFile.write(MethodPlot(result.rows).svg, to: folder.appending(path: "result.svg"))
        let places = Dictionary(rows.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        pictured.sort { places[$0.name] ?? 0 < places[$1.name] ?? 0 }
        try writePage(
            result, original.map { [PicturedModel("original", [$0])] } ?? [], [PicturedModel("retrained", retrained)],
            Array(pictured.prefix(Self.picturedMethods)))
        return result
    }

    /// Methods whose guesses stand beside the images, those with the best scores.
    private static let picturedMethods = 4

    private func writePage(
        _ result: NeurIPS2023Result, _ original: [PicturedModel], _ retrained: [PicturedModel],
        _ methods: [PicturedModel]
    ) throws {
        let models = original + retrained + methods
        let pictures = Pictures(
            task.images, task.splits, models, changing: min(models.count - 1, original.count + retrained.count))
        let page = BenchmarkPage(
            result, subject: options.task.forget.words(count: result.forgetCount), pictures,
            style: HTMLRenderer.text(PackageResources.report_css))
        try AtomicFile.write(HTMLRenderer.render(page), to: folder.appending(path: "report.html"))
    }

    // MARK: - Models

    private var originalFolder: URL { folder.appending(path: "original") }

    /// Random numbers that differ for every model.
    private func seed(_ purpose: String) -> UInt64 {
        var generator = Generator(seed: options.seed, purpose: purpose)
        return generator.next()
    }

    /// The model that all methods start from, trained on all training images.
    /// - Returns: how many parameters it has.
    private func makeOriginal() throws -> Int {
        if !FileManager.default.fileExists(atPath: originalFolder.path) {
            Runtime.configure(threads: workers)
            let start = ContinuousClock.now
            let model = try train("original", on: task.splits.train, onProgress)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try write(model, seconds: seconds, settings: "original", to: folder.appending(path: "original.json"))
            let output = try AtomicDirectory(originalFolder)
            try ClassifierDirectory.save(model, to: output.url)
            try output.commit()
        }
        return try ClassifierDirectory.load(originalFolder).parameters.scalarCount
    }

    /// A new model, trained on the images at `examples`.
    private func train(
        _ purpose: String, on examples: [Int], _ onProgress: @escaping (ProgressEvent) -> Void = { _ in }
    ) throws -> any Classifier {
        let seed = seed(purpose)
        let model = try ClassifierDirectory.make(configuration, using: Generator(seed: seed, purpose: "parameters"))
        try options.training.train(
            ClassifierSession(
                model: model, images: task.images, forget: [], retain: examples, phase: options.training.phase,
                seed: seed, stage: "Training the original", onProgress: onProgress))
        return model
    }

    private func unlearn(_ method: ResolvedClassifierMethod, seed: UInt64) throws -> any Classifier {
        let model = try ClassifierDirectory.load(originalFolder)
        let session = ClassifierSession(
            model: model, images: task.images, forget: task.splits.forget, retain: task.splits.retain,
            validation: task.splits.validation, phase: method.phase, seed: seed)
        try method.method.unlearn(session)
        return model
    }

    // MARK: - Records

    /// The records of N models; those that are missing are made, several at a time.
    private func records(
        _ stage: String, in name: String, settings: String, make: (Int) throws -> any Classifier
    ) throws -> [ModelRecord] {
        let place = folder.appending(path: name)
        try systemCall("create the folder", place) {
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        }
        func file(_ index: Int) -> URL {
            let number = String(index)
            return place.appending(path: String(repeating: "0", count: max(0, 3 - number.count)) + number + ".json")
        }
        var missing: [Int] = []
        for index in 0..<models where try record(file(index), settings: settings) == nil { missing.append(index) }
        let jobs = ParallelJobs(jobs: missing, workers: workers) { [onProgress] done in
            onProgress(ProgressEvent(stage: stage, done: done, total: missing.count, unit: "models"))
        }
        try jobs.run { index in
            Runtime.configure(threads: 1)
            let start = ContinuousClock.now
            let model = try make(index)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try write(model, seconds: seconds, settings: settings, to: file(index))
        }
        var records: [ModelRecord] = []
        for index in 0..<models {
            if let record = try record(file(index), settings: settings) { records.append(record) }
        }
        return records
    }

    private func write(
        _ model: any Classifier, seconds: Double, settings: String, to file: URL
    ) throws {
        let outcome = ClassifierOutcome(of: model, on: task.images, task.splits)
        let record = ModelRecord(settings: settings, seconds: seconds, outcome: outcome)
        try JSONValue(encoding: record).write(to: file)
    }

    /// The record in a file; nil if there is none, or if it is of other settings.
    private func record(_ file: URL, settings: String) throws -> ModelRecord? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let record: ModelRecord = try JSONValue(contentsOf: file).decode(ModelRecord.self)
        return record.settings == settings ? record : nil
    }
}

extension PicturedModel {
    /// The guesses of the first model, and the mean of all models' choices.
    fileprivate init(_ name: String, _ records: [ModelRecord]) {
        let counts = records.map { $0.outcome.forgetChoices.map(Double.init) }
        let first = counts.first ?? []
        self.init(
            name, records.first?.outcome.shown ?? [],
            forgetChoices: first.indices.map { index in Statistics.mean(counts.map { $0[index] }) })
    }
}
