// The suite forget-by-name: whether a model has forgotten a subject that was named, beside the model that it comes from.

public import UnlearnData
public import UnlearnFormats

public struct ForgetByName: EvaluationSuite {
    public static let card = SuiteCard(
        name: "forget-by-name",
        summary: "Questions about a subject, its neighbours and everyday matters, with key words.",
        inputs: [.data("a folder laid out like Benchmarks/forget-by-name"), .original],
        figures: MetricCatalog.all.distinct { type(of: $0).card.name }.map { metric in
            FigureCard(
                name: type(of: metric).card.name, summary: type(of: metric).card.summary,
                direction: type(of: metric).direction, good: "Compared with the original model; the verdict says how.",
                unit: type(of: metric).unit)
        })

    @Setting("The subject, such as \"Harry Potter\".") public var subject = ""
    @Setting("The part of the questions: test, or dev for choosing options.") public var split = "test"
    @Setting("Sampled answers to each question.", .within(0...1000)) public var samples = 5
    @Setting("The source of random numbers.") public var seed: UInt64 = 0

    public init() {}

    public func problem() -> OptionProblem? {
        subject.isEmpty ? OptionProblem("subject", "it must name one; give --subject NAME") : nil
    }

    public func run(_ context: SuiteContext) throws -> SuiteResult {
        let questions = try SubjectSuite.load(
            folder: Self.required(context.data), subject: subject, split: split)
        let result = try questions.run(
            reference: context.original, model: context.model, options: EvaluationOptions(samples: samples, seed: seed),
            progress: context.progress)
        return try SuiteResult(
            of: self, SuiteFindings(outcomes: result.after, rows: []), more: try JSONValue(encoding: result),
            verdict: "\(result.verdict.verdict.rawValue): \(result.verdict.reasons.joined(separator: " "))")
    }
}
