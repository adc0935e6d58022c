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

/// Examples one behind another in one row. They do not see each other; the tokens that all of them begin with stand once.
public struct TokenBatch {
    public let examples: [TokenExample]
    /// `[1, time]`, int64.
    public let inputs: Tensor
    /// The place of each token in its own sequence, `[1][time]`.
    public let positions: [[Int]]
    public let layout: PackedLayout
    /// For each labelled token of each example in order: where in the row it is predicted. int64.
    public let predictors: Tensor
    /// The labelled tokens themselves, int64, in the same order.
    public let targets: Tensor
    /// The range of each example's labelled tokens in ``targets``.
    public let targetRanges: [Range<Int>]

    public init(_ examples: [TokenExample]) {
        precondition(!examples.isEmpty, "TokenBatch: no examples")
        self.examples = examples
        let layout = PackedLayout(examples.map(\.tokens))
        self.layout = layout
        let prefix = layout.prefix
        let tokens = examples[0].tokens.prefix(prefix) + examples.flatMap { $0.tokens.dropFirst(prefix) }
        inputs = Tensor(tokens.map(Int64.init)).reshape([1, tokens.count])
        positions = [Array(0..<prefix) + layout.lengths.flatMap { prefix..<prefix + $0 }]

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

    /// How many tokens a forward pass computes.
    public var tokenCount: Int { inputs.count }

    /// Where in the row the labelled tokens of each example in order themselves stand. int64.
    public var labelled: Tensor {
        Tensor(
            examples.enumerated().flatMap { index, example in
                example.targets.map { Int64(layout.place(of: $0, in: index)) }
            })
    }

    /// What each token of each example holds, `[1, time, width]` → for each example `[tokens, width]`.
    public func split(_ states: Tensor) -> [Tensor] {
        let flat = states.reshape([tokenCount, states.shape[2]])
        return examples.enumerated().map { index, example in
            flat.select(Tensor(example.tokens.indices.map { Int64(layout.place(of: $0, in: index)) }))
        }
    }

    /// The reverse of ``split(_:)``: states of single examples, laid out as this batch is.
    public func joined(_ states: [Tensor]) -> Tensor {
        let own = zip(states, layout.lengths).map { $0.narrow(0, from: layout.prefix, count: $1) }
        let shared = states[0].narrow(0, from: 0, count: layout.prefix)
        return Tensor.concatenate([shared] + own).reshape([1, tokenCount, states[0].shape[1]])
    }
}

/// Which sequence stands where in a row: first what all begin with, then of each in order what is its own.
public struct PackedLayout: Sendable {
    /// The length of what all sequences begin with.
    public let prefix: Int
    /// How many tokens of each sequence are its own, at least 1.
    public let lengths: [Int]
    private let starts: [Int]

    init(_ sequences: [some RandomAccessCollection<Int32>]) {
        let prefix = Self.commonPrefix(sequences)
        self.prefix = prefix
        lengths = sequences.map { $0.count - prefix }
        starts = lengths.reduce(into: [prefix]) { $0.append($0[$0.count - 1] + $1) }
    }

    /// How many tokens the row holds.
    public var count: Int { starts[starts.count - 1] }

    /// Where token `position` of a sequence stands in the row.
    func place(of position: Int, in sequence: Int) -> Int {
        position < prefix ? position : starts[sequence] + position - prefix
    }

    /// The length of what all sequences begin with; every sequence keeps at least one token of its own.
    private static func commonPrefix(_ sequences: [some RandomAccessCollection<Int32>]) -> Int {
        guard sequences.count > 1, let first = sequences.first else { return 0 }
        let limit = max(0, (sequences.map(\.count).min() ?? 1) - 1)
        return sequences.reduce(limit) { shared, sequence in
            zip(sequence, first).prefix(shared).prefix { $0 == $1 }.count
        }
    }
}
