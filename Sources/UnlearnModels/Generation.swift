// Writing text: batched, with cached keys and values, finished rows dropped.

public import UnlearnEngine

/// How the next token is chosen and when to stop.
public struct Decoding: Sendable, Equatable {
    public var maximumTokens: Int
    /// 0 is greedy.
    public var temperature: Double
    /// Sampling keeps the fewest tokens whose probabilities sum to at least this.
    public var topP: Double
    /// Generation of a row ends before any of these.
    public var stopTokens: Set<Int32>
    /// Rows computed together.
    public var batchSize: Int
    /// Whether the greedy text of a single prompt is guessed ahead. The text is the same.
    public var drafting: Drafting

    public init(
        maximumTokens: Int, temperature: Double = 0, topP: Double = 1, stopTokens: Set<Int32> = [],
        batchSize: Int = 48, drafting: Drafting = .whereItPays
    ) {
        self.maximumTokens = maximumTokens
        self.temperature = temperature
        self.topP = topP
        self.stopTokens = stopTokens
        self.batchSize = batchSize
        self.drafting = drafting
    }
}

/// Whether a rounded copy of the model guesses tokens, which the model then checks several at a time.
public enum Drafting: Sendable {
    case always, never
    /// For texts and models so large that it is faster, the copy's preparation included.
    case whereItPays
}

extension CausalLM {
    /// Continues every prompt. Row i draws its random numbers from `generators[i]`, so a row's text does not depend on
    /// which other rows it was computed with.
    /// - Parameters:
    ///   - generators: one for each prompt; may be empty when decoding is greedy.
    ///   - onToken: told of each new token with the index of its prompt.
    /// - Returns: the new tokens of each prompt, without the stop token.
    public func generate(
        _ prompts: [[Int32]], _ decoding: Decoding, generators: [Generator] = [],
        onToken: (Int, Int32) -> Void = { _, _ in }
    ) -> [[Int32]] {
        precondition(prompts.allSatisfy { !$0.isEmpty }, "generate: a prompt has no tokens")
        precondition(
            decoding.temperature == 0 || generators.count == prompts.count,
            "generate: sampling needs a generator per row")
        var results = [[Int32]](repeating: [], count: prompts.count)
        // Rows of like length together: less padding.
        let order = prompts.indices.sorted { (prompts[$0].count, $0) < (prompts[$1].count, $1) }
        for start in stride(from: 0, to: order.count, by: decoding.batchSize) {
            let rows = Array(order[start..<min(start + decoding.batchSize, order.count)])
            var batch = GenerationBatch(self, rows: rows, prompts: prompts, decoding, generators: generators)
            withoutRecording {
                batch.run { row, token in
                    results[row].append(token)
                    onToken(row, token)
                }
            }
        }
        return results
    }
}

/// Rows that are generated together. Shorter prompts are padded on the left, where nobody looks.
private struct GenerationBatch {
    let model: any CausalLM
    let decoding: Decoding
    let prompts: [[Int32]]
    /// The prompt index of each row that still runs.
    var rows: [Int]
    var generators: [Generator]
    /// Padding before each running row, and whether any row has some.
    var padding: [Int]
    let prefix: Int
    let longest: Int

    init(_ model: any CausalLM, rows: [Int], prompts: [[Int32]], _ decoding: Decoding, generators: [Generator]) {
        self.model = model
        self.decoding = decoding
        self.rows = rows
        self.prompts = rows.map { prompts[$0] }
        self.generators = generators.isEmpty ? [] : rows.map { generators[$0] }
        let prompts = self.prompts
        longest = prompts.map(\.count).max() ?? 0
        padding = prompts.map { [longest] in longest - $0.count }
        // What all prompts begin with is read once, then shared by all rows.
        prefix = PromptPrefix.length(prompts)
    }

    mutating func run(_ emit: (Int, Int32) -> Void) {
        let cache = model.makeCache()
        var logits = readPrompts(cache)
        if rows.count == 1, SelfSpeculation.isWanted(decoding, model) {
            let first = choose(logits)[0]
            return SelfSpeculation(model, decoding, cache).write(from: first) { emit(rows[0], $0) }
        }
        var length = longest
        for step in 0..<decoding.maximumTokens {
            let tokens = choose(logits)
            var kept: [Int] = []
            for (row, token) in tokens.enumerated() where !decoding.stopTokens.contains(token) {
                emit(rows[row], token)
                kept.append(row)
            }
            if kept.isEmpty || step + 1 == decoding.maximumTokens || length >= model.contextLength { return }
            if kept.count < rows.count { keep(kept, cache) }
            let next = kept.map { Int64(tokens[$0]) }
            logits = model.next(
                Tensor(next, shape: [next.count, 1]), positions: padding.map { [length - $0] },
                mask: mask(from: length, time: 1), cache: cache)
            length += 1
        }
    }

    private mutating func keep(_ kept: [Int], _ cache: KeyValueCache) {
        rows = kept.map { rows[$0] }
        padding = kept.map { padding[$0] }
        if !generators.isEmpty { generators = kept.map { generators[$0] } }
        cache.select(rows: kept)
    }

    /// Fills the cache and returns the scores after each prompt's last token.
    private func readPrompts(_ cache: KeyValueCache) -> Tensor {
        if prefix > 0 {
            let shared = Tensor(prompts[0].prefix(prefix).map(Int64.init), shape: [1, prefix])
            _ = model.next(shared, positions: [Array(0..<prefix)], mask: causalMask(prefix), cache: cache)
            cache.select(rows: [Int](repeating: 0, count: rows.count))
        }
        // Behind the shared prefix stands the padding, then the rest of the prompt.
        let time = longest - prefix
        let tokens = zip(prompts, padding).flatMap { prompt, padding in
            [Int64](repeating: 0, count: padding) + prompt.dropFirst(prefix).map(Int64.init)
        }
        let positions = padding.map { padding in
            (0..<time).map { max(prefix, prefix + $0 - padding) }
        }
        return model.next(
            Tensor(tokens, shape: [rows.count, time]), positions: positions,
            mask: mask(from: prefix, time: time), cache: cache)
    }

    /// What each of `time` tokens behind `start` held ones may look at: not the padding, nothing later.
    private func mask(from start: Int, time: Int) -> Tensor? {
        if time == 1, padding.allSatisfy({ $0 == 0 }) { return nil }
        let context = start + time
        var mask = [Float](repeating: -.infinity, count: rows.count * time * context)
        for (row, padding) in padding.enumerated() {
            for query in 0..<time {
                let base = (row * time + query) * context
                for key in 0..<min(prefix, context) { mask[base + key] = 0 }
                // A padding query sees itself alone, so that its soft-max is defined.
                let first = min(prefix + padding, start + query)
                if first <= start + query { for key in max(prefix, first)...(start + query) { mask[base + key] = 0 } }
            }
        }
        return Tensor(mask, shape: [rows.count, 1, time, context])
    }

    private func causalMask(_ time: Int) -> Tensor {
        Tensor(
            (0..<time * time).map { $0 % time <= $0 / time ? Float(0) : -.infinity }, shape: [1, 1, time, time])
    }

    private mutating func choose(_ logits: Tensor) -> [Int32] {
        if decoding.temperature == 0 { return logits.argmax(along: 1).scalars(Int64.self).map(Int32.init) }
        let draws = Tensor(generators.indices.map { generators[$0].uniform() }, shape: [rows.count, 1])
        return Sampling.tokens(logits * (1 / decoding.temperature), topP: decoding.topP, draws: draws)
    }
}

private enum PromptPrefix {
    static func length(_ prompts: [[Int32]]) -> Int {
        guard prompts.count > 1, let first = prompts.first else { return 0 }
        let limit = (prompts.map(\.count).min() ?? 1) - 1
        return (0..<limit).first { index in prompts.contains { $0[index] != first[index] } } ?? limit
    }
}

/// Drawing from a distribution by its cumulative sum and one uniform number for each row.
enum Sampling {
    /// - Parameters:
    ///   - logits: `[rows, vocabulary]`, already divided by the temperature.
    ///   - draws: `[rows, 1]` in [0, 1).
    static func tokens(_ logits: Tensor, topP: Double, draws: Tensor) -> [Int32] {
        let probabilities = logits.softmax()
        if topP >= 1 {
            return pick(probabilities.cumulativeSum(along: 1), limit: 1, draws).map(Int32.init)
        }
        // The nucleus is nearly always small; sort the whole vocabulary only when it is not.
        let few = probabilities.top(min(256, probabilities.shape[1]))
        var (sorted, indices) = (few.values, few.indices)
        let mass = sorted.sum(along: 1).scalars(Float.self)
        if mass.contains(where: { Double($0) < topP }) { (sorted, indices) = probabilities.sortedDescending() }
        let ranks = pick(sorted.cumulativeSum(along: 1), limit: topP, draws)
        let ids = indices.gather(Tensor(ranks.map(Int64.init), shape: [ranks.count, 1]), along: 1)
        return ids.scalars(Int64.self).map(Int32.init)
    }

    /// The first index whose cumulative probability exceeds the draw, scaled to the nucleus of mass ≥ `limit`.
    private static func pick(_ cumulative: Tensor, limit: Double, _ draws: Tensor) -> [Int] {
        let width = cumulative.shape[1]
        let draws = draws.scalars(Float.self)
        return cumulative.withBytes { bytes in
            let sums = bytes.bindMemory(to: Float.self)
            return draws.indices.map { row in
                let row = (sums: sums[row * width..<(row + 1) * width], draw: draws[row])
                func first(_ holds: (Float) -> Bool) -> Int {
                    var (low, high) = (0, width - 1)
                    while low < high {
                        let middle = (low + high) / 2
                        if holds(row.sums[row.sums.startIndex + middle]) { high = middle } else { low = middle + 1 }
                    }
                    return low
                }
                let total = row.sums[row.sums.startIndex + first { Double($0) >= limit }]
                return first { $0 > row.draw * total }
            }
        }
    }
}
