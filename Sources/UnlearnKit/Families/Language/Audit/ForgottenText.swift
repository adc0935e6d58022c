// What a run made a language model forget, as an attacker meets it: what shows that it is there, and what teaches it
// again.

import UnlearnData
import UnlearnEvaluation
import UnlearnModels

/// A figure of a language model: a value for each question, larger where more of what was to be forgotten shows.
public struct AskedFigure: Sendable, Equatable {
    /// The name of a metric.
    let metric: String
    let unit: String
    let values: [Double]
    /// Of answers, 1 for each that is empty or goes in circles, 0 for each other.
    var degenerate: [Double]?
}

/// How much is asked of a model.
enum ProbeDepth {
    /// What it predicts: one pass.
    case predictions
    /// What it writes as well.
    case answers
}

/// Questions that show how much of what was to be forgotten is there.
protocol LanguageProbe {
    /// Of `predictions` the figures that need no text; they come first among those of `answers`.
    func figures(of model: LanguageModel, _ depth: ProbeDepth) throws -> [AskedFigure]
}

/// Something that an attacker trains a model on, and what the model is asked then.
struct Lesson {
    let kind: TextRelearning.Kind
    /// "10 answers", "unrelated text".
    let form: String
    let examples: [Example]
    /// Nil: the questions of the audit.
    var probe: (any LanguageProbe)?
}

/// What a run made a model forget.
protocol ForgottenText {
    /// Questions that the run did not train on.
    var probe: any LanguageProbe { get }
    /// What is taught again; nothing of it is asked.
    /// - Parameter count: how many examples the attacker has.
    func lessons(_ count: Int) -> [Lesson]
    /// What stands before a question, and questions that it does not answer; nil: there are not so many examples.
    func shots(_ facts: Int, _ others: Int) -> Shots?
    /// What it writes when it is asked several times; nil: that is what ``probe`` does.
    func sampled(of model: LanguageModel, _ options: EvaluationOptions) throws -> AskedFigure?
}

/// A conversation that goes before a question.
struct Shots {
    let turns: [ChatMessage]
    let probe: any LanguageProbe
}
