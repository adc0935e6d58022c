// Training a model that redraws pictures from the start, on a user's images.

public import Foundation
public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// A training of a model that redraws pictures whose options are known to be right.
public struct GeneratorTrainingPlan: TrainingPlan {
    public let family = Family.generator
    public let configuration: TrainingConfiguration
    public let options: ResolvedOptions
    public let record: GeneratorTrainingRecord

    static func groups(_ kind: GeneratorDesign.Kind = GeneratorDesign().kind) -> [SettingGroup] {
        [SettingGroup(GeneratorTraining(for: kind))]
    }

    public init(_ configuration: TrainingConfiguration, settings: [JSONValue]) throws {
        self.configuration = configuration
        guard let task = configuration.images, !task.data.isEmpty, configuration.data.isEmpty,
            let degradation = configuration.degradation
        else {
            throw KitError.invalidOption(
                path: "images.data",
                problem: "a model that redraws pictures is trained on images, whose folder stands there")
        }
        try Options.checkThreads(configuration.threads)
        let network = try ResolvedOptions(
            [SettingGroup(GeneratorDesign())],
            settings: [JSONValue(encoding: configuration.network ?? GeneratorDesign())],
            at: "network"
        )(GeneratorDesign.self)
        options = try ResolvedOptions(Self.groups(network.kind), settings: settings)
        var record = GeneratorTrainingRecord()
        (record.task, record.degradation, record.seed) = (task, degradation, configuration.seed)
        record.network = network
        record.leavesForgotten = configuration.leavesForgotten
        record.training = try options()
        if network.kind == .diffusionInpainter, record.training.wholeWeight > 0 {
            throw KitError.invalidOption(
                path: "wholeWeight",
                problem: "a diffusion-inpainter is trained on the noise where something is missing alone")
        }
        self.record = record
    }

    public struct Inputs: RunInputs {
        let task: ImageTask
        public let provenance: Provenance
    }

    public func inputs(_ context: RunContext) throws -> Inputs {
        let task = try ImageTask(record.task, onlyTrains: !record.leavesForgotten, onNotice: context.onNotice)
        try record.degradation.check(task.images)
        if let problem = record.network.problem(for: task.images) {
            throw KitError.invalidOption(path: "network.\(problem.path)", problem: problem.problem)
        }
        // A new model has no origin but its seed.
        var provenance = Provenance(
            toolVersion: context.toolVersion, seed: configuration.seed, method: RunKind.train.rawValue,
            subject: URL(filePath: record.task.data).lastPathComponent)
        provenance.dataFiles = [task.digest(of: record.task)]
        return Inputs(task: task, provenance: provenance)
    }

    public func load(_ inputs: Inputs, _ context: RunContext) throws -> GeneratorModelTraining {
        let model = try GeneratorDirectory.make(
            record.network.configuration(for: inputs.task.images, undoing: record.degradation),
            using: Generator(seed: configuration.seed, purpose: "parameters"))
        if let problem = model.problem(for: record.degradation) {
            throw KitError.invalidOption(path: "degradation", problem: problem)
        }
        return GeneratorModelTraining(record, inputs.task, model, context)
    }
}

/// Everything that decides what a training makes. It lies beside the model, so that what forgets knows the images.
public struct GeneratorTrainingRecord: Configurable {
    public var task = ImageTaskOptions()
    public var degradation = Degradation()
    public var network = GeneratorDesign()
    /// Whether the images that `task` says are to be forgotten are left out: a control that never saw them.
    public var leavesForgotten = false
    public var training = GeneratorTraining()
    public var seed: UInt64 = 0

    public init() {}

    /// How the model in a folder was trained; nil if nothing there says so.
    init?(of folder: URL) {
        guard let json = try? JSONValue(contentsOf: folder.appending(path: ClassifierTrainingRecord.fileName)),
            let record: Self = try? Options.resolve(overlays: [json])
        else { return nil }
        self = record
    }
}

/// A model in memory, and the pictures that it is to learn to redraw.
public final class GeneratorModelTraining: Training {
    private let record: GeneratorTrainingRecord
    private let task: ImageTask
    private let model: any ImageToImageModel
    private let context: RunContext
    private var look: TrainingLook?

    init(
        _ record: GeneratorTrainingRecord, _ task: ImageTask, _ model: any ImageToImageModel, _ context: RunContext
    ) {
        (self.record, self.task, self.model, self.context) = (record, task, model, context)
    }

    /// The images are where they were. Some of them are looked at while the model learns.
    public func prepare(into folder: RunDirectory) {
        look = TrainingLook(task, record, into: folder.lookFile)
    }

    public func train(_ course: Course) throws {
        try record.training.train(
            GeneratorSession(
                model: model, images: task.images, degradation: record.degradation, forget: [],
                retain: record.leavesForgotten ? task.splits.retain : task.splits.train, phase: record.training.phase,
                seed: record.seed, resumption: course.resumption,
                checkpointSeconds: record.training.checkpointSeconds, stage: "Training", onProgress: context.onProgress,
                onStep: course.onStep), looks: look?.during(model, context))
        _ = try look?.take(model)
    }

    public func result(_ steps: [StepEvent]) -> GeneratorTrainingResult {
        var splits = task.splits
        (splits.forget, splits.retain, splits.unseen) = ([], splits.train, splits.test)
        let evaluation = GeneratorEvaluation(
            of: model, on: task.images, splits, record.degradation, network: nil, blind: task.blindFill,
            GeneratorEvaluationOptions())
        func ratio(_ name: String, _ split: Split) -> Double {
            evaluation.outcomes.measurements.first { $0.name == name && $0.split == split }?.value ?? .nan
        }
        return GeneratorTrainingResult(
            images: task.images.count, parameters: model.parameters.scalarCount, steps: steps.count,
            trainDecibels: ratio(MetricName.psnr, .retain), testDecibels: ratio(MetricName.psnr, .unseen),
            blindDecibels: ratio(MetricName.psnr + "-blind", .retain))
    }

    public func save(to folder: URL) throws {
        try GeneratorDirectory.save(model, degradation: record.degradation, to: folder)
        let json = try JSONValue(encoding: record).text(.pretty) + "\n"
        try AtomicFile.write(json, to: folder.appending(path: ClassifierTrainingRecord.fileName))
    }
}

/// What such a training did. Ratios are of what is drawn, in decibels.
public struct GeneratorTrainingResult: TrainingResult, Equatable {
    public var images: Int
    public var parameters: Int
    public var steps: Int
    /// On training images, on test images, and what a fill that looks at nothing reaches.
    public var trainDecibels: Double
    public var testDecibels: Double
    public var blindDecibels: Double
    public var loadSeconds = 0.0
    public var trainSeconds = 0.0
    public var peakMemoryBytes = 0
    public var resultHash = ""

    private var ratios: String {
        "\(NumberText.decimal(trainDecibels, places: 2)) dB on training images and "
            + "\(NumberText.decimal(testDecibels, places: 2)) dB on test images (a blind fill: "
            + "\(NumberText.decimal(blindDecibels, places: 2)) dB)"
    }

    public func words(_ output: String) -> String {
        "Wrote \(output)/model: \(CountText.words(parameters)) parameters, redrawing at \(ratios), in "
            + "\(NumberText.decimal(trainSeconds, places: 1)) s."
    }

    public func card(_ provenance: Provenance) -> String {
        "\(CountText.words(images)) images of \(MarkdownText.escaped(provenance.subject)), which it redraws at \(ratios)."
    }
}
