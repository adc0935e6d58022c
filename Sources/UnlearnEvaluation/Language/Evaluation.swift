// What one model answers and predicts: everything that the metrics look at, computed once.

internal import Foundation
public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// How a model is questioned.
public struct EvaluationOptions: Configurable {
    @Setting("Sampled answers to each question about the subject.", .within(0...1000)) public var samples = 1
    @Setting("The temperature of the sampled answers.", .notNegative) public var temperature = 1.0
    @Setting(
        "How many of the neighbouring and of the general questions are asked anew, to be shown side by "
            + "side.", .within(0...1000))
    public var shown = 4
    @Setting("The source of the sampled answers' random numbers.") public var seed: UInt64 = 0
    @Setting(
        "Whether the model is questioned at all. False measures nothing, and the verdict says so: for "
            + "models so large that questions take longer than forgetting.")
    public var measured = true

    public init() {}

    public init(samples: Int, temperature: Double = 1, shown: Int = 4, seed: UInt64 = 0) {
        (self.samples, self.temperature, self.shown, self.seed) = (samples, temperature, shown, seed)
    }
}

/// The answers and predictions of one model.
public struct Evaluation: Sendable {
    /// The longest part of an example that is read, in tokens.
    public static let window = 512

    public let questions: SubjectQuestions
    /// Greedy answers: to all questions about the subject, to the first neighbouring and the first general ones.
    public internal(set) var answers: [Split: [Answer]] = [:]
    /// For each question about the subject, its sampled answers.
    public internal(set) var sampledAnswers: [[String]] = []
    /// For each example of a split, what the model thinks of its answer. A text counts as a whole.
    public internal(set) var scores: [Split: [TokenScores]] = [:]
    /// The probability of each key's next token.
    public internal(set) var keyProbabilities: [Double] = []
}

extension Evaluation {
    /// Asks `model` everything.
    /// - Parameter isReference: whether the answers in `questions` are this model's own, so that it need not be asked
    ///   for them again.
    /// - Throws: `TokenizerError` for a question that the model's chat template refuses.
    public init(
        of model: LanguageModel, on questions: SubjectQuestions, _ options: EvaluationOptions = EvaluationOptions(),
        isReference: Bool = false, progress: (ProgressEvent) -> Void = { _ in }
    ) throws(TokenizerError) {
        let asking = Asking(model: model, questions: questions, options: options)
        let (scores, keyProbabilities) = try asking.scores(progress)
        let known = isReference ? asking.knownAnswers : nil
        let answers = if let known { known } else { try asking.answers(progress) }
        self.init(
            questions: questions, answers: answers,
            sampledAnswers: try asking.sampledAnswers(progress), scores: scores, keyProbabilities: keyProbabilities)
    }

    /// The name of an example: the same before and after, so that values can be paired.
    static func id(_ split: Split, _ index: Int) -> String { "\(split.rawValue)-\(index + 1)" }

    /// A value for each example of a split that has one.
    func values(_ split: Split, _ value: (TokenScores) -> Double?) -> [ExampleValue] {
        (scores[split] ?? []).enumerated().compactMap { index, scores in
            value(scores).map { ExampleValue(id: Self.id(split, index), value: $0) }
        }
    }
}

/// One model being questioned.
private struct Asking {
    let model: LanguageModel
    let questions: SubjectQuestions
    let options: EvaluationOptions

    /// The questions of each split that are answered anew.
    private var asked: [(split: Split, questions: [Prompt])] {
        [
            (.forget, questions.forget),
            (.neighbour, questions.neighbours.prefix(max(0, options.shown)).compactMap(Prompt.init(of:))),
            (.general, questions.general.prefix(max(0, options.shown)).compactMap(Prompt.init(of:))),
        ]
    }

    func answers(_ progress: (ProgressEvent) -> Void) throws(TokenizerError) -> [Split: [Answer]] {
        let asked = asked
        var texts = try generate("Answering questions", asked.flatMap(\.questions), temperature: 0, progress)[...]
        var answers: [Split: [Answer]] = [:]
        for (split, questions) in asked {
            answers[split] = zip(questions, texts).map { Answer(question: $0, text: $1) }
            texts = texts.dropFirst(questions.count)
        }
        return answers
    }

    /// The same answers as they stand in the questions; nil if they are not all there.
    var knownAnswers: [Split: [Answer]]? {
        var answers: [Split: [Answer]] = [:]
        let examples = [questions.forgetAnswers, questions.neighbours, questions.general]
        for ((split, questions), examples) in zip(asked, examples) {
            let known = examples.prefix(questions.count)
            guard known.compactMap(Prompt.init(of:)) == questions else { return nil }
            answers[split] = zip(questions, known).map { Answer(question: $0, text: $1.answer) }
        }
        return answers
    }

    func sampledAnswers(_ progress: (ProgressEvent) -> Void) throws(TokenizerError) -> [[String]] {
        guard options.samples > 0, options.temperature > 0 else { return [] }
        let repeated = questions.forget.flatMap { [Prompt](repeating: $0, count: options.samples) }
        let texts = try generate("Sampling answers", repeated, temperature: options.temperature, progress)
        return questions.forget.indices.map { Array(texts[$0 * options.samples..<($0 + 1) * options.samples]) }
    }

    private func generate(
        _ stage: String, _ questions: [Prompt], temperature: Double, _ progress: (ProgressEvent) -> Void
    ) throws(TokenizerError) -> [String] {
        guard !questions.isEmpty else { return [] }
        var tokens = 0
        return try model.answers(
            questions, maximumTokens: SubjectQuestions.answerTokens, temperature: temperature,
            seed: options.seed, purpose: "evaluation"
        ) { _, _ in
            tokens += 1
            progress(ProgressEvent(stage: stage, done: tokens, total: nil, unit: "tokens"))
        }
    }

    /// One pass over all examples, texts and keys.
    func scores(
        _ progress: (ProgressEvent) -> Void
    ) throws(TokenizerError) -> ([Split: [TokenScores]], keyProbabilities: [Double]) {
        let splits: [(split: Split, examples: [Example])] = [
            (.forget, questions.forgetAnswers), (.neighbour, questions.neighbours), (.general, questions.general),
            (.text, questions.texts.map(Example.text)),
        ]
        let examples =
            try splits.flatMap(\.examples).map { (it) throws(TokenizerError) in try encode(it) }
            + questions.keys.map { (it) throws(TokenizerError) in try model.example(of: it, window: window) }
        var done = 0
        var rest = model.scores(examples) { count in
            done += count
            progress(ProgressEvent(stage: "Scoring examples", done: done, total: examples.count, unit: "examples"))
        }[...]
        var scores: [Split: [TokenScores]] = [:]
        for (split, examples) in splits {
            scores[split] = Array(rest.prefix(examples.count))
            rest = rest.dropFirst(examples.count)
        }
        return (scores, rest.map { $0.meanLogProbability.map { exp($0) } ?? .nan })
    }

    private var window: Int { min(Evaluation.window, model.model.contextLength) }

    private func encode(_ example: Example) throws(TokenizerError) -> TokenExample {
        let whole = try model.encoder.encode(example, id: 0)
        // The token that ends an answer does not count: an answer that was cut off for its length has none.
        let hasEnd = whole.tokens.last.map(model.encoder.stopTokens.contains) ?? false
        let tokens = Array((hasEnd ? whole.tokens.dropLast() : whole.tokens[...]).prefix(window))
        return TokenExample(id: 0, tokens: tokens, targets: whole.targets.filter { $0 < tokens.count })
    }
}

extension LanguageModel {
    /// What comes before a key word, and its first token, the only one that is labelled.
    /// - Parameter window: the most tokens that are read.
    func example(of key: KeyWord, window: Int) throws(TokenizerError) -> TokenExample {
        let example =
            key.question.map { Example.answer(question: $0, answer: key.prompt + key.next) }
            ?? .completion(prompt: key.prompt, completion: key.next)
        let parts = key.question == nil ? [key.next] : [key.prompt, key.next]
        let reading = try encoder.read(example, parts: parts)
        // The token with which the word begins, be it that it reaches into the word from what stands before.
        let next = reading.bounds[reading.bounds.count - 2]
        let tokens = Array(reading.tokens.prefix(next + 1).suffix(window))
        return TokenExample(id: 0, tokens: tokens, targets: next < reading.tokens.count ? [tokens.count - 1] : [])
    }
}
