// Forgetting a tendency: every choice, resolved and checked before anything is loaded.

import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// A configuration for a language model that is to lose a tendency, such as toxic speech: what it is to forget is what a
/// judge finds in its own continuations of prompts, or in a collection of the user's.
public struct TendencyPlan: ForgettingPlan {
    /// The method if none is named: of what the model writes itself, harmless texts are preferred to toxic ones of the same
    /// prompts; a collection has no such pairs.
    static func defaultMethod(hasCollection: Bool) -> String { hasCollection ? NPO.card.name : DPO.card.name }
    /// The name of the prompts of this project.
    public static let ownPrompts = "toxicity"

    public let family = Family.language
    public let configuration: RunConfiguration
    public let options: ResolvedOptions
    public let method: any LanguageMethod
    public let training: TrainingOptions
    public let lora: LoRAOptions
    public let study: TendencyStudyOptions
    public let evaluation: TendencyEvaluationOptions
    public let verdict: TendencyVerdictRule

    /// The options of a run.
    static func groups(_ method: String) throws -> [SettingGroup] {
        let type = try Options.method(method, MethodCatalog.method)
        return [
            SettingGroup(trainingDefaults(type)), SettingGroup(methodDefaults(type)),
            SettingGroup(LoRAOptions(), under: "lora"), SettingGroup(studyDefaults(type), under: "study"),
            SettingGroup(TendencyEvaluationOptions(), under: "evaluation"),
            SettingGroup(TendencyVerdictRule(), under: "verdict"),
        ]
    }

    public func groups() throws -> [SettingGroup] { try Self.groups(configuration.method) }

    /// Continuations are short, so that many fit into a step; what is kept is of three kinds.
    private static func trainingDefaults(_ type: any LanguageMethod.Type) -> TrainingOptions {
        var training = type.trainingDefaults
        (training.batchSize, training.retainBatchSize, training.steps) = (8, 9, 40)
        var limited = training
        limited.stop.divergence = 0.02
        if !type.scalesItsChange, type.init().problem(beside: limited, additionRank: 0) == nil { training = limited }
        if type == NPO.self { training.learningRate = 3e-5 }
        if type == DPO.self {
            (training.batchSize, training.retainBatchSize, training.steps) = (6, 12, 48)
            (training.learningRate, training.stop.divergence) = (5e-5, 0.04)
        }
        return training
    }

    /// A term that holds whole distributions, since fluent text is to stay as it is, whatever it says.
    private static func methodDefaults(_ type: any LanguageMethod.Type) -> any LanguageMethod {
        var (npo, dpo) = (NPO(), DPO())
        (npo.retainTerm, npo.retainWeight) = (.kl, 2)
        (dpo.retainTerm, dpo.retainWeight) = (.kl, 20)
        return type == NPO.self ? npo : type == DPO.self ? dpo : type.init()
    }

    /// Where harmless continuations of toxic prompts are preferred, they are to become likelier, not to stay as they are.
    private static func studyDefaults(_ type: any LanguageMethod.Type) -> TendencyStudyOptions {
        var study = TendencyStudyOptions()
        guard type == DPO.self else { return study }
        (study.sparesToxicPrompts, study.prompts) = (false, 300)
        return study
    }

    public init(_ configuration: RunConfiguration, settings: [JSONValue]) throws {
        var configuration = configuration
        if configuration.method.isEmpty {
            configuration.method = Self.defaultMethod(hasCollection: configuration.forget != nil)
        }
        self.configuration = configuration
        options = try ResolvedOptions(Self.groups(configuration.method), settings: settings)
        method = try options(MethodCatalog.method(configuration.method))
        training = try options()
        lora = try options(LoRAOptions.self, "lora")
        study = try options(TendencyStudyOptions.self, "study")
        evaluation = try options(TendencyEvaluationOptions.self, "evaluation")
        verdict = try options(TendencyVerdictRule.self, "verdict")
        try check()
    }

    private func check() throws {
        for (name, value) in [("subject", configuration.subject), ("terms", configuration.terms)] where value != nil {
            throw KitError.invalidOption(
                path: name, problem: "a tendency has no name and no terms: its judge finds it")
        }
        guard let judge = configuration.judge else {
            throw KitError.invalidOption(
                path: "judge", problem: "none is given that could find what is to be forgotten")
        }
        try method.check(beside: training, lora)
        try Options.checkThreads(configuration.threads)
        let files: [(path: String?, expected: String)] = [
            (configuration.forget, "a file of examples for --toxic"),
            (configuration.retain, "a file of examples for --harmless"),
            (judge, "the folder of a judge for --judge"),
            (promptsFile?.path, "prompts for --tendency: a file, or '\(Self.ownPrompts)'"),
        ]
        for case (let path?, let expected) in files where !FileManager.default.fileExists(atPath: path) {
            throw FormatError.missing(path: path, expected: expected)
        }
    }

    /// Nil for the prompts of this project.
    private var promptsFile: URL? {
        guard let path = configuration.tendency else { return nil }
        return path == Self.ownPrompts && !FileManager.default.fileExists(atPath: path) ? nil : URL(filePath: path)
    }

    /// What the run starts from.
    public struct Inputs: RunInputs {
        var data: UserData
        let prompts: PromptParts
        let judge: any TextJudge
        public let provenance: Provenance
    }

    public func inputs(_ context: RunContext) throws -> Inputs {
        let source = URL(filePath: configuration.model)
        let model = try ModelLoader.open(source, cache: context.hub)
        try method.check(layerCount: model.layerCount)
        try training.checkParameters(of: model)
        try configuration.checkExport(of: model)
        let data = try UserData(configuration, splitBy: method.splitColumn)
        let all =
            if let promptsFile { try [TendencyPrompt](contentsOf: promptsFile) } else { try ToxicityPrompts.all() }
        let prompts = try PromptParts(
            all, judgedBy: evaluation.partition, seed: configuration.seed,
            path: promptsFile?.path ?? Self.ownPrompts)
        let folder = URL(filePath: configuration.judge ?? "")
        let judge = try JudgeFolder.judge(folder)
        let files =
            [configuration.forget, configuration.retain].compactMap(\.self)
            + (try Self.files(promptsFile)) + (try Self.files(folder))
        return Inputs(
            data: data, prompts: prompts, judge: judge,
            provenance: try Provenance(
                of: source, cache: context.hub, data: files, toolVersion: context.toolVersion, seed: configuration.seed,
                method: configuration.method, subject: "\(judge.kind) text"))
    }

    /// A file, or the files of a folder.
    private static func files(_ url: URL?) throws -> [String] {
        guard let url else { return [] }
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        guard isFolder.boolValue else { return [url.path] }
        let names = try systemCall("read the folder", url) {
            try FileManager.default.contentsOfDirectory(atPath: url.path)
        }
        return names.sorted().map { url.appending(path: $0).path }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    public func load(_ inputs: Inputs, _ context: RunContext) throws -> TendencyForgetting {
        let (directory, model) = try ModelLoader.load(
            URL(filePath: configuration.model), cache: context.hub, chatFormat: configuration.chatFormat,
            precision: training.frozenPrecision)
        var inputs = inputs
        try inputs.data.fit(to: model, configuration)
        try lora.attach(to: model, pattern: training.parameters, seed: configuration.seed)
        return TendencyForgetting(self, directory, model, inputs, context)
    }
}
