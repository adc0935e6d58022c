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
    /// A file that is no table: its name ends in neither .csv, nor .jsonl, nor .json.
    case unknownTable(path: String)
    /// A table with names of columns, at most.
    case noRows(path: String)
    /// A column that a table should have.
    case noColumn(String, path: String, known: [String])
    /// A row of a table that cannot be used.
    case tableRow(path: String, line: Int, problem: String)
    /// Prompts of which none is of a kind, toxic or harmless.
    case noPrompts(kind: String, path: String)
    /// A file without any example.
    case noExamples(path: String)
    /// A file that is no image that this program reads.
    case image(path: String, problem: String)
    /// Pictures of other kinds, of which `path` is the first; `kinds` counts them, such as "8 .webp".
    case otherPictures(path: String, kinds: [String])
    /// A folder without images.
    case noImages(path: String)
    /// An image whose name does not say what it shows.
    case noLabel(path: String, pattern: String)
    /// A table of labels that cannot be used.
    case table(path: String, line: Int, problem: String)
    /// A table of text that cannot be used.
    case csv(path: String, line: Int, problem: String)
    /// One file below `path` that is given two labels.
    case twoLabels(path: String, first: String, second: String)
    /// An IDX file that is not what its header says.
    case idx(path: String, problem: String)
    /// Splits of which one has no images; `forget` is nil where nothing is to be forgotten.
    case emptySplit(forget: Int?, retain: Int, test: Int)
    case unknownClass(name: String, known: [String])
    /// Images that all have the label `name`.
    case oneClass(name: String, path: String)
    /// Images whose pixels do not fit into `bytes` of memory together.
    case tooLarge(count: Int, width: Int, height: Int, bytes: Int)
    /// Test images of another size than the training images of IDX files, `[width, height]`.
    case otherSize(path: String, found: [Int], expected: [Int])
    /// A list of images that names one that is not there.
    case unknownImage(name: String, path: String, line: Int)
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
        case .unknownTable(let path):
            "'\(path)' is no table that is read. Give a file that ends in .csv, .jsonl or .json."
        case .noRows(let path):
            "'\(path)' holds no rows. Give a table with at least one, below the names of its columns."
        case .noColumn(let name, let path, let known):
            "'\(path)' has no column '\(name)'; its columns are \(known.joined(separator: ", ")). Name one of those, or add it."
        case .tableRow(let path, let line, let problem):
            "'\(path)', line \(line): \(problem). Correct the row."
        case .noPrompts(let kind, let path):
            "'\(path)' holds no \(kind) prompts. Give toxic and harmless ones: a model that says nothing any more must be told "
                + "from one that speaks kindly."
        case .noExamples(let path):
            "'\(path)' holds no examples. Give at least one row or paragraph."
        case .image(let path, let problem):
            "The image '\(path)' cannot be read: \(problem). Repair or remove it; JPEG and PNG are supported."
        case .otherPictures(let path, let kinds):
            "'\(path)' is a picture of a kind that is not read; here are \(kinds.joined(separator: ", ")). Convert them to "
                + "PNG or JPEG, or take them away."
        case .noImages(let path):
            "'\(path)' holds no images. Give a folder of .jpg or .png files, of folders of them, or of IDX files."
        case .noLabel(let path, let pattern):
            "The name of '\(path)' does not match '\(pattern)'. Change --label-pattern, or remove the file."
        case .table(let path, let line, let problem):
            "'\(path)', line \(line): \(problem). Write a line with the names 'file' and 'label', then one line for each image."
        case .csv(let path, let line, let problem):
            "'\(path)', line \(line): \(problem). Correct the file there."
        case .twoLabels(let path, let first, let second):
            "One file in '\(path)' has two labels: \(first), and \(second). Give it one label."
        case .idx(let path, let problem):
            "The IDX file '\(path)' cannot be used: \(problem). Get the file again."
        case .emptySplit(nil, let train, let test):
            "There are \(train) images to train on and \(test) to test on; each must be at least one. Give more images."
        case .emptySplit(let forget?, let retain, let test):
            "There are \(forget) images to forget, \(retain) to keep and \(test) to test on; each must be at least one. "
                + "Choose other images to forget (those kept apart for testing were never learnt), or give more."
        case .tooLarge(let count, let width, let height, let bytes):
            "\(count) images of \(width) × \(height) pixels take more than the \(bytes >> 20) MiB that they may have. Bring "
                + "them to a smaller size with --image-size."
        case .otherSize(let path, let found, let expected):
            "The test images in '\(path)' have \(found[0]) × \(found[1]) pixels, and the training images "
                + "\(expected[0]) × \(expected[1]). Check that the files belong together."
        case .oneClass(let name, let path):
            "All images of '\(path)' are of one class, '\(name)', and a classifier tells classes apart. Give images of "
                + "another class too, or check what says the labels: folders, labels.csv or --label-pattern."
        case .unknownClass(let name, let known):
            "There is no class '\(name)'. Classes are: \(known.joined(separator: ", "))."
        case .unknownImage(let name, let path, let line):
            "'\(path)', line \(line): there is no image '\(name)'. Give names as they stand below the data's folder."
        }
    }

    public var errorDescription: String? { description }
}
