// Forgetting by a model that redraws pictures: every choice, resolved and checked before anything is loaded.

import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation
public import UnlearnFormats
public import UnlearnMethods
import UnlearnModels

/// A configuration for a model that redraws pictures whose method and options are known to be right.
public struct GeneratorPlan: ForgettingPlan {
    /// The method if none is named.
    public static let defaultMethod = EncoderRedirection.card.name

    public let family = Family.generator
    public let configuration: RunConfiguration
    public let options: ResolvedOptions
    public let task: ImageTaskOptions
    public let method: any GeneratorMethod
    public let phase: Phase
    public let evaluation: GeneratorEvaluationOptions
    public let verdict: GeneratorVerdictRule
    /// What the model was trained to undo.
    let degradation: Degradation

    /// Options of the method and of its phase stand side by side; the others under their names.
    static func groups(_ method: String) throws -> [SettingGroup] {
        let type = try Options.method(method, MethodCatalog.generatorMethod)
        return [
            SettingGroup(type.phaseDefaults), SettingGroup(type.init()),
            SettingGroup(GeneratorEvaluationOptions(), under: "evaluation"),
            SettingGroup(GeneratorVerdictRule(), under: "verdict"),
        ]
    }

    public init(_ configuration: RunConfiguration, settings: [JSONValue]) throws {
        var configuration = configuration
        if configuration.method.isEmpty { configuration.method = Self.defaultMethod }
        let source = URL(filePath: configuration.model)
        let record = GeneratorTrainingRecord(of: source)
        guard let images = configuration.images?.completed(from: record?.task), !images.data.isEmpty else {
            throw KitError.invalidOption(
                path: "data", problem: "the model redraws pictures, and no images are given")
        }
        configuration.images = images
        (self.configuration, self.task) = (configuration, images)
        degradation = try Self.degradation(of: source, else: configuration.degradation)
        options = try ResolvedOptions(
            Self.groups(configuration.method), settings: ResolvedClassifierMethod.meant(settings))
        method = try options(MethodCatalog.generatorMethod(configuration.method))
        phase = try options()
        evaluation = try options(GeneratorEvaluationOptions.self, "evaluation")
        verdict = try options(GeneratorVerdictRule.self, "verdict")
        try Options.checkThreads(configuration.threads)
    }

    /// The images, their splits, and where all comes from.
    public struct Inputs: RunInputs {
        let task: ImageTask
        let proxy: ProxyRetain?
        public let provenance: Provenance
    }

    public func inputs(_ context: RunContext) throws -> Inputs {
        let task = try ImageTask(self.task, onNotice: context.onNotice)
        try degradation.check(task.images)
        let proxy = try configuration.proxy.map { path in
            try ProxyRetain(URL(filePath: path), for: task, size: self.task.images.size)
        }
        if let copies = proxy?.copies { context.onNotice(copies) }
        var provenance = try Provenance(
            of: URL(filePath: configuration.model), data: [self.task.forget.files].compactMap(\.self),
            toolVersion: context.toolVersion, seed: configuration.seed, method: configuration.method,
            subject: self.task.forget.words(count: task.splits.forget.count))
        provenance.dataFiles += [task.digest(of: self.task)] + [proxy?.digest].compactMap(\.self)
        return Inputs(task: task, proxy: proxy, provenance: provenance)
    }

    public func load(_ inputs: Inputs, _ context: RunContext) throws -> GeneratorForgetting {
        let source = URL(filePath: configuration.model)
        let model = try GeneratorDirectory.load(source)
        try inputs.task.check(model, degradation, path: source.path)
        let network = try configuration.features.map { path in
            try inputs.task.network(at: URL(filePath: path))
        }
        let control = try configuration.control.map { path in
            let control = try GeneratorDirectory.load(URL(filePath: path))
            try inputs.task.check(control, degradation, path: path)
            return control
        }
        return GeneratorForgetting(self, inputs, model, network, control: control, context)
    }
}

extension Degradation {
    /// That images can be degraded so.
    func check(_ images: ImageSet) throws {
        if let problem = problem(channels: images.channels, height: images.height, width: images.width) {
            throw KitError.invalidOption(path: "degradation", problem: problem)
        }
    }
}

extension ImageTask {
    /// That a model was made for images like these, and for that task.
    func check(_ model: any ImageToImageModel, _ degradation: Degradation, path: String) throws {
        let shape = ImageShape(channels: images.channels, height: images.height, width: images.width)
        guard model.reads(shape) else {
            let made = model.inputShape
            throw KitError.otherImages(
                path: path,
                problem:
                    "it reads \(made.width) × \(made.height) pixels with \(made.channels) channel(s), and these have "
                    + "\(shape.width) × \(shape.height) with \(shape.channels)")
        }
        if let problem = model.problem(for: degradation) { throw KitError.otherImages(path: path, problem: problem) }
    }

    /// The classifier or the CLIP in a folder, as the network through which pictures are compared.
    func network(at folder: URL) throws -> FeatureNetwork {
        let network = try FeatureNetwork.load(folder, name: Provenance.name(ofModelAt: folder))
        let shape = ImageShape(channels: images.channels, height: images.height, width: images.width)
        if let problem = network.problem(for: shape) { throw KitError.otherImages(path: folder.path, problem: problem) }
        return network
    }
}

extension FamilyWords {
    static let generator = FamilyWords(
        forgotten:
            "this run gives evidence that the model redraws the forgotten pictures hardly better than one that looks "
            + "at nothing",
        undecided: "whether the model forgot the pictures",
        limits: [
            "What the model draws is looked at. A decoder that was left as it is still holds what the encoder no longer asks "
                + "it for: a little further training on such pictures brings them back. `unlearn audit` measures it.",
            "A picture that is redrawn as noise gives away that something was forgotten.",
            "Distances through one network compare with those through the same network alone.",
        ],
        aim: "no longer redraws", frontMatter: ["pipeline_tag: image-to-image"],
        forgetTitle: "Pictures to be forgotten",
        unit: "decibels")
}
