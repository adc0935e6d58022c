// What a run does: every choice, resolved and checked before anything is loaded.

import Foundation
public import UnlearnData
public import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods

/// The choices of a user, as flags or as a file state them.
public struct RunConfiguration: Configurable {
    /// A model directory, a GGUF file or a llama2.c checkpoint.
    public var model = ""
    /// What to forget, by name.
    public var subject: String?
    /// The user's own examples to forget, and to keep.
    public var forget: String?
    public var retain: String?
    /// Terms of the subject: words separated by commas, or a `terms.json` of an earlier run.
    public var terms: String?
    public var method = TranslatedDistillation.card.name
    public var output = ""
    public var seed: UInt64 = 0
    public var threads: Int?
    public var chatFormat: ChatFormat?

    public init() {}
}

/// A configuration whose method and options are known to be right.
public struct ResolvedRun: Sendable {
    public let configuration: RunConfiguration
    public let method: any UnlearningMethod
    public let training: TrainingOptions
    public let study: StudyOptions
    public let evaluation: EvaluationOptions
    public let verdict: VerdictRule
    /// All options as they were resolved, for the record.
    public let options: JSONValue

    /// Lays the user's options over the method's defaults. Options of the method and of its training stand side by
    /// side; those of the study, the evaluation and the verdict under these names.
    public init(_ configuration: RunConfiguration, settings: [JSONValue]) throws(KitError) {
        self.configuration = configuration
        let type = try KitError.method { () throws(MethodError) in try MethodCatalog.method(configuration.method) }
        var options = try Self.json(type.trainingDefaults)
        for (key, value) in try Self.json(type.init()).object ?? [:] { options[key] = value }
        options["study"] = try Self.json(StudyOptions())
        options["evaluation"] = try Self.json(EvaluationOptions())
        options["verdict"] = try Self.json(VerdictRule())
        for change in settings { options = try Options.overlay(change, on: options) }
        self.options = options
        method = try Self.decode(type, options)
        training = try Self.decode(TrainingOptions.self, options)
        study = try Self.decode(StudyOptions.self, options["study"] ?? [:])
        evaluation = try Self.decode(EvaluationOptions.self, options["evaluation"] ?? [:])
        verdict = try Self.decode(VerdictRule.self, options["verdict"] ?? [:])
        try check()
    }

    private func check() throws(KitError) {
        guard configuration.subject?.isBlank == false || configuration.forget != nil else {
            throw .invalidOption(path: "subject", problem: "neither a subject nor a file to forget is given")
        }
        let positive = [
            ("learningRate", training.learningRate), ("batchSize", Double(training.batchSize)),
            ("steps", Double(training.steps ?? 1)), ("epochs", Double(training.epochs)),
            ("gradientNormLimit", training.gradientNormLimit), ("study.answerTokens", Double(study.answerTokens)),
        ]
        for (name, value) in positive where !(value > 0) {
            throw .invalidOption(path: name, problem: "it must be greater than zero")
        }
        for (name, path) in [("forget", configuration.forget), ("retain", configuration.retain)] {
            if let path, !FileManager.default.fileExists(atPath: path) {
                throw .file(.missing(path: path, expected: "a file of examples for --\(name)"))
            }
        }
    }

    private static func json(_ value: some Encodable) throws(KitError) -> JSONValue {
        try KitError.file { () throws(FormatError) in try JSONValue(ordered: value) }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ json: JSONValue) throws(KitError) -> Value {
        do { return try json.decode(type) } catch .invalidValue(let place, let problem) {
            throw .invalidOption(path: place.description, problem: problem)
        } catch { throw .file(error) }
    }
}

extension String {
    var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
