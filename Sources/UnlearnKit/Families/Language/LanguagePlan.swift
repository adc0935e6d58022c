// Forgetting by a language model: every choice, resolved and checked before anything is loaded.

import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// A configuration for a language model whose method and options are known to be right.
public struct LanguagePlan: ForgettingPlan {
    /// The method if none is named.
    public static let defaultMethod = TranslatedDistillation.card.name

    public let family = Family.language
    public let configuration: RunConfiguration
    public let options: ResolvedOptions
    public let method: any LanguageMethod
    public let training: TrainingOptions
    public let lora: LoRAOptions
    public let study: StudyOptions
    public let evaluation: EvaluationOptions
    public let verdict: LanguageVerdictRule

    /// Options of a method and of its training stand side by side; the others under their names.
    static func groups(_ method: String) throws -> [SettingGroup] {
        let type = try Options.method(method, MethodCatalog.method)
        return [
            SettingGroup(type.trainingDefaults), SettingGroup(type.init()), SettingGroup(LoRAOptions(), under: "lora"),
            SettingGroup(StudyOptions(), under: "study"), SettingGroup(EvaluationOptions(), under: "evaluation"),
            SettingGroup(LanguageVerdictRule(), under: "verdict"),
        ]
    }

    public init(_ configuration: RunConfiguration, settings: [JSONValue]) throws {
        var configuration = configuration
        if configuration.method.isEmpty { configuration.method = Self.defaultMethod }
        self.configuration = configuration
        options = try ResolvedOptions(Self.groups(configuration.method), settings: settings)
        method = try options(MethodCatalog.method(configuration.method))
        training = try options()
        lora = try options(LoRAOptions.self, "lora")
        study = try options(StudyOptions.self, "study")
        evaluation = try options(EvaluationOptions.self, "evaluation")
        verdict = try options(LanguageVerdictRule.self, "verdict")
        guard configuration.subject?.isBlank == false || configuration.forget != nil else {
            throw KitError.invalidOption(path: "subject", problem: "neither a subject nor a file to forget is given")
        }
        try method.check(beside: training, lora)
        try Options.checkThreads(configuration.threads)
        for (name, path) in [("forget", configuration.forget), ("retain", configuration.retain)] {
            if let path, !FileManager.default.fileExists(atPath: path) {
                throw FormatError.missing(path: path, expected: "a file of examples for --\(name)")
            }
        }
    }

    /// The user's own files, and where all comes from.
    public struct Inputs: RunInputs {
        var data: UserData
        public let provenance: Provenance
    }

    public func inputs(_ context: RunContext) throws -> Inputs {
        let source = URL(filePath: configuration.model)
        let model = try ModelLoader.open(source, cache: context.hub)
        // Both before any weights are read.
        try method.check(layerCount: model.layerCount)
        try training.checkParameters(of: model)
        try configuration.checkExport(of: model)
        let data = try UserData(configuration, splitBy: method.splitColumn)
        return Inputs(
            data: data,
            provenance: try Provenance(
                of: source, cache: context.hub, data: [configuration.forget, configuration.retain].compactMap(\.self),
                toolVersion: context.toolVersion, seed: configuration.seed, method: configuration.method,
                subject: configuration.subject ?? configuration.forget ?? "", answer: options.json["answer"]?.string))
    }

    public func load(_ inputs: Inputs, _ context: RunContext) throws -> LanguageForgetting {
        let (directory, model, data) = try open(inputs, context)
        try lora.attach(to: model, pattern: training.parameters, seed: configuration.seed)
        return LanguageForgetting(self, directory, model, data, inputs.provenance, context)
    }

    private func open(
        _ inputs: Inputs, _ context: RunContext
    ) throws -> (ModelDirectory, LanguageModel, UserData) {
        let (directory, model) = try ModelLoader.load(
            URL(filePath: configuration.model), cache: context.hub, chatFormat: configuration.chatFormat,
            precision: training.frozenPrecision)
        var data = inputs.data
        try data.fit(to: model, configuration)
        return (directory, model, data)
    }

    /// The subject's terms with the ordinary word that stands in for each, as a run would find them: for a person to edit,
    /// and to be read again where the configuration names them.
    public func terms(_ context: RunContext) throws -> SubjectTerms {
        let inputs = try inputs(context)
        let (_, model, data) = try open(inputs, context)
        return try StudySource(
            plan: self, data: data, model: model, provenance: inputs.provenance, context: context
        ).terms()
    }
}

extension TrainingOptions {
    /// That the pattern of the parameters to train matches some of the model's, before its weights are read.
    func checkParameters(of model: ModelDirectory) throws {
        _ = try ParameterStore.select(parameters, from: model.parameters.map(\.name))
    }
}

extension LoRAOptions {
    /// Attaches additions if there are to be any: before long work, as the pattern may name no linear layer.
    func attach(to model: LanguageModel, pattern: String, seed: UInt64) throws {
        guard rank > 0 else { return }
        try LoRA.attach(self, to: model.model.parameters, pattern: pattern, seed: seed)
    }
}

extension FamilyWords {
    static let language = FamilyWords(
        forgotten: "this run gives evidence that the model no longer answers about the subject",
        undecided: "whether the model forgot the subject",
        limits: [
            "These figures are evidence about the questions that were asked; other questions may still bring facts out.",
            "Facts stated in a prompt, or further training on the subject, can bring back what was forgotten.",
            "The model may answer about the subject with fluent statements that are false.",
        ],
        aim: "no longer answers about", frontMatter: ["library_name: transformers", "pipeline_tag: text-generation"],
        forgetTitle: Split.forget.title, unit: "nats per token")
}
