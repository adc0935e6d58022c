// Writing text by a distribution that two contexts pull in opposite directions: guidance without a classifier.
// Sanchez et al. 2023 (arXiv 2306.17806), as Gandikota et al. 2024 (arXiv 2410.02760) use it.

public import UnlearnEngine

/// One prompt as the model reads it by itself, behind a context that is followed, and behind one that is shunned.
public struct GuidedPrompt: Sendable, Equatable {
    public var plain: [Int32]
    public var followed: [Int32]
    public var shunned: [Int32]

    public init(plain: [Int32], followed: [Int32], shunned: [Int32]) {
        (self.plain, self.followed, self.shunned) = (plain, followed, shunned)
    }

    fileprivate var readings: [[Int32]] { [plain, followed, shunned] }
}

extension CausalLM {
    /// Continues every prompt by softmax(log p(x | plain) + strength · (log p(x | followed) − log p(x | shunned))).
    /// - Parameters:
    ///   - decoding: three rows are computed for each prompt.
    ///   - generators: one for each prompt; may be empty when decoding is greedy.
    ///   - onToken: told of each new token with the index of its prompt.
    /// - Returns: the new tokens of each prompt, without the stop token.
    public func generate(
        _ prompts: [GuidedPrompt], strength: Double, _ decoding: Decoding, generators: [Generator] = [],
        onToken: (Int, Int32) -> Void = { _, _ in }
    ) -> [[Int32]] {
        precondition(
            prompts.allSatisfy { $0.readings.allSatisfy { !$0.isEmpty } }, "generate: a prompt has no tokens")
        precondition(
            decoding.temperature == 0 || generators.count == prompts.count,
            "generate: sampling needs a generator per row")
        var results = [[Int32]](repeating: [], count: prompts.count)
        withoutRecording {
            let size = max(1, decoding.batchSize / 3)
            for start in stride(from: 0, to: prompts.count, by: size) {
                let indices = Array(start..<min(prompts.count, start + size))
                var batch = GuidedBatch(
                    self, indices.map { prompts[$0] }, strength, decoding,
                    generators: generators.isEmpty ? [] : indices.map { generators[$0] })
                batch.run { place, token in
                    results[indices[place]].append(token)
                    onToken(indices[place], token)
                }
            }
        }
        return results
    }
}

/// Prompts that are continued together: first the plain readings, then the followed, then the shunned ones. All rows end at
/// the same place, with padding before shorter ones.
private struct GuidedBatch {
    private let model: any CausalLM
    private let strength: Double
    private let decoding: Decoding
    private let cache: KeyValueCache
    private let rows: [[Int32]]
    private let padding: [Int]
    private let count: Int
    private var generators: [Generator]

    init(
        _ model: any CausalLM, _ prompts: [GuidedPrompt], _ strength: Double, _ decoding: Decoding,
        generators: [Generator]
    ) {
        (self.model, self.strength, self.decoding, self.generators) = (model, strength, decoding, generators)
        rows = prompts.map(\.plain) + prompts.map(\.followed) + prompts.map(\.shunned)
        let time = rows.map(\.count).max() ?? 0
        padding = rows.map { time - $0.count }
        count = prompts.count
        cache = model.makeCache()
    }

    mutating func run(_ emit: (Int, Int32) -> Void) {
        var isRunning = [Bool](repeating: true, count: count)
        var logits = read()
        let room = model.contextLength - (rows.map(\.count).max() ?? 0)
        for written in 1...max(1, decoding.maximumTokens) {
            let tokens = choose(logits)
            for (place, token) in tokens.enumerated() where isRunning[place] {
                isRunning[place] = !decoding.stopTokens.contains(token)
                if isRunning[place] { emit(place, token) }
            }
            guard isRunning.contains(true), written < min(decoding.maximumTokens, room) else { return }
            logits = next(tokens, after: written)
        }
    }

    private func read() -> Tensor {
        let time = rows[0].count + padding[0]
        return model.next(
            Tensor(
                zip(rows, padding).flatMap { [Int64](repeating: 0, count: $1) + $0.map(Int64.init) },
                shape: [rows.count, time]),
            positions: padding.map { padding in (0..<time).map { max(0, $0 - padding) } },
            mask: RowMask.mask(padding: padding, prefix: 0, held: 0, time: time), cache: cache)
    }

    /// Each prompt's token goes on all of its readings.
    private func next(_ tokens: [Int32], after written: Int) -> Tensor {
        model.next(
            Tensor((0..<3).flatMap { _ in tokens.map(Int64.init) }, shape: [rows.count, 1]),
            positions: rows.map { [$0.count + written - 1] },
            mask: RowMask.mask(padding: padding, prefix: 0, held: cache.length, time: 1), cache: cache)
    }

    private mutating func choose(_ logits: Tensor) -> [Int32] {
        let logs = logits.logSoftmax()
        let parts = (0..<3).map { logs.narrow(0, from: $0 * count, count: count) }
        let guided = parts[0] + (parts[1] - parts[2]) * strength
        if decoding.temperature == 0 { return guided.argmax(along: 1).scalars(Int64.self).map(Int32.init) }
        let draws = generators.indices.map { generators[$0].uniform() }
        return Sampling.tokens(
            guided * (1 / decoding.temperature), topP: decoding.topP, draws: Tensor(draws, shape: [draws.count, 1]))
    }
}
