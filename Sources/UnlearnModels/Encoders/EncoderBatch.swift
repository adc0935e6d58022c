// Several texts laid out for one pass of an encoder, without padding.

public import UnlearnEngine

/// Sequences one behind another, the shortest first. Those of one length make a run: inside it attention is that of an
/// ordinary batch, and everything else looks at single tokens.
public struct EncoderBatch {
    /// Sequences of one length that follow each other.
    struct Run {
        /// The first of them, and its first token.
        let first: Int
        let start: Int
        var count: Int
        /// In tokens.
        let length: Int
    }

    /// `[tokens]`, int64.
    public let inputs: Tensor
    /// The place of each token in its own sequence.
    let places: [Int]
    let runs: [Run]
    /// For each sequence in the order of the caller: which of the batch it is.
    private let ranks: [Int]
    private let lengths: [Int]

    /// - Precondition: every sequence has a token.
    public init(_ sequences: [[Int32]]) {
        precondition(!sequences.isEmpty && sequences.allSatisfy { !$0.isEmpty }, "EncoderBatch: an empty sequence")
        let order = sequences.indices.sorted { (sequences[$0].count, $0) < (sequences[$1].count, $1) }
        var runs: [Run] = []
        var start = 0
        for (rank, index) in order.enumerated() {
            let length = sequences[index].count
            if let last = runs.last, last.length == length {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(Run(first: rank, start: start, count: 1, length: length))
            }
            start += length
        }
        self.runs = runs
        inputs = Tensor(order.flatMap { sequences[$0].map(Int64.init) })
        places = order.flatMap { Array(sequences[$0].indices) }
        lengths = order.map { sequences[$0].count }
        var ranks = [Int](repeating: 0, count: order.count)
        for (rank, index) in order.enumerated() { ranks[index] = rank }
        self.ranks = ranks
    }

    public var sequenceCount: Int { ranks.count }
    public var tokenCount: Int { places.count }

    /// Where the first token of each sequence stands, `[sequences]`, int64.
    var firstTokens: Tensor {
        Tensor(runs.flatMap { run in (0..<run.count).map { Int64(run.start + $0 * run.length) } })
    }

    /// One row for each sequence, in the order of the batch → in the order of the caller.
    func inCallersOrder(_ rows: Tensor) -> Tensor { rows.select(Tensor(ranks.map(Int64.init))) }

    /// The mean over each sequence's tokens, `[tokens, width]` → `[sequences, width]`, in the order of the batch.
    func means(_ states: Tensor) -> Tensor {
        let width = states.shape[1]
        return Tensor.concatenate(
            runs.map { run in
                states.narrow(0, from: run.start, count: run.count * run.length)
                    .reshape([run.count, run.length, width]).mean(along: 1)
            })
    }

    /// What each token of each sequence holds, `[tokens, width]` → for each sequence of the caller `[its tokens, width]`.
    public func split(_ states: Tensor) -> [Tensor] {
        let starts = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        return ranks.map { states.narrow(0, from: starts[$0], count: lengths[$0]) }
    }
}
