// What a run does: every choice, resolved and checked before anything is loaded.

import Foundation
public import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// The choices of a user, as flags or as a file state them.
public struct RunConfiguration: Configurable {
    /// A model directory, a GGUF file or a llama2.c checkpoint.
    public var model = ""
    /// What to forget, by name.
    public var subject: String?
    /// The user's own examples to forget, and to keep.
    public var forget: String?
    public var retain: String?
    /// Terms of the subject: words separated by commas, a file with one on each line, or a `terms.json` of an earlier run.
    public var terms: String?
    /// The method by its name; empty: the usual one for the kind of model.
    public var method = ""
    public var output = ""
    public var seed: UInt64 = 0
    public var threads: Int?
    public var chatFormat: ChatFormat?
    /// The images of a classifier, and which of them are to be forgotten.
    public var images: ImageTaskOptions?

    public init() {}
}

/// A configuration whose method and options are known to be right.
public struct ResolvedRun: Sendable {
    /// The method if none is named.
    public static let defaultMethod = TranslatedDistillation.card.name

    public let configuration: RunConfiguration
    public let method: any LanguageMethod
    public let training: TrainingOptions
    public let lora: LoRAOptions
    public let study: StudyOptions
    public let evaluation: EvaluationOptions
    public let verdict: VerdictRule
    /// All options as they were resolved, for the record.
    public let options: JSONValue

    /// Lays the user's options over the method's defaults. Options of the method and of its training stand side by
    /// side; those of low-rank additions, the study, the evaluation and the verdict under these names.
    public init(_ configuration: RunConfiguration, settings: [JSONValue]) throws {
        var configuration = configuration
        if configuration.method.isEmpty { configuration.method = Self.defaultMethod }
        self.configuration = configuration
        let type = try Self.method(configuration.method)
        var options = try Self.json(type.trainingDefaults)
        let own = try Self.json(type.init())
        for (key, value) in own.object ?? [:] { options[key] = value }
        options["lora"] = try Self.json(LoRAOptions())
        options["study"] = try Self.json(StudyOptions())
        options["evaluation"] = try Self.json(EvaluationOptions())
        options["verdict"] = try Self.json(VerdictRule())
        for change in settings { options = try Options.overlay(change, on: options) }
        self.options = options
        try Options.checkNumbers(of: own, in: options, at: "")
        func group<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
            try Options.decode(type, from: options[name] ?? [:], at: name)
        }
        method = try Options.decode(type, from: options)
        training = try Options.decode(TrainingOptions.self, from: options)
        lora = try group(LoRAOptions.self, "lora")
        study = try group(StudyOptions.self, "study")
        evaluation = try group(EvaluationOptions.self, "evaluation")
        verdict = try group(VerdictRule.self, "verdict")
        try check()
    }

    private func check() throws {
        guard configuration.subject?.isBlank == false || configuration.forget != nil else {
            throw KitError.invalidOption(path: "subject", problem: "neither a subject nor a file to forget is given")
        }
        try training.check()
        try lora.check()
        for (name, value) in [
            ("study.temperature", study.temperature), ("evaluation.temperature", evaluation.temperature),
        ] where value < 0 {
            throw KitError.invalidOption(path: name, problem: "it must not be negative")
        }
        try Options.check([
            ("study.answerTokens", study.answerTokens, 1...1_000_000),
            ("study.entities", study.entities, 0...1_000_000),
            ("study.neighbours", study.neighbours, 0...1_000_000), ("threads", configuration.threads ?? 1, 1...1024),
            ("evaluation.samples", evaluation.samples, 0...1000), ("evaluation.shown", evaluation.shown, 0...1000),
        ])
        for (name, path) in [("forget", configuration.forget), ("retain", configuration.retain)] {
            if let path, !FileManager.default.fileExists(atPath: path) {
                throw FormatError.missing(path: path, expected: "a file of examples for --\(name)")
            }
        }
    }

    /// That the pattern of the parameters to train matches some, and that the method's options fit the model, before
    /// its weights are read.
    func checkParameters(of model: ModelDirectory) throws {
        try method.check(layerCount: model.layerCount)
        try training.checkParameters(of: model)
    }

    /// The method of that name; if there is none, the most similar names come first.
    private static func method(_ name: String) throws -> any LanguageMethod.Type {
        do {
            return try MethodCatalog.method(name)
        } catch {
            guard case MethodError.unknownMethod(_, let known) = error else { throw error }
            throw MethodError.unknownMethod(name, known: NearestName.ordered(known, by: name))
        }
    }

    private static func json(_ value: some Encodable) throws -> JSONValue {
        try JSONValue(encoding: value)
    }
}

extension String {
    var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
