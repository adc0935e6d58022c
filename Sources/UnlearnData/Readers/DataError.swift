// What can be wrong with the data that a user gives, one sentence each.

public import Foundation
public import UnlearnFormats

/// A file of examples that cannot be used. `description` is the complete sentence for the user.
public enum DataError: Error, Equatable, Sendable {
    /// A file that cannot be read as what it should be.
    case file(FormatError)
    /// A row that is no example.
    case row(path: String, line: Int, problem: String)
    /// A file whose name does not say how to read it.
    case unknownKind(path: String)
    /// A text file in another encoding.
    case notText(path: String)
    /// A file without any example.
    case noExamples(path: String)
}

extension DataError: CustomStringConvertible, LocalizedError {
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .row(let path, let line, let problem):
            "'\(path)', line \(line): \(problem). Write each row as {\"question\", \"answer\"}, "
                + "{\"prompt\", \"completion\"}, {\"text\"} or {\"messages\"}."
        case .unknownKind(let path):
            "'\(path)' is of no known kind. Give a file that ends in .jsonl, .json or .txt."
        case .notText(let path):
            "'\(path)' is not UTF-8 text. Save it as UTF-8."
        case .noExamples(let path):
            "'\(path)' holds no examples. Give at least one row or paragraph."
        }
    }

    public var errorDescription: String? { description }
}
