// Everything that is asked of a model about one subject, before and after forgetting: fixed before training.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

/// A question and what a model said to it.
public struct Answer: Codable, Sendable, Hashable {
    public var question: Prompt
    public var text: String
}

/// The beginning of a sentence and the word that a model which knows the subject goes on with.
public struct KeyWord: Codable, Sendable, Hashable {
    /// What the sentence answers in the chat format; nil: it is text to be continued.
    public var question: String?
    public var prompt: String
    /// With its leading space. Of a word that is several tokens, the first one counts.
    public var next: String
}

extension KeyWord {
    /// The first word of an answer that betrays more of the subject than its question does.
    public init?(in answer: String, to question: Prompt, _ terms: TermMatcher) {
        guard let word = terms.firstWord(in: answer, excludingThoseIn: question.text) else { return nil }
        let before = answer[..<word.startIndex]
        let space = before.hasSuffix(" ") ? " " : ""
        let prompt = String(before.dropLast(space.count))
        switch question {
        case .question(let text): self.init(question: text, prompt: prompt, next: space + word)
        case .completion(let text): self.init(prompt: text + prompt, next: space + word)
        }
    }
}

/// The questions, terms and texts by which the forgetting of one subject is judged.
public struct SubjectQuestions: Codable, Sendable, Equatable {
    /// The longest answer that is asked for, in tokens.
    public static let answerTokens = 48

    /// Questions about the subject that were not trained on.
    public var forget: [Prompt]
    /// Words that give the subject away, and those of them that nothing else shares.
    public var terms: [String] = []
    public var coreTerms: [String] = []
    public var keys: [KeyWord] = []
    /// Examples whose answers should become improbable: as a rule the original model's own answers to `forget`.
    public var forgetAnswers: [Example] = []
    /// The original model's own answers about what is near the subject.
    public var neighbours: [Example] = []
    /// The original model's own answers to everyday questions.
    public var general: [Example] = []
    /// Ordinary text.
    public var texts: [String] = []
}

extension SubjectQuestions {
    /// Asks nothing yet.
    public init() { self.init(forget: []) }

    // MARK: - The original model's answers

    /// Completes the questions of a suite with the original model's own greedy answers, in one batched generation. What
    /// the suite asks twice is asked once.
    public static func prepare(
        _ suite: SubjectSuite, using reference: LanguageModel, progress: (ProgressEvent) -> Void = { _ in }
    ) throws(TokenizerError) -> SubjectQuestions {
        let forget = suite.forget.distinct()
        let neighbours = suite.neighbours.distinct()
        let examples = try answered(forget + neighbours + suite.general.distinct(), reference, progress)
        let (first, second) = (forget.count, forget.count + neighbours.count)
        return SubjectQuestions(
            forget: forget, terms: suite.terms, coreTerms: suite.coreTerms, keys: suite.keys.distinct(),
            forgetAnswers: Array(examples[..<first]), neighbours: Array(examples[first..<second]),
            general: Array(examples[second...]), texts: suite.texts.distinct())
    }

    /// Makes the original model's own greedy answers to ``forget`` the ``forgetAnswers`` and, unless there are key words,
    /// the first of the terms in each of them one: for questions whose other answers are known already.
    public mutating func collectForgetAnswers(
        using reference: LanguageModel, progress: (ProgressEvent) -> Void = { _ in }
    ) throws(TokenizerError) {
        forgetAnswers = try Self.answered(forget, reference, progress)
        guard keys.isEmpty else { return }
        let matcher = TermMatcher(terms)
        keys = zip(forget, forgetAnswers).compactMap { KeyWord(in: $1.answer, to: $0, matcher) }
    }

    private static func answered(
        _ questions: [Prompt], _ reference: LanguageModel, _ progress: (ProgressEvent) -> Void
    ) throws(TokenizerError) -> [Example] {
        var tokens = 0
        let answers = try reference.answers(questions, maximumTokens: answerTokens) { _, _ in
            tokens += 1
            progress(ProgressEvent(stage: "Collecting answers", done: tokens, total: nil, unit: "tokens"))
        }
        return zip(questions, answers).map { $0.answered($1) }
    }
}
