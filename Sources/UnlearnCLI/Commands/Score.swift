// `unlearn score`: how well a model predicts each example of a file.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEngine
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
        let scores = model.scores(encoded) { done in
            reporter.report(
                ProgressEvent(stage: "Scoring", done: done, total: encoded.count, unit: "examples"))
        }
        reporter.finish()
        let rows = zip(encoded, scores).map { $1.row(id: $0.id).text() + "\n" }.joined()
        guard let output else { return Output.write(rows) }
        try AtomicFile.write(rows, to: output)
    }
}

/// How the labelled tokens of one example fare.
private struct TokenScores {
    var logProbabilities: [Float] = []
    /// Whether each token, the end of an answer left out, is the likeliest one.
    var matches: [Bool] = []

    func row(id: Int) -> JSONValue {
        [
            "id": .int(id), "logProbability": .double(logProbabilities.reduce(0) { $0 + Double($1) }),
            "tokens": .int(logProbabilities.count),
            "exactMemorization": share(matches.count { $0 }),
            "extractionStrength": share(matches.reversed().prefix { $0 }.count),
        ]
    }

    /// Null when nothing is labelled.
    private func share(_ count: Int) -> JSONValue {
        matches.isEmpty ? .null : .double(Double(count) / Double(matches.count))
    }
}

extension LanguageModel {
    /// The scores of all examples, computed in batches of like length.
    fileprivate func scores(_ examples: [TokenExample], onDone: (Int) -> Void) -> [TokenScores] {
        var results = [TokenScores](repeating: TokenScores(), count: examples.count)
        var done = 0
        for indices in Self.batches(examples, tokens: 1024) {
            let batch = TokenBatch(indices.map { examples[$0] })
            let (values, choices) = withoutRecording {
                let logits = model.logits(model.finalHidden(batch))
                let values = type(of: model).logProbabilities(of: batch.targets, from: logits)
                return (values.scalars(Float.self), logits.argmax(along: 1).scalars(Int64.self))
            }
            for (index, range) in zip(indices, batch.targetRanges) {
                results[index].logProbabilities = Array(values[range])
                let targets = examples[index].targets.map { examples[index].tokens[$0] }
                let counted = targets.last.map(stopTokens.contains) == true ? targets.dropLast() : targets[...]
                results[index].matches = zip(counted, choices[range]).map { Int64($0) == $1 }
            }
            done += indices.count
            onDone(done)
        }
        return results
    }
}
