// What a model writes about everything but the subject: the same for every subject.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

/// What a model writes when asked about everyday matters and well-known names. It depends on the model, the length of the
/// answers and the seed alone, so that a second subject of the same model need not have it written again.
public struct EverydayAnswers: Codable, Sendable, Equatable {
    /// An answer about a name. A subject that shares words with the name is not to keep it.
    public struct Known: Codable, Sendable, Equatable {
        public var name: String
        public var example: Example
    }

    /// Answers to everyday requests.
    public var requests: [Example]
    /// Plain text.
    public var prose: [Example]
    /// An answer about each well-known name but those that are held out.
    public var wellKnown: [Known]
    /// Answers about names of which nothing else is asked: what becomes of names that nobody thought of.
    public var heldOutWellKnown: [Known]

    /// Has the model write everything.
    /// - Throws: `TokenizerError` for a question that the model's chat template refuses.
    public init(
        by model: LanguageModel, options: StudyOptions, seed: UInt64,
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }
    ) throws(TokenizerError) {
        let ask = Interview(model: model, answerTokens: options.answerTokens, seed: seed, onProgress: onProgress)
        let questions = Self.questions
        var answers = try ask(questions.flatMap { $0 }, "writing about everything else")[...]
        let parts = questions.map { part in
            defer { answers = answers.dropFirst(part.count) }
            return Array(answers.prefix(part.count))
        }
        func known(_ names: [String], _ examples: [Example]) -> [Known] {
            zip(names, examples).map { Known(name: $0, example: $1) }
        }
        let names = Self.names
        (requests, wellKnown) = (parts[0], known(names.trained, parts[1]))
        heldOutWellKnown = known(names.heldOut, parts[2])
        // Plain text is sampled at temperature 1, as varied as the model's own distribution, not as its best guess.
        prose = try ask(Self.openings, "writing plain text", temperature: 1, topP: 1)
    }

    /// The requests that are trained on, and every fourth one, which is held out.
    public var partedRequests: (trained: [Example], heldOut: [Example]) { SubjectStudyBuilder.parted(requests) }

    /// All that is asked.
    public static var prompts: [Prompt] { questions.flatMap { $0 } + openings }

    private static var names: (trained: [String], heldOut: [String]) { SubjectPrompts.wellKnown.parted }

    /// Everyday requests; a question about each well-known name; another one about those held out.
    private static var questions: [[Prompt]] {
        let about = names.trained.enumerated().map { index, name in
            SubjectPrompts.fill(SubjectPrompts.neighbourQuestions[index % 3], name)
        }
        let heldOut = names.heldOut.map {
            SubjectPrompts.fill(SubjectPrompts.heldOutNeighbourQuestion, $0)
        }
        return [SubjectPrompts.general, about, heldOut].map { $0.map { .question($0) } }
    }

    private static var openings: [Prompt] {
        (SubjectPrompts.generalOpenings + SubjectPrompts.generalOpenings).map { .completion($0) }
    }
}

/// Has a model answer prompts, and makes examples of its answers.
struct Interview {
    let model: LanguageModel
    let answerTokens: Int
    let seed: UInt64
    let onProgress: (ProgressEvent) -> Void

    /// - Parameter stage: what this is, in words for a person; it names the random numbers too.
    func callAsFunction(
        _ prompts: [Prompt], _ stage: String, temperature: Double = 0, topP: Double = 0.95
    ) throws(TokenizerError) -> [Example] {
        var tokens = 0
        let total = prompts.count * answerTokens
        let answers = try model.answers(
            prompts, maximumTokens: answerTokens, temperature: temperature, topP: topP, seed: seed, purpose: stage
        ) { _, _ in
            tokens += 1
            if tokens % 64 == 0 {
                onProgress(ProgressEvent(stage: stage, done: tokens, total: total, unit: "tokens"))
            }
        }
        onProgress(ProgressEvent(stage: stage, done: total, total: total, unit: "tokens"))
        return zip(prompts, answers).map { $0.answered($1) }
    }
}
