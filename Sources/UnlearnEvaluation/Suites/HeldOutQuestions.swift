// The suite questions: what a model knows of questions with known answers, beside a model that never learnt them.

internal import Foundation
internal import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Whether a model that was taught something, and made to forget it, differs from one that was never taught: the test
/// that settles whether knowledge is gone.
public struct HeldOutQuestions: EvaluationSuite {
    public static let card = SuiteCard(
        name: "questions",
        summary: "Questions whose answers are known, asked of a model and of one that never learnt them.",
        inputs: [
            .data("rows with a question and its answer, as `unlearn train --data` takes them"),
            SuiteInput(
                "reference", "the control, a model that never learnt the answers, with which it is compared",
                isRequired: false),
        ],
        figures: [logProbability, right, better, difference])

    static let logProbability = FigureCard(
        name: MetricName.logProbability, summary: "Log-probability of the known answers, per token.",
        direction: .unchangedIsBetter, good: "What the control gives them.", unit: LogProbability.unit)
    static let right = FigureCard(
        name: "right", summary: "Share of questions whose written answer holds the known one, word for word.",
        direction: .unchangedIsBetter, good: "What the control reaches.", unit: "share of questions")
    static let better = FigureCard(
        name: "better-than-control", summary: "Share of questions whose known answer is likelier than by the control.",
        direction: .unchangedIsBetter, good: "One half, if nothing is left; what is taught comes near 1.",
        unit: "share of questions")
    static let difference = FigureCard(
        name: "difference-from-control",
        summary: "Mean difference of the log-probability per token from the control's.",
        direction: .unchangedIsBetter, good: "0, with an interval around it: not to be told from the control.",
        unit: LogProbability.unit)

    @Setting("How many questions are asked, the first ones; 0: all.", .notNegative) public var limit = 0
    @Setting("The longest answer, in tokens; 0: none is written.", .within(0...1000)) public var maximumTokens = 40
    @Setting("The source of random numbers.") public var seed: UInt64 = 0

    public init() {}

    /// What became of one question.
    struct Row: Codable {
        let prompt: String
        let expected: String
        let answer: String?
        let logProbability: Double?
        /// By the control.
        let control: Double?
    }

    /// What one model replied.
    private struct Replies {
        let logProbabilities: [Double?]
        let answers: [String]?
    }

    public func run(_ context: SuiteContext) throws -> SuiteResult {
        let file = try Self.required(context.data)
        let all = try ExampleReader().read(file)
        let examples = limit > 0 ? Array(all.prefix(limit)) : all
        let own = try replies(of: context.model(), examples, writes: maximumTokens > 0, context)
        let control =
            try context.hasOriginal ? replies(of: context.original(), examples, writes: false, context) : nil
        let rows = examples.indices.map { index in
            Row(
                prompt: examples[index].prompt, expected: examples[index].answer, answer: own.answers?[index],
                logProbability: own.logProbabilities[index], control: control?.logProbabilities[index])
        }
        return try SuiteResult(of: self, findings(rows))
    }

    private func replies(
        of model: LanguageModel, _ examples: [Example], writes: Bool, _ context: SuiteContext
    ) throws -> Replies {
        let answer = AnswerOptions(maximumTokens: maximumTokens)
        let prompts = writes ? examples.map { Prompt(of: $0) } : []
        let responses = try model.responses(
            to: examples.map { .score($0) } + prompts.compactMap { $0.map { .answer($0, answer) } },
            ResponseOptions(seed: seed), progress: context.progress)
        return Replies(
            logProbabilities: examples.map { responses.scores(.score($0)).first?.meanLogProbability },
            answers: writes ? prompts.map { $0.map { responses.answers(.answer($0, answer))[0] } ?? "" } : nil)
    }

    /// - Throws: what cannot be encoded.
    func findings(_ rows: [Row]) throws -> SuiteFindings {
        let split = Split("questions", title: "Questions", place: "on the questions")
        func values(_ value: (Row) -> Double?) -> [ExampleValue] {
            rows.enumerated().compactMap { index, row in
                value(row).map { ExampleValue(id: "question-\(index + 1)", value: $0) }
            }
        }
        var outcomes = [Self.logProbability.mean(split, values(\.logProbability))]
        if rows.contains(where: { $0.answer != nil }) {
            outcomes.append(Self.right.share(split, values { row in row.answer.map { row.isHeld(by: $0) ? 1 : 0 } }))
        }
        let differences = values { row in row.control.flatMap { control in row.logProbability.map { $0 - control } } }
        guard !differences.isEmpty else {
            return SuiteFindings(outcomes: outcomes, rows: try rows.map { try JSONValue(encoding: $0) })
        }
        outcomes.append(
            Self.better.share(split, differences.map { ExampleValue(id: $0.id, value: $0.value > 0 ? 1 : 0) }))
        outcomes.append(Self.difference.mean(split, differences))
        var generator = Generator(seed: seed, purpose: "sign flips")
        let chance = Statistics.signFlipTest(of: differences.map(\.value), using: &generator)
        return SuiteFindings(
            outcomes: outcomes, rows: try rows.map { try JSONValue(encoding: $0) },
            notes: [
                "Two-sided test against the control (signs of the differences flipped at random): p = "
                    + NumberText.decimal(chance, places: 4)
                    + ". A small p tells the two models apart; a large one is evidence for their likeness only as far as the "
                    + "interval of the difference is narrow."
            ])
    }
}

extension HeldOutQuestions.Row {
    /// Whether an answer holds the known one: the same words in the same order, whatever their case and punctuation.
    func isHeld(by answer: String) -> Bool {
        let (words, known) = (words(of: answer.lowercased()), words(of: expected.lowercased()))
        guard !known.isEmpty, words.count >= known.count else { return false }
        return (0...(words.count - known.count)).contains { Array(words[$0..<$0 + known.count]) == known }
    }
}
