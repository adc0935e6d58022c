// A run that makes a classifier forget, with everything that a user can get wrong checked before anything is loaded.

public import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
public import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// A configuration for a classifier whose method and options are known to be right.
public struct ResolvedImageRun: Sendable {
    /// The method if none is named.
    public static let defaultMethod = BoundaryShrink.card.name

    public let configuration: RunConfiguration
    public let task: ImageTaskOptions
    public let method: ResolvedClassifierMethod
    public let verdict: ImageVerdictRule
    /// All options as they were resolved, for the record.
    public let options: JSONValue

    /// Options of the method and of its main phase stand side by side; those of the verdict under `verdict`.
    public init(_ configuration: RunConfiguration, settings: [JSONValue]) throws {
        var configuration = configuration
        if configuration.method.isEmpty { configuration.method = Self.defaultMethod }
        self.configuration = configuration
        guard let task = configuration.images, !task.data.isEmpty else {
            throw KitError.invalidOption(
                path: "data", problem: "the model is an image classifier, and no images are given")
        }
        for (name, value) in [
            ("subject", configuration.subject), ("forget", configuration.forget), ("retain", configuration.retain),
            ("terms", configuration.terms),
        ] where value != nil {
            throw KitError.invalidOption(
                path: name,
                problem: "an image classifier forgets images: choose them with --forget-class, --forget-files or "
                    + "--forget-share")
        }
        guard (1...1024).contains(configuration.threads ?? 1) else {
            throw KitError.invalidOption(path: "threads", problem: "it must be from 1 to 1024")
        }
        self.task = task
        let rules = try JSONValue(encoding: ImageVerdictRule())
        var (judging, training) = (rules, [JSONValue]())
        for change in settings {
            if let change = change["verdict"] { judging = try Options.overlay(change, on: judging, at: "verdict") }
            training.append(
                .object(JSONObject((change.object ?? [:]).filter { $0.key != "verdict" }.map { ($0.key, $0.value) })))
        }
        method = try ResolvedClassifierMethod(configuration.method, settings: training, at: "")
        verdict = try Options.decode(ImageVerdictRule.self, from: judging, at: "verdict")
        var options = method.options
        options["verdict"] = judging
        self.options = options
    }
}

/// A run of either family of models.
public enum RunPlan: Sendable {
    case language(ResolvedRun)
    case images(ResolvedImageRun)

    /// Looks at what kind of model it is, and resolves the options for it.
    public init(_ configuration: RunConfiguration, settings: [JSONValue]) throws {
        guard !configuration.model.isEmpty else {
            throw KitError.invalidOption(path: "model", problem: "no model is given")
        }
        if ClassifierDirectory.isClassifier(URL(filePath: configuration.model)) {
            self = .images(try ResolvedImageRun(configuration, settings: settings))
        } else if configuration.images != nil {
            throw KitError.invalidOption(
                path: "data", problem: "images were given, and '\(configuration.model)' is no image classifier")
        } else {
            self = .language(try ResolvedRun(configuration, settings: settings))
        }
    }

    public var configuration: RunConfiguration {
        switch self {
        case .language(let run): run.configuration
        case .images(let run): run.configuration
        }
    }

    /// Does it all, from the model to the report.
    public func run(_ context: RunContext) throws -> Report {
        switch self {
        case .language(let run): try Pipeline(run, context)()
        case .images(let run): try ImagePipeline(run, context)()
        }
    }
}

extension ClassifierTrainingRun {
    /// How the classifier in a folder was trained; nil if nothing there says so.
    public init?(recordedIn folder: URL) {
        guard let json = try? JSONValue(contentsOf: folder.appending(path: Self.fileName)),
            let run: ClassifierTrainingRun = try? json.decode()
        else { return nil }
        self = run
    }

    static let fileName = "training.json"
}
