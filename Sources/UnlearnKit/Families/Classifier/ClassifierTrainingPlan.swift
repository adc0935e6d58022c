// Training a classifier from the start, on a user's images.

public import Foundation
public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// Which recipe a training follows before its own settings.
public enum TrainingRecipe: String, Codable, Sendable, CaseIterable {
    /// Gradient descent with momentum, cosine, cropping and mirroring.
    case usual
    /// As the models of the NeurIPS 2023 challenge were trained: Adam, classes weighted, images as they are.
    case challenge

    public var training: ClassifierTraining { self == .usual ? ClassifierTraining() : .challenge }
}

/// A training of a classifier whose options are known to be right.
public struct ClassifierTrainingPlan: TrainingPlan {
    public let family = Family.classifier
    public let configuration: TrainingConfiguration
    public let options: ResolvedOptions
    public let record: ClassifierTrainingRecord

    static func groups(_ recipe: TrainingRecipe = .usual) -> [SettingGroup] { [SettingGroup(recipe.training)] }

    public init(_ configuration: TrainingConfiguration, settings: [JSONValue]) throws {
        self.configuration = configuration
        guard let task = configuration.images, !task.data.isEmpty, configuration.data.isEmpty else {
            throw KitError.invalidOption(
                path: "images.data", problem: "a classifier is trained on images, whose folder stands there")
        }
        try Options.checkThreads(configuration.threads)
        options = try ResolvedOptions(Self.groups(configuration.recipe ?? .usual), settings: settings)
        var record = ClassifierTrainingRecord()
        (record.task, record.design, record.seed) = (
            task, configuration.design ?? ClassifierDesign(), configuration.seed
        )
        record.training = try options()
        self.record = record
    }

    public struct Inputs: RunInputs {
        let task: ImageTask
        public let provenance: Provenance
    }

    public func inputs(_ context: RunContext) throws -> Inputs {
        let task = try ImageTask(record.task, onlyTrains: true, onNotice: context.onNotice)
        // A new model has no origin but its seed.
        var provenance = Provenance(
            toolVersion: context.toolVersion, seed: configuration.seed, method: RunKind.train.rawValue,
            subject: URL(filePath: record.task.data).lastPathComponent)
        provenance.dataFiles = [task.digest(of: record.task)]
        return Inputs(task: task, provenance: provenance)
    }

    public func load(_ inputs: Inputs, _ context: RunContext) throws -> ClassifierModelTraining {
        let model = try ClassifierDirectory.make(
            try inputs.task.configuration(of: record.design),
            using: Generator(seed: configuration.seed, purpose: "parameters"))
        return ClassifierModelTraining(record, inputs.task, model, context)
    }
}

/// Everything that decides what a training makes. It lies beside the model, so that what forgets knows the images.
public struct ClassifierTrainingRecord: Configurable {
    public var task = ImageTaskOptions()
    public var design = ClassifierDesign()
    public var training = ClassifierTraining()
    public var seed: UInt64 = 0

    static let fileName = "training.json"

    public init() {}

    /// How the classifier in a folder was trained; nil if nothing there says so.
    public init?(of folder: URL) {
        guard let json = try? JSONValue(contentsOf: folder.appending(path: Self.fileName)),
            // One that an earlier version wrote may lack what came later.
            let record: Self = try? Options.resolve(overlays: [json])
        else { return nil }
        self = record
    }
}

/// A classifier in memory, and the images that it is to learn.
public final class ClassifierModelTraining: Training {
    private let record: ClassifierTrainingRecord
    private let task: ImageTask
    private let model: any Classifier
    private let context: RunContext

    init(_ record: ClassifierTrainingRecord, _ task: ImageTask, _ model: any Classifier, _ context: RunContext) {
        (self.record, self.task, self.model, self.context) = (record, task, model, context)
    }

    /// The images are where they were.
    public func prepare(into folder: RunDirectory) {}

    /// On all training images, whatever is to be forgotten later.
    public func train(_ course: Course) throws {
        try record.training.train(
            ClassifierSession(
                model: model, images: task.images, forget: [], retain: task.splits.train, phase: record.training.phase,
                seed: record.seed, resumption: course.resumption,
                checkpointSeconds: record.training.checkpointSeconds, stage: "Training", onProgress: context.onProgress,
                onStep: course.onStep))
    }

    public func result(_ steps: [StepEvent]) -> ClassifierTrainingResult {
        let outcome = ClassifierOutcome(of: model, on: task.images, task.splits)
        return ClassifierTrainingResult(
            images: task.images.count, parameters: model.parameters.scalarCount,
            trainAccuracy: outcome.retainAccuracy, testAccuracy: outcome.testAccuracy)
    }

    public func save(to folder: URL) throws {
        try ClassifierDirectory.save(model, to: folder)
        let json = try JSONValue(encoding: record).text(.pretty) + "\n"
        try AtomicFile.write(json, to: folder.appending(path: ClassifierTrainingRecord.fileName))
    }
}

/// What the training of a classifier did.
public struct ClassifierTrainingResult: TrainingResult, Equatable {
    public var images: Int
    public var parameters: Int
    /// Shares of right answers on all training images and on the test images.
    public var trainAccuracy: Double
    public var testAccuracy: Double
    /// Of reading and decoding the images, and of training alone.
    public var loadSeconds = 0.0
    public var trainSeconds = 0.0
    public var peakMemoryBytes = 0
    public var resultHash = ""

    public func words(_ output: String) -> String {
        "Wrote \(output)/model: \(CountText.words(parameters)) parameters, accuracy "
            + "\(NumberText.percent(trainAccuracy)) on training images and "
            + "\(NumberText.percent(testAccuracy)) on test images, in \(NumberText.decimal(trainSeconds, places: 1)) s."
    }

    public func card(_ provenance: Provenance) -> String {
        "\(CountText.words(images)) images of \(MarkdownText.escaped(provenance.subject)). Accuracy "
            + "\(NumberText.percent(trainAccuracy)) on training images and \(NumberText.percent(testAccuracy)) on test images."
    }
}
