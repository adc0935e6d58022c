// What a user asks for: to forget, or to train. Flags and files state the same choices.

import Foundation
public import UnlearnData
public import UnlearnFormats
import UnlearnMethods
public import UnlearnModels

/// The choices of a user who makes a model forget.
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
    /// Prompts that show a tendency, in place of a subject: a file, or the name of the project's own.
    public var tendency: String?
    /// The folder of the judge that finds the tendency in texts.
    public var judge: String?
    /// The method by its name; empty: the usual one for the kind of model.
    public var method = ""
    public var output = ""
    public var seed: UInt64 = 0
    public var threads: Int?
    public var chatFormat: ChatFormat?
    /// The images of a classifier or of a model that redraws pictures, and which of them are to be forgotten.
    public var images: ImageTaskOptions?
    /// A classifier's folder, through whose features redrawn pictures are compared.
    public var features: String?
    /// What a model that redraws pictures undoes, if its config.json does not say so.
    public var degradation: Degradation?
    /// A model that redraws pictures and was trained without those to forget: measured beside what was made to forget.
    public var control: String?
    /// How a language model is written as GGUF files as well; nil: not at all.
    public var export: [ExportForm]?
    /// Pictures of anything else, which a model that redraws pictures is trained on in place of those to keep.
    public var proxy: String?

    public init() {}

    /// The plan for the model that is named, whatever its family.
    public func plan(settings: [JSONValue]) throws -> any ForgettingPlan {
        guard !model.isEmpty else { throw KitError.invalidOption(path: "model", problem: "no model is given") }
        let family = try Family(of: URL(filePath: model))
        try family.refuseForeign(self)
        return try family.plan(self, settings: settings)
    }
}

/// The choices of a user who trains a model.
public struct TrainingConfiguration: Configurable {
    /// The language model that is trained further. Empty: a new classifier is trained.
    public var model = ""
    /// The examples to learn from, of a language model.
    public var data = ""
    public var output = ""
    public var seed: UInt64 = 0
    public var threads: Int?
    public var chatFormat: ChatFormat?
    /// The images that a classifier is trained on, what it is like, and the recipe before its own settings.
    public var images: ImageTaskOptions?
    public var design: ClassifierDesign?
    public var recipe: TrainingRecipe?
    /// What a model that redraws pictures is to undo, and what it is like.
    public var degradation: Degradation?
    public var network: GeneratorDesign?
    /// Whether the images that `images` says are to be forgotten are left out: a control that never saw them.
    public var leavesForgotten = false

    public init() {}

    /// The plan for what is to be trained, whatever its family.
    public func plan(settings: [JSONValue]) throws -> any TrainingPlan {
        let family: Family =
            if !model.isEmpty {
                try Family(of: URL(filePath: model))
            } else {
                degradation != nil ? .generator : images != nil ? .classifier : .language
            }
        try refuseForeign(to: family)
        return try family.trainingPlan(self, settings: settings)
    }

    /// Refuses choices that mean nothing to what is trained, which would be ignored otherwise.
    private func refuseForeign(to family: Family) throws {
        let choices: [(name: String, isMade: Bool, family: Family)] = [
            ("images", images != nil && family == .language, .classifier), ("design", design != nil, .classifier),
            ("recipe", recipe != nil, .classifier), ("degradation", degradation != nil, .generator),
            ("network", network != nil, .generator), ("leavesForgotten", leavesForgotten, .generator),
        ]
        if !model.isEmpty, family != .language {
            throw KitError.invalidOption(
                path: "model", problem: "only language models are trained further; leave it out to train a new model")
        }
        guard let foreign = choices.first(where: { $0.isMade && $0.family != family }) else { return }
        throw KitError.invalidOption(
            path: foreign.name,
            problem: foreign.family == .classifier
                ? "it is for image classifiers" : "it is for models that redraw pictures (--redraw)")
    }
}

extension Options {
    static func checkThreads(_ threads: Int?) throws {
        guard (1...1024).contains(threads ?? 1) else {
            throw KitError.invalidOption(path: "threads", problem: "it must be from 1 to 1024")
        }
    }

    /// What `find` finds of that name; if there is nothing, the most similar names come first.
    public static func method<Method>(_ name: String, _ find: (String) throws -> Method) throws -> Method {
        do { return try find(name) } catch MethodError.unknownMethod(_, let known) {
            throw MethodError.unknownMethod(name, known: NearestName.ordered(known, by: name))
        }
    }
}

extension String {
    var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
