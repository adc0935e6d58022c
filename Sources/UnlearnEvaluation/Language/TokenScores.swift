// How well a model predicts given tokens: one pass over many examples.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnModels

/// What a model thinks of the labelled tokens of one example.
public struct TokenScores: Codable, Sendable, Equatable {
    /// log p of each labelled token, in nats.
    public let logProbabilities: [Float]
    /// Whether each labelled token is the one that the model finds most probable.
    public let argmaxMatches: [Bool]

    /// The sum of log p over the labelled tokens, in nats.
    public var logProbability: Double { logProbabilities.reduce(0) { $0 + Double($1) } }

    /// log p in nats per token; nil if nothing was labelled.
    public var meanLogProbability: Double? {
        logProbabilities.isEmpty ? nil : logProbability / Double(logProbabilities.count)
    }
}

extension LanguageModel {
    /// The scores of each example's labelled tokens, in the order of `examples`.
    /// - Parameters:
    ///   - tokensPerBatch: how many tokens are read together.
    ///   - onBatch: told after each batch how many examples it held.
    public func scores(
        _ examples: [TokenExample], tokensPerBatch: Int = 1024, onBatch: (Int) -> Void = { _ in }
    ) -> [TokenScores] {
        var results = [TokenScores](
            repeating: TokenScores(logProbabilities: [], argmaxMatches: []), count: examples.count)
        for indices in families(of: examples) {
            let family = indices.map { examples[$0] }
            for members in Self.batches(family, tokens: tokensPerBatch) {
                let batch = TokenBatch(members.map { family[$0] })
                let (values, matches) = withoutRecording { scores(of: batch) }
                for (member, range) in zip(members, batch.targetRanges) {
                    results[indices[member]] = TokenScores(
                        logProbabilities: Array(values[range]), argmaxMatches: Array(matches[range]))
                }
                onBatch(members.count)
            }
        }
        return results
    }

    /// The examples that have labelled tokens: conversations, whose common beginning a batch computes once, and others.
    private func families(of examples: [TokenExample]) -> [[Int]] {
        let prefix = encoder.sharedPrefix
        let labelled = examples.indices.filter { !examples[$0].targets.isEmpty }
        return [true, false].map { isChat in labelled.filter { examples[$0].tokens.starts(with: prefix) == isChat } }
    }

    /// log p of each labelled token of a batch, and whether it is the most probable one.
    private func scores(of batch: TokenBatch) -> (values: [Float], matches: [Bool]) {
        let hidden = model.finalHidden(batch)
        let count = batch.targets.count
        var (values, best): ([Float], [Int64]) = ([], [])
        // A few rows of the vocabulary at a time: they are what takes memory.
        let rows = 128
        for start in stride(from: 0, to: count, by: rows) {
            let chunk = (start: start, count: min(rows, count - start))
            let logits = model.logits(hidden.narrow(0, from: chunk.start, count: chunk.count))
            let targets = batch.targets.narrow(0, from: chunk.start, count: chunk.count)
            best += logits.argmax(along: 1).scalars(Int64.self)
            values += Self.logProbabilities(of: targets, from: logits)
        }
        return (values, zip(best, batch.targets.scalars(Int64.self)).map { $0 == $1 })
    }

    private static func logProbabilities(of targets: Tensor, from logits: Tensor) -> [Float] {
        let rows = targets.count
        return logits.logSoftmax().gather(targets.reshape([rows, 1]), along: 1).scalars(Float.self)
    }
}
