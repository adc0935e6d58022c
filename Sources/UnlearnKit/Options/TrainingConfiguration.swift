// What `unlearn train` does to a language model: every choice, resolved and checked before anything is loaded.

import Foundation
public import UnlearnData
import UnlearnEngine
public import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// The choices of a user who trains a language model, as flags or as a file state them.
public struct TrainingConfiguration: Configurable {
    /// A model directory, a GGUF file or a llama2.c checkpoint.
    public var model = ""
    /// The examples to learn from.
    public var data = ""
    public var output = ""
    public var seed: UInt64 = 0
    public var threads: Int?
    public var chatFormat: ChatFormat?

    public init() {}
}

/// A training of a language model whose options are known to be right.
public struct ResolvedTraining: Sendable {
    public let configuration: TrainingConfiguration
    public let training: LanguageTraining
    public let lora: LoRAOptions
    /// All options as they were resolved, for the record.
    public let options: JSONValue

    /// Lays the user's options over the defaults; those of low-rank additions stand under `lora`.
    public init(_ configuration: TrainingConfiguration, settings: [JSONValue]) throws {
        self.configuration = configuration
        var options = try JSONValue(encoding: LanguageTraining())
        options["lora"] = try JSONValue(encoding: LoRAOptions())
        for change in settings { options = try Options.overlay(change, on: options) }
        self.options = options
        training = try Options.decode(LanguageTraining.self, from: options)
        lora = try Options.decode(LoRAOptions.self, from: options["lora"] ?? [:], at: "lora")
        try check()
    }

    private func check() throws {
        guard !configuration.model.isEmpty else {
            throw KitError.invalidOption(
                path: "model",
                problem: "no language model is given, and a classifier is trained with flags alone: "
                    + "`unlearn train --data FOLDER --output FOLDER`")
        }
        try Options.check([
            ("batchSize", training.batchSize, 1...1_000_000), ("accumulation", training.accumulation, 1...1_000_000),
            ("patience", training.patience, 0...1_000_000), ("threads", configuration.threads ?? 1, 1...1024),
        ])
        try training.loop().check()
        try lora.check()
        guard (0..<1).contains(training.validationShare) else {
            throw KitError.invalidOption(path: "validationShare", problem: "it must be at least 0 and less than 1")
        }
        guard training.patience == 0 || training.validationShare > 0 else {
            throw KitError.invalidOption(
                path: "patience", problem: "training can end early only if validationShare is more than 0")
        }
    }

    /// That the pattern of the parameters to train matches some.
    func checkParameters(of model: ModelDirectory) throws {
        try training.loop().checkParameters(of: model)
    }
}

extension Options {
    /// That numbers lie in their ranges.
    static func check(_ numbers: [(name: String, value: Int, range: ClosedRange<Int>)]) throws {
        for (name, value, range) in numbers where !range.contains(value) {
            throw KitError.invalidOption(
                path: name, problem: "it must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

extension TrainingOptions {
    /// That every option of the training loop is possible.
    func check() throws {
        for (name, value) in [("learningRate", learningRate), ("gradientNormLimit", gradientNormLimit)] {
            guard value > 0, value.isFinite else {
                throw KitError.invalidOption(path: name, problem: "it must be greater than zero")
            }
        }
        guard checkpointSeconds >= 0 else {
            throw KitError.invalidOption(path: "checkpointSeconds", problem: "it must not be negative")
        }
        guard (0...1).contains(schedule.finalShare) else {
            throw KitError.invalidOption(path: "schedule.finalShare", problem: "it must be from 0 to 1")
        }
        try Options.check([
            ("batchSize", batchSize, 1...1_000_000), ("retainBatchSize", retainBatchSize, 0...1_000_000),
            ("steps", steps ?? 1, 1...1_000_000), ("epochs", epochs, 1...1_000_000),
            ("schedule.warmupSteps", schedule.warmupSteps, 0...1_000_000),
        ])
    }

    /// That the pattern of the parameters to train matches some of the model's, before its weights are read.
    func checkParameters(of model: ModelDirectory) throws {
        _ = try ParameterStore.select(parameters, from: model.parameters.map(\.name))
    }
}

extension LoRAOptions {
    /// That every option of low-rank additions is possible.
    func check() throws {
        try Options.check([("lora.rank", rank, 0...1024)])
        guard alpha > 0, alpha.isFinite else {
            throw KitError.invalidOption(path: "lora.alpha", problem: "it must be greater than zero")
        }
    }

    /// Attaches additions if there are to be any: before long work, as the pattern may name no linear layer.
    func attach(to model: LanguageModel, pattern: String, seed: UInt64) throws {
        guard rank > 0 else { return }
        try LoRA.attach(self, to: model.model.parameters, pattern: pattern, seed: seed)
    }
}
