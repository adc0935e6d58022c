// What can be wrong with a judge, or with the texts that it is to be fitted on.

public import Foundation

public enum JudgeError: Error, Equatable, Sendable {
    /// All labelled texts are of one class.
    case oneClass(count: Int, isPositive: Bool)
    case noTerms(minimumTexts: Int)
    case option(String, expected: String)
    case notFitted
    /// Classes that a classifier does not have.
    case unknownLabels([String], known: [String])
    /// A folder that holds no judge that can be used.
    case unreadable(path: String, problem: String)
}

extension JudgeError: LocalizedError, CustomStringConvertible {
    public var description: String {
        switch self {
        case .oneClass(0, _):
            "There are no labelled texts to fit a judge on or to measure its errors on. Give more texts."
        case .oneClass(let count, let isPositive):
            "All \(count) labelled texts are labelled \(isPositive ? "positive" : "negative"); a judge needs both kinds, to be "
                + "fitted and to be measured. Check the labels, or give more texts."
        case .noTerms(let minimumTexts):
            "No word occurs in \(minimumTexts) or more of the labelled texts, so that nothing tells them apart. Give more "
                + "texts, or let a judge look at embeddings."
        case .option(let name, let expected): "The judge's option '\(name)' is not \(expected). Correct it."
        case .notFitted:
            "The judge cannot be fitted: its features are not finite, or differ in size by too many orders of magnitude. "
                + "Check the encoder that makes them."
        case .unknownLabels(let labels, let known):
            "The classifier has no class \(labels.map { "'\($0)'" }.joined(separator: ", ")); its classes are "
                + "\(known.joined(separator: ", ")). Name those that are to be found."
        case .unreadable(let path, let problem):
            "'\(path)' holds no judge that can be used: \(problem). Fit it again, or get the folder again."
        }
    }

    public var errorDescription: String? { description }
}
