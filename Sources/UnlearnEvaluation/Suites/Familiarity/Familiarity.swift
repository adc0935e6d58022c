// The suite familiarity: how much of a subject a model still knows, by what it writes and by which word it expects next.
// Eldan and Russinovich 2023 (arXiv 2310.02238), section 4. Deviations: docs/PAPERS.md.

internal import Foundation
internal import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

public struct Familiarity: EvaluationSuite {
    public static let card = SuiteCard(
        name: "familiarity",
        summary: "Prompts about a subject: completions graded 3, 2, 1 or 0, and how probable its own words are next.",
        inputs: [
            SuiteInput(
                "prompts",
                "a run that forgot a subject, a folder laid out like Benchmarks/forget-by-name (with --subject), or JSON "
                    + "lines with \"prompt\" and \"unique\", or \"prompt\" and \"next\""),
            SuiteInput(
                "reference", "the original, whose answers say which next words give the subject of a run away",
                isRequired: false),
            SuiteInput(
                "judge-endpoint", "a language model that grades too: all prompts and completions are sent there",
                isRequired: false),
        ],
        figures: [score, probability, judged, agreement, kappa])

    static let score = FigureCard(
        name: "familiarity",
        summary:
            "(5 · #3 + #2) / N of greedy completions. 3: a word of the subject alone, 2: a theme; neither in the prompt.",
        direction: .lowerIsBetter, good: "From 0 to 5; that of a model which never knew the subject is best.",
        unit: "points")
    static let probability = FigureCard(
        name: "probability-familiarity",
        summary: "Summed probability of the next words that only someone who knows the subject would say.",
        direction: .lowerIsBetter, good: "That of a model which never knew the subject is best.", unit: "probability")
    static let judged = FigureCard(
        name: "familiarity-judge", summary: "The first figure by the grades of the judge at --judge-endpoint.",
        direction: .lowerIsBetter, good: "As above; compare with figures by the same judge alone.", unit: "points")
    static let agreement = FigureCard(
        name: "judge-agreement",
        summary: "Share of completions to which both judges give the same grade; 0 and 1, which add nothing, are one.",
        direction: .higherIsBetter, good: "Higher: both see the same.", unit: "share of completions")
    static let kappa = FigureCard(
        name: "judge-kappa", summary: "Cohen's κ of the same: agreement beyond that of chance.",
        direction: .higherIsBetter, good: "1 is perfect, 0 is chance; below .4 look at the completions themselves.")

    @Setting("The subject: which one of a benchmark's folder, and what a judge is told; empty: what the prompts say.")
    public var subject = ""
    @Setting("The part of a benchmark's questions: test, or dev for choosing options.") public var split = "test"
    @Setting("The longest completion, in tokens.", .within(1...1000)) public var maximumTokens = 40
    @Setting("How many prompts of each kind are asked, the first ones; 0: all.", .notNegative) public var limit = 0

    public init() {}

    public func run(_ context: SuiteContext) throws -> SuiteResult {
        guard let data = context.data else { throw EvaluationError.notGiven(Self.card.inputs[0]) }
        var prompts = try FamiliarityPrompts.load(data, subject: subject, split: split)
        if limit > 0 {
            prompts.completions = Array(prompts.completions.prefix(limit))
            prompts.open?.forget = prompts.completions.map(\.prompt)
        }
        if var open = prompts.open, context.hasOriginal {
            try open.collectForgetAnswers(using: try context.original(), progress: context.progress)
            prompts.beginnings = FamiliarityPrompts.beginnings(open.keys)
        }
        if limit > 0 { prompts.beginnings = Array(prompts.beginnings.prefix(limit)) }
        let found = try ask(try context.model(), prompts, context)
        let judgement = context.endpoint.map { endpoint in
            EndpointJudge(endpoint, subject: prompts.subject).judge(found.items, progress: context.progress)
        }
        if let warning = judgement?.warning { context.warn(warning) }
        return try result(prompts, found, judgement, context)
    }

    private func ask(
        _ model: LanguageModel, _ prompts: FamiliarityPrompts, _ context: SuiteContext
    ) throws -> FamiliarityAnswers {
        let style = AnswerOptions(maximumTokens: maximumTokens)
        let responses = try model.responses(
            to: prompts.completions.map { .answer($0.prompt, style) }, progress: context.progress)
        let items = prompts.completions.enumerated().map { index, asked in
            FamiliarityItem(
                id: "\(Split.forget.rawValue)-\(index + 1)", asked: asked,
                completion: responses.answers(.answer(asked.prompt, style))[0])
        }
        return FamiliarityAnswers(
            items: items, probabilities: try model.probabilities(ofNext: prompts.beginnings, context.progress))
    }
}

/// A prompt with what a model made of it, and the rule's grade.
struct FamiliarityItem: Sendable {
    let id: String
    let asked: FamiliarityPrompts.Completion
    let completion: String
    let grade: FamiliarityGrade
    /// What the grade rests on.
    let words: [String]

    init(id: String, asked: FamiliarityPrompts.Completion, completion: String) {
        (self.id, self.asked, self.completion) = (id, asked, completion)
        (grade, words) = FamiliarityRule(unique: asked.unique, themes: asked.themes)
            .grade(completion, to: asked.prompt.text)
    }
}

/// Everything that one model said.
struct FamiliarityAnswers: Sendable {
    let items: [FamiliarityItem]
    /// One for each beginning.
    let probabilities: [Double]
}

extension LanguageModel {
    /// Of each beginning the summed probability of its next words. Of a word that is several tokens the first counts, and
    /// of words that begin with the same token one.
    fileprivate func probabilities(
        ofNext beginnings: [FamiliarityPrompts.Beginning], _ progress: (ProgressEvent) -> Void
    ) throws(TokenizerError) -> [Double] {
        var examples: [[TokenExample]] = []
        for beginning in beginnings {
            var own: [TokenExample] = []
            for next in beginning.next {
                let key = KeyWord(question: beginning.question, prompt: beginning.prompt, next: next)
                own.append(try example(of: key, window: min(Evaluation.window, model.contextLength)))
            }
            examples.append(own.distinct(by: \.tokens))
        }
        var done = 0
        let total = examples.reduce(0) { $0 + $1.count }
        var scores = self.scores(examples.flatMap(\.self)) { count in
            done += count
            progress(ProgressEvent(stage: "Reading", done: done, total: total, unit: "words"))
        }[...]
        return examples.map { own in
            defer { scores = scores.dropFirst(own.count) }
            return scores.prefix(own.count).reduce(0) { sum, score in
                sum + (score.meanLogProbability.map { exp($0) } ?? .nan)
            }
        }
    }
}
