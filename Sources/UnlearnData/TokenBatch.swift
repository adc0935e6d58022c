// Several token sequences laid out for one forward pass, without padding and without computing a shared prefix twice.

public import UnlearnEngine

/// One example as tokens, and which of them are to be predicted.
public struct TokenExample: Sendable, Equatable {
    /// The place of the example in its data set: the key of everything that is cached for it.
    public let id: Int
    public let tokens: [Int32]
    /// Indices into `tokens`, each at least 1: the labelled tokens.
    public let targets: [Int]

    public init(id: Int, tokens: [Int32], targets: [Int]) {
        precondition(
            targets.allSatisfy { $0 >= 1 && $0 < tokens.count },
            "TokenExample \(id): a target lies outside 1..<\(tokens.count)")
        self.id = id
        self.tokens = tokens
        self.targets = targets
    }

    /// Every token from `start` on is labelled; the first token of a sequence never is, as nothing predicts it.
    public init(id: Int, tokens: [Int32], labelledFrom start: Int) {
        self.init(id: id, tokens: tokens, targets: Array(max(1, start)..<max(1, start, tokens.count)))
    }
}

/// Examples packed into a few rows. A block mask keeps them apart; the tokens that all of them begin with stand
/// once in each row.
public struct TokenBatch {
    public let examples: [TokenExample]
    /// `[rows, time]`, int64.
    public let inputs: Tensor
    /// The place of each token in its own sequence, `[rows][time]`.
    public let positions: [[Int]]
    /// `[rows, 1, time, time]`: 0 where a token may look, −∞ elsewhere.
    public let mask: Tensor
    /// For each labelled token of each example in order: where in `rows · time` it is predicted. int64.
    public let predictors: Tensor
    /// The labelled tokens themselves, int64, in the same order.
    public let targets: Tensor

    /// The range of each example's labelled tokens in ``targets``.
    public let targetRanges: [Range<Int>]
    private let layout: PackedLayout

    /// Packs the examples into as many rows as bring each near `rowLength` tokens: long rows waste attention across
    /// blocks, short rows repeat the prefix.
    public init(_ examples: [TokenExample], rowLength: Int = 320) {
        precondition(!examples.isEmpty, "TokenBatch: no examples")
        self.examples = examples
        let layout = PackedLayout(examples.map(\.tokens), rowLength: rowLength)
        self.layout = layout
        let time = layout.time

        inputs = Tensor(layout.rows.flatMap { $0.tokens + [Int64](repeating: 0, count: time - $0.tokens.count) })
            .reshape([layout.rows.count, time])
        // Padding looks only at itself and nobody looks at it.
        positions = layout.rows.map { $0.positions + [Int](repeating: 0, count: time - $0.positions.count) }
        mask = Tensor(layout.rows.flatMap { $0.mask(time: time, prefix: layout.prefix) })
            .reshape([layout.rows.count, 1, time, time])

        var predictors: [Int64] = []
        var targets: [Int64] = []
        var ranges: [Range<Int>] = []
        for (index, example) in examples.enumerated() {
            let start = targets.count
            for target in example.targets {
                predictors.append(Int64(layout.place(of: target - 1, in: index)))
                targets.append(Int64(example.tokens[target]))
            }
            ranges.append(start..<targets.count)
        }
        self.predictors = Tensor(predictors)
        self.targets = Tensor(targets)
        targetRanges = ranges
    }

    /// How many tokens a forward pass computes, padding included.
    public var tokenCount: Int { inputs.count }

    /// Where in `rows · time` the labelled tokens of each example in order themselves stand. int64.
    public var labelled: Tensor {
        Tensor(
            examples.enumerated().flatMap { index, example in
                example.targets.map { Int64(layout.place(of: $0, in: index)) }
            })
    }

    /// What each token of each example holds, `[rows, time, width]` → for each example `[tokens, width]`.
    public func split(_ states: Tensor) -> [Tensor] {
        let flat = states.reshape([tokenCount, states.shape[2]])
        return examples.enumerated().map { index, example in
            flat.select(Tensor(example.tokens.indices.map { Int64(layout.place(of: $0, in: index)) }))
        }
    }

    /// The reverse of ``split(_:)``: states of single examples, laid out as this batch is. Padding gets any state.
    public func joined(_ states: [Tensor]) -> Tensor {
        var sources = [Int64](repeating: 0, count: tokenCount)
        var start: Int64 = 0
        for (index, example) in examples.enumerated() {
            for position in example.tokens.indices {
                sources[layout.place(of: position, in: index)] = start + Int64(position)
            }
            start += Int64(example.tokens.count)
        }
        // What all examples begin with stands once in each row, and `place` names the row of its example alone.
        layout.fillPrefixes { sources[$0] = Int64($1) }
        return Tensor.concatenate(states).select(Tensor(sources)).reshape(inputs.shape + [states[0].shape[1]])
    }

    /// The sum of a value per labelled token over each example: `[targets]` → `[examples]`.
    public func sums(_ perTarget: Tensor) -> Tensor {
        Tensor.stack(targetRanges.map { perTarget.narrow(0, from: $0.lowerBound, count: $0.count).sum() })
    }
}

/// Which sequence stands where: rows filled longest sequence first, each into the emptiest row.
private struct PackedLayout {
    struct Row {
        var tokens: [Int64]
        var positions: [Int]
        /// The sequence that each token belongs to; −1 is the shared prefix.
        var owners: [Int]

        func mask(time: Int, prefix: Int) -> [Float] {
            var mask = [Float](repeating: -.infinity, count: time * time)
            for query in 0..<time {
                guard query < tokens.count else {
                    mask[query * time + query] = 0
                    continue
                }
                for key in 0..<min(prefix, query + 1) { mask[query * time + key] = 0 }
                if owners[query] < 0 { continue }
                // A block is contiguous: walk back to its start.
                var key = query
                while key >= prefix, owners[key] == owners[query] {
                    mask[query * time + key] = 0
                    key -= 1
                }
            }
            return mask
        }
    }

    let rows: [Row]
    let prefix: Int
    let time: Int
    private var rowOf: [Int]
    private var startOf: [Int]

    init(_ sequences: [[Int32]], rowLength: Int) {
        prefix = Self.commonPrefix(sequences)
        let prefix = prefix
        let total = sequences.reduce(0) { $0 + $1.count - prefix }
        let count = min(sequences.count, max(1, (total + rowLength / 2) / rowLength))
        let shared = sequences[0].prefix(prefix).map(Int64.init)
        var rows = [Row](
            repeating: Row(
                tokens: shared, positions: Array(0..<prefix), owners: [Int](repeating: -1, count: prefix)),
            count: count)
        rowOf = [Int](repeating: 0, count: sequences.count)
        startOf = rowOf
        let longestFirst = sequences.indices.sorted { (-sequences[$0].count, $0) < (-sequences[$1].count, $1) }
        for index in longestFirst {
            let row = rows.indices.min { (rows[$0].tokens.count, $0) < (rows[$1].tokens.count, $1) } ?? 0
            let own = sequences[index].dropFirst(prefix)
            rowOf[index] = row
            startOf[index] = rows[row].tokens.count
            rows[row].tokens += own.map(Int64.init)
            rows[row].positions += Array(prefix..<prefix + own.count)
            rows[row].owners += [Int](repeating: index, count: own.count)
        }
        self.rows = rows
        time = rows.map(\.tokens.count).max() ?? 0
    }

    /// Where token `position` of a sequence stands in `rows · time`.
    func place(of position: Int, in sequence: Int) -> Int {
        let row = rowOf[sequence] * time
        return position < prefix ? row + position : row + startOf[sequence] + position - prefix
    }

    /// Calls `body` with each place of the shared prefix in each row, and the position of its token.
    func fillPrefixes(_ body: (_ place: Int, _ position: Int) -> Void) {
        for row in rows.indices {
            for position in 0..<prefix { body(row * time + position, position) }
        }
    }

    /// The length of what all sequences begin with; every sequence keeps at least one token of its own.
    static func commonPrefix(_ sequences: [[Int32]]) -> Int {
        guard sequences.count > 1, let first = sequences.first else { return 0 }
        let limit = (sequences.map(\.count).min() ?? 1) - 1
        for index in 0..<max(0, limit) where sequences.contains(where: { $0[index] != first[index] }) { return index }
        return max(0, limit)
    }
}
