// Writing text: batched, with cached keys and values; the next prompt takes the place of a row that ended.

internal import UnlearnData
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

    public init(
        maximumTokens: Int, temperature: Double = 0, topP: Double = 1, stopTokens: Set<Int32> = [],
        batchSize: Int = 48
    ) {
        self.maximumTokens = maximumTokens
        self.temperature = temperature
        self.topP = topP
        self.stopTokens = stopTokens
        self.batchSize = batchSize
    }
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
        guard !prompts.isEmpty else { return [] }
        // Rows of like length together: less padding.
        let order = prompts.indices.sorted { (prompts[$0].count, $0) < (prompts[$1].count, $1) }
        var results = [[Int32]](repeating: [], count: prompts.count)
        var batch = GenerationBatch(self, prompts, decoding, order: order, generators: generators)
        withoutRecording {
            batch.run { row, token in
                results[row].append(token)
                onToken(row, token)
            }
        }
        return results
    }
}

/// Rows that are generated together. What all prompts begin with stands first in the cache and is read once; behind it
/// each row's own tokens end at the same place, with padding before those of shorter rows, where nobody looks.
private struct GenerationBatch {
    private struct Row {
        /// Which prompt this row continues.
        let index: Int
        var generator: Generator?
        /// The row's own tokens in the cache, behind what all prompts share.
        var held: Int
        /// The newest token, which the model has not read yet.
        var token: Int32 = 0
        var written = 0
        var isRunning = true
    }

    private let model: any CausalLM
    private let decoding: Decoding
    private let prompts: [[Int32]]
    private let generators: [Generator]
    /// The prompts that no row has begun yet.
    private var waiting: ArraySlice<Int>
    private var rows: [Row] = []
    private let prefix: Int
    private var cache: KeyValueCache

    init(
        _ model: any CausalLM, _ prompts: [[Int32]], _ decoding: Decoding, order: [Int], generators: [Generator]
    ) {
        (self.model, self.prompts, self.decoding, self.generators) = (model, prompts, decoding, generators)
        waiting = order[...]
        prefix = Self.commonPrefix(prompts)
        cache = model.makeCache()
    }

    mutating func run(_ emit: (Int, Int32) -> Void) {
        let shared = sharedCache()
        begin(decoding.batchSize, shared, emit)
        while true {
            let running = rows.indices.filter { rows[$0].isRunning }
            let ended = rows.count - running.count
            // A few rows that ended stay until it pays to put others in their places, or to do without them.
            if !waiting.isEmpty, 16 * ended >= rows.count {
                begin(ended, shared, emit)
                continue
            }
            if running.isEmpty { return }
            if waiting.isEmpty, 8 * ended >= rows.count { keep(running) }
            write(choose(readTokens(), for: rows.indices), in: rows.indices, emit)
        }
    }

    /// Hands out the new tokens of rows, or ends these.
    private mutating func write(_ tokens: [Int32], in places: some Sequence<Int>, _ emit: (Int, Int32) -> Void) {
        for (place, token) in zip(places, tokens) where rows[place].isRunning {
            rows[place].isRunning = rows[place].written < decoding.maximumTokens && !decoding.stopTokens.contains(token)
            guard rows[place].isRunning else { continue }
            emit(rows[place].index, token)
            rows[place].token = token
            rows[place].written += 1
            let isFull = prefix + rows[place].held >= model.contextLength
            rows[place].isRunning = rows[place].written < decoding.maximumTokens && !isFull
        }
    }

    // MARK: The cache

    /// What all prompts begin with, in one row.
    private func sharedCache() -> KeyValueCache {
        let cache = model.makeCache()
        guard prefix > 0 else { return cache }
        let tokens = Tensor(prompts[0].prefix(prefix).map(Int64.init), shape: [1, prefix])
        let mask = RowMask.mask(padding: [0], prefix: 0, held: 0, time: prefix)
        _ = model.next(tokens, positions: [Array(0..<prefix)], mask: mask, cache: cache)
        return cache
    }

    /// Begins at most `count` of the waiting prompts, in the places of rows that ended.
    private mutating func begin(_ count: Int, _ shared: KeyValueCache, _ emit: (Int, Int32) -> Void) {
        let indices = waiting.prefix(count)
        waiting = waiting.dropFirst(indices.count)
        let begun = read(indices, shared)
        var places = rows.indices.filter { !rows[$0].isRunning }
        if places.count == rows.count {
            (rows, cache, places) = (begun.rows, begun.cache, Array(begun.rows.indices))
        } else {
            places = Array(places.prefix(indices.count))
            for (place, row) in zip(places, begun.rows) { rows[place] = row }
            makeFit(tokens: begun.cache.length - prefix)
            cache.replace(rows: places, by: begun.cache, behind: prefix)
        }
        write(choose(begun.logits, for: places), in: places, emit)
    }

    /// Gives the cache the width that its rows need, if it has less or much more.
    private mutating func makeFit(tokens: Int) {
        let held = cache.length - prefix
        let needed = max(tokens, rows.lazy.filter(\.isRunning).map(\.held).max() ?? 0)
        if held < needed || 2 * held > 3 * needed {
            cache.select(rows: Array(rows.indices), prefix: prefix, own: needed)
        }
    }

    /// Reads prompts into rows and a cache of their own. One of which several texts are drawn is read once.
    /// - Returns: with them, the scores after each prompt's last token.
    private func read(
        _ indices: ArraySlice<Int>, _ shared: KeyValueCache
    ) -> (rows: [Row], cache: KeyValueCache, logits: Tensor) {
        let rows = indices.map { index in
            Row(
                index: index, generator: generators.isEmpty ? nil : generators[index],
                held: prompts[index].count - prefix)
        }
        let distinct = indices.map { prompts[$0] }.distinct()
        let own = distinct.map { $0.dropFirst(prefix).map(Int64.init) }
        let time = own.map(\.count).max() ?? 0
        let padding = own.map { time - $0.count }
        let cache = shared.selecting(rows: [Int](repeating: 0, count: own.count), prefix: prefix, own: 0)
        let tokens = zip(own, padding).flatMap { [Int64](repeating: 0, count: $1) + $0 }
        let logits = model.next(
            Tensor(tokens, shape: [own.count, time]),
            positions: padding.map { padding in (0..<time).map { prefix + max(0, $0 - padding) } },
            mask: RowMask.mask(padding: padding, prefix: prefix, held: 0, time: time), cache: cache)
        guard distinct.count < rows.count else { return (rows, cache, logits) }
        let places = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($0.element, $0.offset) })
        let copies = indices.compactMap { places[prompts[$0]] }
        cache.select(rows: copies, prefix: prefix, own: time)
        return (rows, cache, logits.select(Tensor(copies.map(Int64.init))))
    }

    /// Reads each row's newest token.
    private mutating func readTokens() -> Tensor {
        let held = cache.length - prefix
        // A row that ended may stand beyond what the model reads; nobody looks at what it computes.
        let positions = rows.map { [min(prefix + $0.held, model.contextLength - 1)] }
        let padding = rows.map { max(0, held - $0.held) }
        for row in rows.indices { rows[row].held += 1 }
        return model.next(
            Tensor(rows.map { Int64($0.token) }, shape: [rows.count, 1]), positions: positions,
            mask: RowMask.mask(padding: padding, prefix: prefix, held: held, time: 1), cache: cache)
    }

    private mutating func keep(_ kept: [Int]) {
        rows = kept.map { rows[$0] }
        cache.select(rows: kept, prefix: prefix, own: rows.map(\.held).max() ?? 0)
    }

    // MARK: Tokens

    private mutating func choose(_ logits: Tensor, for places: some Collection<Int>) -> [Int32] {
        if decoding.temperature == 0 { return logits.argmax(along: 1).scalars(Int64.self).map(Int32.init) }
        let draws = places.map { rows[$0].generator?.uniform() ?? 0 }
        return Sampling.tokens(
            logits * (1 / decoding.temperature), topP: decoding.topP, draws: Tensor(draws, shape: [draws.count, 1]))
    }

    /// How many tokens all prompts begin with; each keeps at least one of its own.
    private static func commonPrefix(_ prompts: [[Int32]]) -> Int {
        guard prompts.count > 1, let first = prompts.first else { return 0 }
        let limit = (prompts.map(\.count).min() ?? 1) - 1
        return (0..<limit).first { index in prompts.contains { $0[index] != first[index] } } ?? limit
    }
}

/// Who looks at whom in rows with padding before their own tokens.
enum RowMask {
    /// What each of `time` tokens behind `prefix + held` may look at, `[rows, 1, time, context]`: what all rows share, and
    /// its own row's tokens up to itself. Padding looks at itself alone, so that its soft-max is defined.
    static func mask(padding: [Int], prefix: Int, held: Int, time: Int) -> Tensor? {
        if time == 1, padding.allSatisfy({ $0 == 0 }) { return nil }
        let context = prefix + held + time
        var mask = [Float](repeating: -.infinity, count: padding.count * time * context)
        for (row, padding) in padding.enumerated() {
            for query in 0..<time {
                let base = (row * time + query) * context
                for key in 0..<prefix { mask[base + key] = 0 }
                let last = held + query
                for key in min(padding, last)...last { mask[base + prefix + key] = 0 }
            }
        }
        return Tensor(mask, shape: [padding.count, 1, time, context])
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
