// Training a language model further on examples.

public import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// A training of a language model whose options are known to be right.
public struct LanguageTrainingPlan: TrainingPlan {
    public let family = Family.language
    public let configuration: TrainingConfiguration
    public let options: ResolvedOptions
    public let training: LanguageTraining
    public let lora: LoRAOptions

    static let groups = [SettingGroup(LanguageTraining()), SettingGroup(LoRAOptions(), under: "lora")]

    public init(_ configuration: TrainingConfiguration, settings: [JSONValue]) throws {
        self.configuration = configuration
        guard !configuration.model.isEmpty else {
            throw KitError.invalidOption(
                path: "model",
                problem:
                    "neither a language model to train nor, under images, images to train a classifier on are given")
        }
        options = try ResolvedOptions(Self.groups, settings: settings)
        training = try options()
        lora = try options(LoRAOptions.self, "lora")
        try Options.checkThreads(configuration.threads)
    }

    public struct Inputs: RunInputs {
        let examples: [Example]
        public let provenance: Provenance
    }

    public func inputs(_ context: RunContext) throws -> Inputs {
        let source = URL(filePath: configuration.model)
        try training.loop().checkParameters(of: try ModelLoader.open(source, cache: context.hub))
        let examples = try UserData.examples(configuration.data)
        // A text may still be cut into more examples, when it is known what the model reads.
        if !ExampleReader.isText(URL(filePath: configuration.data)) { _ = try split(examples.count) }
        return Inputs(
            examples: examples,
            provenance: try Provenance(
                of: source, cache: context.hub, data: [configuration.data], toolVersion: context.toolVersion,
                seed: configuration.seed, method: RunKind.train.rawValue,
                subject: URL(filePath: configuration.data).lastPathComponent))
    }

    public func load(_ inputs: Inputs, _ context: RunContext) throws -> LanguageModelTraining {
        let (directory, model) = try ModelLoader.load(
            URL(filePath: configuration.model), cache: context.hub, chatFormat: configuration.chatFormat,
            precision: training.frozenPrecision)
        let examples = try UserData.fitted(inputs.examples, of: configuration.data, to: model)
        let split = try split(examples.count)
        try lora.attach(to: model, pattern: training.parameters, seed: configuration.seed)
        let tokens = try model.encoder.encode(examples, of: configuration.data)
        func part(_ indices: [Int]) -> LanguageModelTraining.Part {
            (indices.map { examples[$0] }, indices.map { tokens[$0] }.filter { !$0.targets.isEmpty })
        }
        return LanguageModelTraining(self, directory, model, part(split.train), part(split.validation), context)
    }

    private func split(_ count: Int) throws -> (train: [Int], validation: [Int]) {
        let split = training.split(count, seed: configuration.seed)
        guard !split.train.isEmpty else {
            throw KitError.invalidOption(
                path: "validationShare", problem: "it leaves none of \(count) examples to learn from")
        }
        return split
    }
}

/// A language model in memory, and the examples that it is to learn.
public final class LanguageModelTraining: Training {
    typealias Part = (examples: [Example], tokens: [TokenExample])

    private let plan: LanguageTrainingPlan
    private let directory: ModelDirectory
    private let model: LanguageModel
    private let training, validation: Part
    private let context: RunContext
    private var validationBefore: Double?
    private var stepCount = 0
    private var trainedCount = 0

    init(
        _ plan: LanguageTrainingPlan, _ directory: ModelDirectory, _ model: LanguageModel, _ training: Part,
        _ validation: Part, _ context: RunContext
    ) {
        (self.plan, self.directory, self.model, self.context) = (plan, directory, model, context)
        (self.training, self.validation) = (training, validation)
    }

    public func prepare(into folder: RunDirectory) throws {
        try folder.write(lines: training.examples, to: folder.trainingExamplesFile)
        try folder.write(lines: validation.examples, to: folder.validationExamplesFile)
    }

    public func train(_ course: Course) throws {
        if !validation.tokens.isEmpty { validationBefore = model.tokenMean(validation.tokens) }
        let options = plan.training.loop(over: training.tokens.count)
        let session = Session(
            model: model, forget: training.tokens, retain: [], options: options, seed: plan.configuration.seed,
            resumption: course.resumption, stage: "Training", onProgress: context.onProgress, onStep: course.onStep)
        stepCount = try plan.training.train(session, validation: validation.tokens)
        let store = model.model.parameters
        let trained = store.attached.isEmpty ? try store.select(options.parameters) : store.additionNames
        trainedCount = trained.reduce(0) { $0 + store[$1].count }
        if plan.lora.form == .merged { store.mergeAll() }
    }

    public func result(_ steps: [StepEvent]) throws -> LanguageTrainingResult {
        let values = steps.map { $0.terms["nll"] ?? .nan }
        return LanguageTrainingResult(
            examples: training.tokens.count, validationExamples: validation.tokens.count, steps: stepCount,
            trainedParameters: trainedCount,
            training: .init(before: values.first ?? .nan, after: values.last ?? .nan),
            validation: validationBefore.map { .init(before: $0, after: model.tokenMean(validation.tokens)) })
    }

    public func save(to folder: URL) throws {
        try model.save(to: folder, from: directory, plan.lora, base: plan.configuration.model)
    }
}

extension RunDirectory {
    var trainingExamplesFile: URL { url.appendingPathComponent("data/train.jsonl") }
    var validationExamplesFile: URL { url.appendingPathComponent("data/validation.jsonl") }
}

/// What the training of a language model did.
public struct LanguageTrainingResult: TrainingResult, Equatable {
    /// A mean cross-entropy per labelled token, in nats, at two times.
    public struct Change: Codable, Sendable, Equatable {
        public var before: Double
        public var after: Double

        var words: String { [before, after].map { NumberText.decimal($0, places: 3) }.joined(separator: " to ") }
    }

    public var examples: Int
    public var validationExamples: Int
    public var steps: Int
    /// How many scalars were trained, low-rank additions in place of the weights they belong to.
    public var trainedParameters: Int
    /// At the first and at the last step, of that step's examples.
    public var training: Change
    /// Of the model that came in and of the model that is saved; nil without a validation set.
    public var validation: Change?
    public var loadSeconds = 0.0
    public var trainSeconds = 0.0
    public var peakMemoryBytes = 0
    public var resultHash = ""

    public func words(_ output: String) -> String {
        var text =
            "Wrote \(output)/model: \(CountText.words(trainedParameters)) parameters trained on "
            + "\(CountText.words(examples)) examples in \(CountText.words(steps)) steps, "
            + "\(NumberText.decimal(trainSeconds, places: 1)) s.\nCross-entropy in nats per token, first to last "
            + "step: \(training.words)"
        if let validation {
            text += "; on \(validationExamples) examples kept apart: \(validation.words)"
        }
        return text + "."
    }

    public func card(_ provenance: Provenance) -> String {
        var text =
            "\(examples) examples of \(MarkdownText.escaped(provenance.subject)) in \(steps) steps. Cross-entropy of a "
            + "step's examples, first to last step: \(training.words) nats per token."
        if let validation {
            text +=
                "\n\nOn \(validationExamples) examples that were not trained on: \(validation.words) nats per token."
        }
        return text
    }
}
