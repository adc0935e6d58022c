// `unlearn score`: how well a model predicts each example of a file.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score every example of a file: one JSON row each.",
        discussion: """
            logProbability is the sum over the labelled tokens, in nats, the end of an answer included. \
            exactMemorization is the share of them that the model would choose itself, and extractionStrength the \
            share at the end that it completes without a mistake; both leave out the end of an answer.
            """)

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("Examples: .jsonl, .json or .txt.", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Where to write the rows (default: standard output).", valueName: "file"))
    var output: String?

    @OptionGroup var runtime: RuntimeOptions

    @Flag(help: "Write one JSON array.")
    var json = false

    func run() throws {
        let output = output.map { URL(filePath: $0) }
        if let output { try Output.checkFolder(of: output) }
        let source = URL(filePath: data)
        let read = try ExampleReader().read(source)
        runtime.apply()
        let model = try model.load()
        let examples = ExampleReader.fitted(
            read, of: source, to: model.encoder, context: model.model.contextLength)
        let encoded = try model.encoder.encode(examples, of: data)
        if let long = encoded.first(where: { $0.tokens.count > model.model.contextLength }) {
            throw CommandError.tooLong(
                what: "Example \(long.id) of '\(data)', counted from 0,", tokens: long.tokens.count,
                context: model.model.contextLength)
        }
        let reporter = ProgressReporter()
        var done = 0
        let scores = model.scores(encoded) { count in
            done += count
            reporter.report(ProgressEvent(stage: "Scoring", done: done, total: encoded.count, unit: "examples"))
        }
        reporter.finish()
        let rows = zip(encoded, scores).map { example, scores in
            let last = example.targets.last.map { example.tokens[$0] }
            return scores.row(id: example.id, endsAnswer: last.map(model.stopTokens.contains) ?? false)
        }
        let text = json ? JSONValue.array(rows).text() + "\n" : rows.map { $0.text() + "\n" }.joined()
        guard let output else { return Output.write(text) }
        try AtomicFile.write(text, to: output)
    }
}

extension TokenScores {
    /// - Parameter endsAnswer: whether the last labelled token ends an answer.
    func row(id: Int, endsAnswer: Bool) -> JSONValue {
        let matches = endsAnswer ? argmaxMatches.dropLast() : argmaxMatches[...]
        return [
            "id": .int(id), "logProbability": .double(logProbability), "tokens": .int(logProbabilities.count),
            // Null when nothing is labelled.
            "exactMemorization": exactMemorization(argmaxMatches: matches).map(JSONValue.double) ?? .null,
            "extractionStrength": extractionStrength(argmaxMatches: matches).map(JSONValue.double) ?? .null,
        ]
    }
}
