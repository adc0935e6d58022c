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
    /// Classes of which none says by its name that it is the one to be found.
    case unclearLabels(known: [String])
    /// A table whose labels say neither yes nor no.
    case tableLabels([String], path: String)
    /// A label that is to count as positive, and that no row has.
    case unknownPositive([String], path: String, known: [String])
    /// A model that makes no judge: it knows no classes, and is not the encoder of this project's own judge.
    case noClasses(path: String)
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
        case .unclearLabels(let known):
            "Which of the classifier's classes, \(known.joined(separator: ", ")), are toxic cannot be told from their names. Name "
                + "them with --judge-labels."
        case .tableLabels(let labels, let path):
            "Which labels of '\(path)' are positive cannot be told: they are \(Self.some(labels)). Name the positive ones "
                + "with --positive."
        case .unknownPositive(let labels, let path, let known):
            "No row of '\(path)' has the label \(Self.some(labels)); its labels are \(Self.some(known)). Correct --positive."
        case .noClasses(let path):
            "The judge '\(path)' knows no classes. Give a BERT or RoBERTa model for sequence classification, a folder that "
                + "`unlearn train --judge` made, or all-MiniLM-L6-v2 for the judge of this project."
        case .unreadable(let path, let problem):
            "'\(path)' holds no judge that can be used: \(problem). Fit it again, or get the folder again."
        }
    }

    public var errorDescription: String? { description }

    /// The first of what can be many.
    private static func some(_ texts: [String]) -> String {
        texts.prefix(8).map { "'\($0.prefix(40))'" }.joined(separator: ", ") + (texts.count > 8 ? ", …" : "")
    }
}
