// A suite: data, what a model is asked about them, and the figures drawn from its replies. One file and one line each.

public import Foundation
public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// Something that a model is judged by. Its options are those of `--set`; `--limit`, `--seed` and the like set the
/// option of their name.
public protocol EvaluationSuite: Configurable {
    static var card: SuiteCard { get }
    func run(_ context: SuiteContext) throws -> SuiteResult
}

/// What a suite says of itself.
public struct SuiteCard: Sendable, Equatable {
    public let name: String
    /// One sentence that says what it asks.
    public let summary: String
    /// What it is given beside the model and its options.
    public let inputs: [SuiteInput]
    public let figures: [FigureCard]

    public init(name: String, summary: String, inputs: [SuiteInput], figures: [FigureCard]) {
        (self.name, self.summary, self.inputs, self.figures) = (name, summary, inputs, figures)
    }
}

/// Something that a suite is given.
public struct SuiteInput: Sendable, Equatable {
    /// Its name on the command line: "data" for `--data`.
    public let name: String
    /// What it is: "a file of text (.txt)".
    public let summary: String
    public let isRequired: Bool

    public init(_ name: String, _ summary: String, isRequired: Bool = true) {
        (self.name, self.summary, self.isRequired) = (name, summary, isRequired)
    }

    /// The data that a suite has none of itself.
    public static func data(_ summary: String) -> SuiteInput { SuiteInput("data", summary) }
    /// Prompts in place of a suite's own ones.
    public static func prompts(_ summary: String) -> SuiteInput { SuiteInput("prompts", summary, isRequired: false) }
    public static let original = SuiteInput("reference", "the model that it comes from, with which it is compared")
    /// The result of an earlier run, in which another judge looks at what a model wrote.
    public static let continuations = SuiteInput(
        "continuations", "an earlier result (--output) whose continuations are judged anew, without asking the model",
        isRequired: false)
    public static let judge = SuiteInput(
        "judge", "who judges what the model writes; by default this project's judge", isRequired: false)
}

/// One figure of a suite, in plain words.
public struct FigureCard: Sendable, Equatable {
    /// The `name` of its outcomes.
    public let name: String
    /// What it is.
    public let summary: String
    public let direction: Direction
    /// Which values are good, or what to compare them with.
    public let good: String
    public let unit: String
    /// What lm-evaluation-harness calls it ("acc"); nil: as here.
    public let harnessName: String?
    /// Whether lm-evaluation-harness calls higher values better, whatever unlearning asks of them.
    public let harnessPrefersHigher: Bool

    public init(
        name: String, summary: String, direction: Direction, good: String, unit: String = "",
        harnessName: String? = nil, harnessPrefersHigher: Bool? = nil
    ) {
        (self.name, self.summary, self.direction) = (name, summary, direction)
        (self.good, self.unit, self.harnessName) = (good, unit, harnessName)
        self.harnessPrefersHigher = harnessPrefersHigher ?? (direction == .higherIsBetter)
    }

    /// The mean of the values with its standard error and an interval.
    public func mean(_ split: Split, _ values: [ExampleValue]) -> Outcome {
        var generator = Generator(seed: 0)
        let outcome = Outcome.mean(
            name: name, split: split, direction: direction, unit: unit, perExample: values, using: &generator)
        return outcome.stating(Statistics.standardError(values.map(\.value)))
    }

    /// The share of values that are not zero with its standard error and an interval.
    public func share(_ split: Split, _ values: [ExampleValue]) -> Outcome {
        Outcome.share(name: name, split: split, direction: direction, unit: unit, perExample: values)
            .stating(Statistics.standardError(values.map { $0.value == 0 ? 0 : 1 }))
    }
}

extension Outcome {
    /// The same with a standard error.
    func stating(_ error: Double) -> Outcome {
        guard case .measured(let figure) = self else { return self }
        return .measured(
            Measurement(
                name: figure.name, split: figure.split, direction: figure.direction, unit: figure.unit,
                value: figure.value, interval: figure.interval, standardError: error, n: figure.n,
                perExample: figure.perExample))
    }
}

/// What a suite is run on. Models and judges come from closures, so that data are read first, and one model at a time is
/// in memory.
public struct SuiteContext {
    /// The folder or file of data or prompts; nil: the suite's own.
    public var data: URL?
    /// An earlier result of the suite, whose texts are judged in place of new ones.
    public var continuations: URL?
    public var model: () throws -> LanguageModel
    /// The model that it comes from, for suites that compare with it.
    public var original: () throws -> LanguageModel
    /// Whether it was given.
    public let hasOriginal: Bool
    /// Who judges what is written, and its errors, if they are known.
    public var judge: () throws -> (judge: any TextJudge, quality: JudgeQuality?)
    /// A language model elsewhere that grades too; nil: none.
    public var endpoint: JudgeEndpoint?
    public var progress: (ProgressEvent) -> Void
    /// Told in a sentence what did not work and stops nothing.
    public var warn: (String) -> Void

    public init(
        data: URL? = nil, continuations: URL? = nil, model: @escaping () throws -> LanguageModel,
        original: (() throws -> LanguageModel)? = nil,
        judge: (() throws -> (judge: any TextJudge, quality: JudgeQuality?))? = nil, endpoint: JudgeEndpoint? = nil,
        progress: @escaping (ProgressEvent) -> Void = { _ in }, warn: @escaping (String) -> Void = { _ in }
    ) {
        (self.data, self.continuations, self.model, self.endpoint) = (data, continuations, model, endpoint)
        (self.progress, self.warn, hasOriginal) = (progress, warn, original != nil)
        self.original = original ?? { throw EvaluationError.notGiven(.original) }
        self.judge = judge ?? { throw EvaluationError.notGiven(.judge) }
    }
}

/// A suite that asks one model and draws figures from its replies.
public protocol RequestSuite: EvaluationSuite {
    associatedtype Item: Sendable
    /// Reads the data, or those of the suite itself. What is wrong with them is found here, before a model is loaded.
    func items(in data: URL?) throws -> [Item]
    /// What the model is asked about one item.
    func requests(for item: Item) -> [Request]
    var responseOptions: ResponseOptions { get }
    func findings(_ items: [Item], _ responses: Responses) throws -> SuiteFindings
}

/// What a suite found.
public struct SuiteFindings: Sendable {
    /// A figure for each split that it looks at; in tables of other tools a split is a task.
    public var outcomes: [Outcome]
    /// One JSON row for each item.
    public var rows: [JSONValue]
    /// What tables of other tools say of each task beside its figures.
    public var tasks: [SuiteTask]
    /// What to know of the figures, in sentences.
    public var notes: [String]

    public init(outcomes: [Outcome], rows: [JSONValue], tasks: [SuiteTask] = [], notes: [String] = []) {
        (self.outcomes, self.rows, self.tasks, self.notes) = (outcomes, rows, tasks, notes)
    }
}

/// One of the tasks of a suite.
public struct SuiteTask: Sendable, Equatable {
    public let split: Split
    /// Which wording of the task it is, where tools number them.
    public let version: Double
    /// How many items the data have, and how many of them were asked.
    public let original: Int
    public let asked: Int

    public init(split: Split, version: Double = 1, original: Int, asked: Int) {
        (self.split, self.version, self.original, self.asked) = (split, version, original, asked)
    }
}

extension EvaluationSuite {
    /// The data of a suite that has none itself.
    static func required(_ data: URL?) throws(EvaluationError) -> URL {
        guard let data else { throw .notGiven(card.inputs.first { $0.name == "data" } ?? .data("the suite's data")) }
        return data
    }
}

extension RequestSuite {
    public var responseOptions: ResponseOptions { ResponseOptions() }

    public func run(_ context: SuiteContext) throws -> SuiteResult {
        let items = try items(in: context.data)
        let model = try context.model()
        let requests = items.flatMap(requests(for:))
        let responses = try model.responses(to: requests, responseOptions, progress: context.progress)
        return try SuiteResult(of: self, try findings(items, responses))
    }
}
