// The tasks of the suite multiple-choice: names, files, and which figures count. Prompts and arithmetic are those of
// EleutherAI's lm-evaluation-harness 0.4 without examples in the prompt (Gao et al., doi 10.5281/zenodo.12608602).

internal import Foundation
public import UnlearnData

/// A question with its options as the model reads them.
public struct ChoiceItem: Sendable, Equatable {
    /// The task: "piqa", "mmlu_anatomy".
    public let task: String
    /// The question's own name, or the line of the file on which it stands.
    public let id: String
    /// Prompt and continuation of each option.
    public let options: [Example]
    /// The length of each option in characters, that is Unicode scalars.
    public let lengths: [Int]
    /// Which option is right, from 0.
    public let answer: Int
}

/// One data set, or one subject of MMLU.
struct ChoiceTask: Sendable, Equatable {
    let name: String
    let title: String
    /// The number of the task's wording in lm-evaluation-harness.
    var version = 1.0
    /// Whether the harness also compares the options by their length.
    var isNormalized = true

    var split: Split { Split(name, title: title, place: "on \(title)") }

    static let mmlu = ChoiceTask(name: "mmlu", title: "MMLU", version: 2, isNormalized: false)

    static func mmlu(_ subject: String) -> ChoiceTask {
        ChoiceTask(
            name: "mmlu_\(subject)", title: "MMLU, \(subject.replacing("_", with: " "))", isNormalized: false)
    }
}

/// How the files of a task are known and read.
struct ChoiceFormat: Sendable {
    /// What a path holds in small letters, without what joins its words.
    let marks: [String]
    /// What the file's name ends with, the best part of the data first.
    let parts: [String]
    /// The usual names, for people.
    let usual: String
    let task: ChoiceTask
    let read: @Sendable (URL, ChoiceTask) throws -> [ChoiceItem]

    private static let validation = ["validation", "valid", "val", "dev"]
    private static let test = ["test"] + validation

    static let all: [ChoiceFormat] = [
        ChoiceFormat(
            marks: ["arceasy"], parts: test, usual: "ARC-Easy-Test.jsonl",
            task: ChoiceTask(name: "arc_easy", title: "ARC-Easy"), read: ChoiceReader.arc),
        ChoiceFormat(
            marks: ["arcchallenge"], parts: test, usual: "ARC-Challenge-Test.jsonl",
            task: ChoiceTask(name: "arc_challenge", title: "ARC-Challenge"), read: ChoiceReader.arc),
        ChoiceFormat(
            marks: ["boolq"], parts: validation, usual: "BoolQ/val.jsonl",
            task: ChoiceTask(name: "boolq", title: "BoolQ", version: 2, isNormalized: false), read: ChoiceReader.boolQ),
        ChoiceFormat(
            marks: ["hellaswag"], parts: validation, usual: "hellaswag_val.jsonl",
            task: ChoiceTask(name: "hellaswag", title: "HellaSwag"), read: ChoiceReader.hellaSwag),
        ChoiceFormat(
            marks: ["openbookqa", "obqa"], parts: test, usual: "OpenBookQA/test.jsonl",
            task: ChoiceTask(name: "openbookqa", title: "OpenBookQA"), read: ChoiceReader.openBookQA),
        ChoiceFormat(
            marks: ["piqa", "physicaliqa"], parts: validation, usual: "piqa_valid.jsonl with piqa_valid-labels.lst",
            task: ChoiceTask(name: "piqa", title: "PIQA"), read: ChoiceReader.piqa),
        ChoiceFormat(
            marks: ["winogrande"], parts: validation, usual: "winogrande_dev.jsonl",
            task: ChoiceTask(name: "winogrande", title: "WinoGrande", isNormalized: false),
            read: ChoiceReader.winoGrande),
    ]

    /// All usual names.
    static let names = all.map(\.usual) + ["anatomy_test.csv and the like of MMLU"]
}

/// The files of a folder that hold tasks.
struct ChoiceFolder {
    /// How deep folders are searched: OpenBookQA's own archive has its test three folders down.
    private static let depth = 4

    let tasks: [(task: ChoiceTask, read: () throws -> [ChoiceItem])]

    /// - Throws: ``EvaluationError/noTasks(folder:known:)`` for a folder without a known file.
    init(_ folder: URL) throws {
        let files = try Self.files(in: folder)
        var tasks: [(task: ChoiceTask, read: () throws -> [ChoiceItem])] = []
        for format in ChoiceFormat.all {
            guard let file = files.best(for: format) else { continue }
            tasks.append((format.task, { try format.read(file, format.task) }))
        }
        for subject in MMLUSubjects.all {
            guard let file = files.first(where: { $0.url.lastPathComponent == "\(subject)_test.csv" })?.url else {
                continue
            }
            let task = ChoiceTask.mmlu(subject)
            tasks.append((task, { try ChoiceReader.mmlu(file, task, subject: subject) }))
        }
        guard !tasks.isEmpty else {
            throw EvaluationError.noTasks(folder: folder.path, known: ChoiceFormat.names)
        }
        self.tasks = tasks
    }

    fileprivate struct File {
        let url: URL
        /// The path below the folder's parent, in small letters and without what joins words.
        let words: String
        /// The name without its ending, likewise.
        let stem: String
    }

    private static func files(in folder: URL) throws -> [File] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw EvaluationError.noTasks(folder: folder.path, known: ChoiceFormat.names)
        }
        func words(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "/" } }
        var files: [File] = []
        func search(_ url: URL, _ path: String, _ depth: Int) {
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
            for name in names where !name.hasPrefix(".") {
                let (inner, path) = (url.appending(path: name), path + "/" + name)
                var isFolder: ObjCBool = false
                _ = FileManager.default.fileExists(atPath: inner.path, isDirectory: &isFolder)
                if isFolder.boolValue {
                    if depth > 1 { search(inner, path, depth - 1) }
                } else {
                    files.append(
                        File(
                            url: inner, words: words(path), stem: words(inner.deletingPathExtension().lastPathComponent)
                        ))
                }
            }
        }
        search(folder, folder.lastPathComponent, depth)
        return files
    }
}

extension [ChoiceFolder.File] {
    /// The file of a task, of its best part.
    fileprivate func best(for format: ChoiceFormat) -> URL? {
        let known = filter { file in
            file.url.pathExtension == "jsonl" && format.marks.contains { file.words.contains($0) }
        }
        return format.parts.lazy.compactMap { part in known.first { $0.stem.hasSuffix(part) }?.url }.first
    }
}
