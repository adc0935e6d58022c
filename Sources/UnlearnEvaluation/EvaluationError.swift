// The one error of this target: what is wrong with the questions that a model is to be judged by.

public import Foundation

/// Why an evaluation cannot begin.
public enum EvaluationError: Error, Equatable, Sendable {
    /// The folder has no questions about the subject; `known` are the subjects that it has.
    case unknownSubject(String, folder: String, known: [String])
    /// A folder with questions about several subjects, and none is named.
    case needsSubject(folder: String)
    /// The file has no question of the split.
    case noQuestions(split: String, path: String, known: [String])
    /// The folder has no file that a task is known by; `known` are the usual names.
    case noTasks(folder: String, known: [String])
    /// A suite that needs something was not given it.
    case notGiven(SuiteInput)
    /// A row of a suite's data that cannot be used.
    case row(path: String, line: Int, problem: String)
    /// A file that is no result of the suite of toxicity.
    case noContinuations(path: String)
    /// A file of scores that are not two tables of numbers with the same examples.
    case scores(path: String, problem: String)
}

extension EvaluationError: LocalizedError, CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownSubject(let subject, let folder, let known):
            "'\(folder)' has no questions about '\(subject)'; "
                + (known.isEmpty
                    ? "expected files such as 'harry-potter.jsonl'. Check the folder."
                    : "its subjects are \(known.joined(separator: ", ")).")
        case .needsSubject(let folder):
            "'\(folder)' is no run that forgot a subject; of a folder with questions about several, --subject says about "
                + "which. Name one, or check the folder."
        case .noQuestions(let split, let path, let known):
            "'\(path)' has no questions of the split '\(split)'; "
                + (known.isEmpty
                    ? "its rows name no split. Check the file." : "its splits are \(known.joined(separator: ", ")).")
        case .noTasks(let folder, let known):
            "'\(folder)' is no folder with questions that are known; usual names are \(known.joined(separator: ", ")). "
                + "Check the folder."
        case .notGiven(let input): "The suite needs --\(input.name): \(input.summary)."
        case .row(let path, let line, let problem):
            "'\(path)', line \(line): \(problem). Correct the file there, or get it again."
        case .noContinuations(let path):
            "'\(path)' holds no continuations; expected a result of `unlearn evaluate --suite toxicity --output`."
        case .scores(let path, let problem):
            "'\(path)' holds no scores: \(problem). Write it as {\"unlearned\": [[model × example]], "
                + "\"retrained\": [[model × example]]}."
        }
    }

    public var errorDescription: String? { description }
}
