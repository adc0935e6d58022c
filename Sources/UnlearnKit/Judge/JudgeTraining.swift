// `train --judge`: a linear judge of texts from labelled ones, with its errors on those that it never saw.

public import Foundation
import UnlearnData
public import UnlearnEvaluation
public import UnlearnFormats
import UnlearnModels

/// What a judge is fitted on, and what it looks at.
public struct JudgeTraining {
    public var kind: String
    /// A table of labelled texts.
    public var data: URL
    public var columns: LabelColumns
    /// The folder of the sentence encoder through which the judge sees texts; nil: it counts words.
    public var encoder: URL?
    /// Other tables, on which the judge is measured and which it is not fitted on. HateCheck is known by its columns.
    public var tests: [URL]
    private let options: ResolvedOptions

    /// What can be set with `--set`.
    public static let groups = [
        SettingGroup(LinearJudge.Options()), SettingGroup(WordFeatures.Options(), under: "words"),
    ]

    /// - Throws: `KitError` for a setting that there is not, or that cannot be.
    public init(
        kind: String = LinearJudge.toxic, data: URL, columns: LabelColumns = LabelColumns(), encoder: URL? = nil,
        tests: [URL] = [], settings: [JSONValue] = []
    ) throws {
        (self.kind, self.data, self.columns, self.encoder) = (kind, data, columns, encoder)
        self.tests = tests
        options = try ResolvedOptions(Self.groups, settings: settings)
    }

    /// Fits the judge, measures it, and writes it.
    /// - Parameter output: the folder to create.
    public func run(output: URL) throws -> JudgeResult {
        let folder = try AtomicDirectory(output)
        let texts = try [LabelledText](contentsOf: data, columns)
        let sets = try tests.map { ($0, try [LabelledText](contentsOf: $0)) }
        let (judging, words) = (try options(LinearJudge.Options.self), try options(WordFeatures.Options.self, "words"))
        let through = try encoder.map { JudgeFeatures.embeddings(try TextEncoder($0), path: Self.absolute($0)) }
        let judge = try LinearJudge(kind: kind, fitting: texts, judging) { fitted throws(JudgeError) in
            if let through { return through }
            return .words(try WordFeatures(fitting: fitted, words))
        }
        guard let quality = judge.quality else { throw JudgeError.notFitted }
        let result = JudgeResult(
            kind: kind, data: data.path, encoder: encoder?.path, options: options.json, texts: texts.count,
            positives: texts.count(where: \.isPositive), quality: quality,
            tests: try sets.map { JudgeResult.Test(data: $0.path, quality: try judge.quality(on: $1)) })
        try judge.save(to: folder.url)
        try JSONValue(encoding: result).write(to: folder.url.appending(path: "result.json"))
        try folder.commit()
        return result
    }

    /// A judge is read from other folders than it was fitted in.
    private static func absolute(_ folder: URL) -> String {
        URL(filePath: folder.path, relativeTo: URL(filePath: FileManager.default.currentDirectoryPath + "/"))
            .absoluteURL.standardizedFileURL.path
    }
}

/// What a judge was fitted on, and how far it can be trusted: `result.json` beside the judge.
public struct JudgeResult: Codable, Sendable {
    public struct Test: Codable, Sendable {
        public let data: String
        public let quality: JudgeQuality
    }

    public let kind: String
    public let data: String
    public let encoder: String?
    public let options: JSONValue
    public let texts: Int
    public let positives: Int
    /// On the texts that were held out.
    public let quality: JudgeQuality
    public let tests: [Test]

    /// For people.
    public func words(_ output: String) -> String {
        var lines = [
            "The judge in '\(output)' was fitted on \(texts - quality.accuracy.count) of \(texts) texts, \(positives) of all "
                + "being \(kind).", "On \(quality.accuracy.count) held out: \(quality.words).",
        ]
        for test in tests {
            lines.append("On \(test.quality.accuracy.count) of '\(test.data)': \(test.quality.words).")
        }
        return lines.joined(separator: "\n")
    }
}
