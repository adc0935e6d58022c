// `unlearn train` for language models: check, load, divide the examples, train, save.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// What a training did. Everything but times, memory and the model's fingerprint follows from what the run wrote down.
public struct TrainingResult: Codable, Sendable, Equatable {
    /// A mean cross-entropy per labelled token, in nats, at two times.
    public struct Change: Codable, Sendable, Equatable {
        public var before: Double
        public var after: Double
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
}

/// One training of a language model, from a configuration to a model directory.
public struct TrainingPipeline {
    private let run: ResolvedTraining
    private let context: RunContext

    public init(_ run: ResolvedTraining, _ context: RunContext) { (self.run, self.context) = (run, context) }

    /// Runs everything. The output folder holds `finished` at the end, and its `model/` is complete or not there.
    public func callAsFunction() throws -> TrainingResult {
        let configuration = run.configuration
        let source = URL(filePath: configuration.model)
        try run.checkParameters(of: try ModelLoader.open(source, cache: context.hub))
        var examples = try UserData.examples(configuration.data)
        // A text may still be cut into more examples, when it is known what the model reads.
        if !ExampleReader.isText(URL(filePath: configuration.data)) { _ = try split(examples.count) }
        let provenance = try Provenance(
            of: source, cache: context.hub, data: [configuration.data], toolVersion: context.toolVersion,
            seed: configuration.seed, method: RunKind.train.rawValue,
            subject: URL(filePath: configuration.data).lastPathComponent)
        let folder = try self.folder(provenance)

        let start = ContinuousClock.now
        let (directory, model) = try ModelLoader.load(
            source, cache: context.hub, chatFormat: configuration.chatFormat, precision: run.training.frozenPrecision)
        examples = try UserData.fitted(examples, of: configuration.data, to: model)
        let split = try split(examples.count)
        try run.lora.attach(to: model, pattern: run.training.parameters, seed: configuration.seed)
        try folder.write(lines: split.train.map { examples[$0] }, to: folder.trainingExamplesFile)
        try folder.write(lines: split.validation.map { examples[$0] }, to: folder.validationExamplesFile)
        let tokens = try model.encoder.encode(examples, of: configuration.data)
        func encoded(_ indices: [Int]) -> [TokenExample] {
            indices.map { tokens[$0] }.filter { !$0.targets.isEmpty }
        }
        let loaded = ContinuousClock.now
        var seconds = 0.0
        var result = try timed(&seconds) {
            try train(model, encoded(split.train), encoded(split.validation), folder)
        }
        result.loadSeconds = (loaded - start) / .seconds(1)
        result.trainSeconds = seconds
        let card = TrainingCardRenderer(license: License.declared(by: source))
            .render(result, run.options, provenance)
        result.resultHash = try folder.save(
            model, from: directory, run.lora, base: configuration.model, cache: context.hub, card: card)
        result.peakMemoryBytes = Runtime.peakMemoryBytes
        try folder.write(result, to: folder.resultFile)
        try folder.finish()
        return result
    }

    private func split(_ count: Int) throws -> (train: [Int], validation: [Int]) {
        let split = run.training.split(count, seed: run.configuration.seed)
        guard !split.train.isEmpty else {
            throw KitError.invalidOption(
                path: "validationShare", problem: "it leaves none of \(count) examples to learn from")
        }
        return split
    }

    private func folder(_ provenance: Provenance) throws -> RunDirectory {
        let output = URL(filePath: run.configuration.output)
        if context.isResumed { return try RunDirectory(resuming: output, from: provenance, folders: ["data"]) }
        let record = RunRecord(
            command: .train, configuration: run.configuration, options: run.options, provenance: provenance)
        return try RunDirectory(creating: output, run: record, folders: ["data"])
    }

    private func train(
        _ model: LanguageModel, _ examples: [TokenExample], _ validation: [TokenExample], _ folder: RunDirectory
    ) throws -> TrainingResult {
        let before = validation.isEmpty ? nil : model.tokenMean(validation)
        let options = run.training.loop(over: examples.count)
        let steps = try folder.training { resumption, onStep in
            let session = Session(
                model: model, forget: examples, retain: [], options: options, seed: run.configuration.seed,
                resumption: resumption, onProgress: context.onProgress, onStep: onStep)
            return try run.training.train(session, validation: validation)
        }
        let store = model.model.parameters
        let trained = store.attached.isEmpty ? try store.select(options.parameters) : store.additionNames
        let values = try folder.trace().steps.map { $0.terms["nll"] ?? .nan }
        let count = trained.reduce(0) { $0 + store[$1].count }
        if run.lora.form == .merged { store.mergeAll() }
        return TrainingResult(
            examples: examples.count, validationExamples: validation.count, steps: steps, trainedParameters: count,
            training: .init(before: values.first ?? .nan, after: values.last ?? .nan),
            validation: before.map { .init(before: $0, after: model.tokenMean(validation)) })
    }
}

extension RunDirectory {
    var trainingExamplesFile: URL { url.appendingPathComponent("data/train.jsonl") }
    var validationExamplesFile: URL { url.appendingPathComponent("data/validation.jsonl") }
    /// What a training found: see ``TrainingResult``.
    var resultFile: URL { url.appendingPathComponent("result.json") }
}

/// The README.md of a model that was trained further.
struct TrainingCardRenderer {
    /// The original model's license, as its own card names it.
    var license: String?

    func render(_ result: TrainingResult, _ options: JSONValue, _ provenance: Provenance) -> String {
        func nats(_ change: TrainingResult.Change) -> String {
            String(format: "%.3f to %.3f nats per token", change.before, change.after)
        }
        var text = """
            ---
            library_name: transformers
            pipeline_tag: text-generation\(license.map { "\n" + License.line($0) } ?? "")
            ---
            # \(MarkdownText.escaped(provenance.model)), trained further

            Trained with `unlearn` \(MarkdownText.escaped(provenance.toolVersion)), seed \(provenance.seed), on \
            \(result.examples) examples of \(MarkdownText.escaped(provenance.subject)) in \(result.steps) steps. \
            Cross-entropy of a step's examples, first to last step: \(nats(result.training)).

            """
        if let validation = result.validation {
            text += "On \(result.validationExamples) examples that were not trained on: \(nats(validation)).\n"
        }
        text += "\nSHA-256 of the original weights: \(provenance.modelHash).\n\n```\n\(options.text())\n```\n"
        return text
    }
}
