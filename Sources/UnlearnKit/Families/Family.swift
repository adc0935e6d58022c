// The families of models: the one switch.

public import Foundation
public import UnlearnFormats
public import UnlearnMethods
import UnlearnModels

/// The one place that knows which families there are.
public enum Family: String, Codable, Sendable, CaseIterable {
    case language, classifier, generator

    /// The family of the model at a path, by the `model_type` of its config.json. What has none is a language model's:
    /// a file, an adapter, or a folder whose loader will say what is missing.
    /// - Throws: `ModelError` for an architecture that no family has, and for a config.json that cannot be read.
    public init(of model: URL) throws {
        if GeneratorDirectory.isPair(model) {
            self = .generator
            return
        }
        self = .language
        let file = model.appending(path: "config.json")
        guard ModelFormat(model) == .huggingFace, FileManager.default.fileExists(atPath: file.path) else { return }
        let json = try ConfigurationFile(file).json
        // diffusers has no model_type.
        guard let type = json["model_type"]?.string ?? json["_class_name"]?.string else { return }
        guard let family = Self.allCases.first(where: { $0.modelTypes.contains(type) }) else {
            throw ModelError.architecture(type, path: file.path, known: Self.allCases.flatMap(\.modelTypes))
        }
        self = family
    }

    /// The values of `model_type` that the family's architectures have.
    public var modelTypes: [String] {
        switch self {
        case .language: ArchitectureCatalog.all.flatMap(\.modelTypes)
        case .classifier: ArchitectureCatalog.classifiers.flatMap(\.modelTypes)
        case .generator: ArchitectureCatalog.generators.flatMap(\.modelTypes)
        }
    }

    /// The architectures of the family, each with its summary.
    public var architectures: [(name: String, summary: String)] {
        switch self {
        case .language: ArchitectureCatalog.all.map { ($0.name, $0.summary) }
        case .classifier: ArchitectureCatalog.classifiers.map { ($0.name, $0.summary) }
        case .generator: ArchitectureCatalog.generators.map { ($0.name, $0.summary) }
        }
    }

    /// Refuses choices that mean nothing to the family, which would be ignored otherwise.
    func refuseForeign(_ choices: RunConfiguration) throws {
        let texts = [
            ("subject", choices.subject), ("forget", choices.forget), ("retain", choices.retain),
            ("terms", choices.terms), ("tendency", choices.tendency), ("judge", choices.judge),
        ]
        let images = choices.images != nil || choices.features != nil
        if self != .generator, choices.degradation != nil {
            throw KitError.invalidOption(
                path: "degradation", problem: "'\(choices.model)' is no model that redraws pictures")
        }
        if self != .generator, choices.control != nil {
            throw KitError.invalidOption(
                path: "control", problem: "only for models that redraw pictures is a control measured beside the others"
            )
        }
        if self != .generator, choices.proxy != nil {
            throw KitError.invalidOption(
                path: "proxy", problem: "only for models that redraw pictures can others stand in for those to keep")
        }
        if self != .language, choices.export != nil {
            throw KitError.invalidOption(path: "export", problem: "only language models are written as GGUF files")
        }
        switch self {
        case .language where images:
            throw KitError.invalidOption(
                path: choices.images == nil ? "features" : "data",
                problem: "images were given, and '\(choices.model)' is no image classifier")
        case .classifier where choices.features != nil:
            throw KitError.invalidOption(path: "features", problem: "an image classifier draws no pictures to compare")
        case .classifier, .generator:
            guard let (name, _) = texts.first(where: { $0.1 != nil }) else { return }
            throw KitError.invalidOption(
                path: name,
                problem: (self == .classifier ? "an image classifier" : "a model that redraws pictures")
                    + " forgets images: choose them with --forget-class, --forget-files or --forget-share")
        case .language: return
        }
    }

    /// Whether a method works on the family.
    public func has(_ method: any UnlearningMethod.Type) -> Bool {
        switch self {
        case .language: method is any LanguageMethod.Type
        case .classifier: method is any ClassifierMethod.Type
        case .generator: method is any GeneratorMethod.Type
        }
    }

    /// The plan of forgetting: the user's choices, resolved and checked; nothing is loaded.
    public func plan(_ choices: RunConfiguration, settings: [JSONValue]) throws -> any ForgettingPlan {
        switch self {
        case .language where choices.tendency != nil || choices.judge != nil:
            try TendencyPlan(choices, settings: settings)
        case .language: try LanguagePlan(choices, settings: settings)
        case .classifier: try ClassifierPlan(choices, settings: settings)
        case .generator: try GeneratorPlan(choices, settings: settings)
        }
    }

    /// The plan of a training.
    public func trainingPlan(_ choices: TrainingConfiguration, settings: [JSONValue]) throws -> any TrainingPlan {
        switch self {
        case .language: try LanguageTrainingPlan(choices, settings: settings)
        case .classifier: try ClassifierTrainingPlan(choices, settings: settings)
        case .generator: try GeneratorTrainingPlan(choices, settings: settings)
        }
    }

    /// The method if none is named.
    public var defaultMethod: String {
        switch self {
        case .language: LanguagePlan.defaultMethod
        case .classifier: ClassifierPlan.defaultMethod
        case .generator: GeneratorPlan.defaultMethod
        }
    }

    /// The options that a method can be given, with those of all that a run does beside it.
    public func options(of method: String) throws -> [SettingGroup] {
        switch self {
        case .language: try LanguagePlan.groups(method)
        case .classifier: try ClassifierPlan.groups(method)
        case .generator: try GeneratorPlan.groups(method)
        }
    }

    /// The options that training can be given.
    public var trainingOptions: [SettingGroup] {
        switch self {
        case .language: LanguageTrainingPlan.groups
        case .classifier: ClassifierTrainingPlan.groups()
        case .generator: GeneratorTrainingPlan.groups()
        }
    }

    /// The attacks on models of the family.
    public var attacks: [any Attack.Type] {
        switch self {
        case .language: AttackCatalog.all.filter { $0 is any LanguageAttack.Type }
        case .classifier: AttackCatalog.all.filter { $0 is any ClassifierAttack.Type }
        case .generator: AttackCatalog.all.filter { $0 is any GeneratorAttack.Type }
        }
    }

    /// Whether an attack works on the family.
    public func has(_ attack: any Attack.Type) -> Bool { attacks.contains { $0 == attack } }

    /// The models of a run, as attacks see them.
    func auditSubject(
        _ run: RunDirectory, _ choices: AuditConfiguration, _ context: RunContext
    ) throws -> any AuditSubject {
        switch self {
        case .language: try LanguageAudit(run, choices, context)
        case .classifier: try ClassifierAudit(run, choices, context)
        case .generator: try GeneratorAudit(run, choices, context)
        }
    }

    /// What reports and model cards say of the family.
    public var words: FamilyWords {
        switch self {
        case .language: .language
        case .classifier: .classifier
        case .generator: .generator
        }
    }
}

/// What reports and model cards say of a family.
public struct FamilyWords: Sendable {
    /// For someone who reads nothing else: the evidence of a run that forgot, and what one that does not decide leaves open.
    public let forgotten, undecided: String
    /// What holds for every run.
    public let limits: [String]
    /// "no longer answers about", before the subject.
    public let aim: String
    /// The lines of a model card's front matter that say what it is.
    public let frontMatter: [String]
    /// What the examples to forget are, above a chart, and what their log-probabilities count.
    public let forgetTitle, unit: String
}
