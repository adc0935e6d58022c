// Forgetting by a classifier: every choice, resolved and checked before anything is loaded.

import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
public import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// A configuration for a classifier whose method and options are known to be right.
public struct ClassifierPlan: ForgettingPlan {
    /// The method if none is named.
    public static let defaultMethod = BoundaryShrink.card.name

    public let family = Family.classifier
    public let configuration: RunConfiguration
    public let options: ResolvedOptions
    public let task: ImageTaskOptions
    public let method: ResolvedClassifierMethod
    public let verdict: ClassifierVerdictRule

    /// Options of the method and of its main phase stand side by side; those of the verdict under `verdict`.
    static func groups(_ method: String) throws -> [SettingGroup] {
        try ResolvedClassifierMethod.groups(method) + [SettingGroup(ClassifierVerdictRule(), under: "verdict")]
    }

    public init(_ configuration: RunConfiguration, settings: [JSONValue]) throws {
        var configuration = configuration
        if configuration.method.isEmpty { configuration.method = Self.defaultMethod }
        for (name, value) in [
            ("subject", configuration.subject), ("forget", configuration.forget), ("retain", configuration.retain),
            ("terms", configuration.terms),
        ] where value != nil {
            throw KitError.invalidOption(
                path: name,
                problem: "an image classifier forgets images: choose them with --forget-class, --forget-files or "
                    + "--forget-share")
        }
        guard let task = configuration.images?.completed(from: URL(filePath: configuration.model)), !task.data.isEmpty
        else {
            throw KitError.invalidOption(
                path: "data", problem: "the model is an image classifier, and no images are given")
        }
        configuration.images = task
        try Options.checkThreads(configuration.threads)
        (self.configuration, self.task) = (configuration, task)
        options = try ResolvedOptions(
            Self.groups(configuration.method), settings: ResolvedClassifierMethod.meant(settings))
        method = try ResolvedClassifierMethod(configuration.method, options)
        verdict = try options(ClassifierVerdictRule.self, "verdict")
    }

    /// The images, their splits, and where all comes from.
    public struct Inputs: RunInputs {
        let task: ImageTask
        public let provenance: Provenance
    }

    public func inputs(_ context: RunContext) throws -> Inputs {
        let task = try ImageTask(self.task, onNotice: context.onNotice)
        var provenance = try Provenance(
            of: URL(filePath: configuration.model), data: [self.task.forget.files].compactMap(\.self),
            toolVersion: context.toolVersion, seed: configuration.seed, method: configuration.method,
            subject: self.task.forget.words(count: task.splits.forget.count))
        provenance.dataFiles.append(task.digest(of: self.task))
        return Inputs(task: task, provenance: provenance)
    }

    public func load(_ inputs: Inputs, _ context: RunContext) throws -> ClassifierForgetting {
        let source = URL(filePath: configuration.model)
        let model = try ClassifierDirectory.load(source)
        try inputs.task.check(model, path: source.path)
        return ClassifierForgetting(self, inputs.task, model, context)
    }
}

extension ImageTaskOptions {
    /// With the images that the model was trained on, and how they are labelled, where none are given here.
    func completed(from model: URL) -> ImageTaskOptions {
        guard data.isEmpty, var task = ClassifierTrainingRecord(of: model)?.task else { return self }
        task.forget = forget
        return task
    }
}

extension ForgetChoice {
    /// "class 3", "the 78 images of list.txt", "78 images drawn at random".
    func words(count: Int) -> String {
        if let files { return "the \(count) images of \(URL(filePath: files).lastPathComponent)" }
        if let className { return "class \(className)" }
        return "\(count) images drawn at random"
    }
}

extension FamilyWords {
    static let classifier = FamilyWords(
        forgotten: "this run gives evidence that the forgotten images are to the model like images that it never saw",
        undecided: "whether the model forgot the images",
        limits: [
            "These figures look at one model. Whether it is like models that never saw the images is measured by "
                + "`unlearn benchmark neurips2023`.",
            "The attack looks at losses only; stronger attacks exist.",
            "Further training on the images, or on ones like them, can bring back what was forgotten.",
        ],
        aim: "is as if it had never seen", frontMatter: ["pipeline_tag: image-classification"],
        forgetTitle: "Images to be forgotten", unit: "nats")
}
