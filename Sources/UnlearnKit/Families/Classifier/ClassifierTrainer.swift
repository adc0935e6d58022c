// `unlearn train` for classifiers: images and a design → a trained model in a folder.

public import Foundation
public import UnlearnData
public import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// What a training found, and how long its parts took.
public struct ClassifierTrainingResult: Codable, Sendable, Equatable {
    public let images: Int
    public let parameters: Int
    /// Shares of right answers on all training images and on the test images.
    public let trainAccuracy: Double
    public let testAccuracy: Double
    /// Of reading and decoding the images, and of training alone.
    public let loadSeconds: Double
    public let trainSeconds: Double
    public let peakMemoryBytes: Int
}

/// Everything that decides what a training makes.
public struct ClassifierTrainingRun: Configurable {
    public var task = ImageTaskOptions()
    public var design = ClassifierDesign()
    public var training = ClassifierTraining()
    public var seed: UInt64 = 0

    public init() {}

    /// Trains on all training images, whatever is to be forgotten later, and writes the model and `training.json`.
    public func callAsFunction(
        output: URL, onNotice: (any CustomStringConvertible) -> Void = { _ in },
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }
    ) throws -> ClassifierTrainingResult {
        try training.phase.check(at: "training")
        // Made first: a destination that exists is found before anything is read.
        let folder = try AtomicDirectory(output)
        let start = ContinuousClock.now
        let task = try ImageTask(task, onlyTrains: true, onNotice: onNotice)
        let loaded = ContinuousClock.now
        let model = try Self.train(
            task, try task.configuration(of: design), training, on: task.splits.train, seed: seed,
            onProgress: onProgress)
        let trained = ContinuousClock.now
        let outcome = ClassifierOutcome(of: model, on: task.images, task.splits)
        try ClassifierDirectory.save(model, to: folder.url)
        let record = try JSONValue(encoding: self)
        try AtomicFile.write(record.text(.pretty) + "\n", to: folder.url.appending(path: Self.fileName))
        try folder.commit()
        return ClassifierTrainingResult(
            images: task.images.count, parameters: model.parameters.scalarCount,
            trainAccuracy: outcome.retainAccuracy, testAccuracy: outcome.testAccuracy,
            loadSeconds: (loaded - start) / .seconds(1), trainSeconds: (trained - loaded) / .seconds(1),
            peakMemoryBytes: Runtime.peakMemoryBytes)
    }

    /// A new model, trained on the images at `examples`.
    static func train(
        _ task: ImageTask, _ configuration: JSONValue, _ training: ClassifierTraining, on examples: [Int],
        seed: UInt64, onProgress: @escaping (ProgressEvent) -> Void = { _ in }
    ) throws -> any Classifier {
        let model = try ClassifierDirectory.make(configuration, using: Generator(seed: seed, purpose: "parameters"))
        let session = ClassifierSession(
            model: model, images: task.images, forget: [], retain: examples, phase: training.phase, seed: seed,
            onProgress: { event in
                onProgress(
                    ProgressEvent(stage: "Training", done: event.done, total: event.total, unit: event.unit))
            })
        try training.train(session)
        return model
    }
}
