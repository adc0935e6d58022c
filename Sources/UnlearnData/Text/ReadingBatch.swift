// Token sequences to be read once, for one forward pass: what several of them begin with stands in it once.

public import UnlearnEngine

/// Families of examples one behind another in one row, without padding. Examples of a family, such as the options of one
/// question, share the tokens that all of them begin with; families do not see each other. Nothing behind the last
/// labelled token is read, nor that token itself, and a sequence that another one begins with is a part of it: options
/// of one token each cost no more than their question.
public struct ReadingBatch {
    /// `[1, time]`, int64.
    public let inputs: Tensor
    /// The place of each token in its own sequence, `[1][time]`.
    public let positions: [[Int]]
    /// One for each family, in the order of the row.
    public let layouts: [PackedLayout]
    /// Where in the row something is predicted, each place once. int64.
    public let predictors: Tensor
    /// For each example of each family in order, and each of its labelled tokens: which of the predictors foretells it.
    public let predictorOfTarget: [[Int]]

    /// - Parameter families: none of them empty; every example has labelled tokens.
    public init(_ families: [[TokenExample]]) {
        var row = Row()
        for family in families { row.append(family) }
        inputs = Tensor(row.tokens, shape: [1, row.tokens.count])
        (positions, layouts) = ([row.positions], row.layouts)
        predictors = Tensor(row.predictors)
        predictorOfTarget = row.predictorOfTarget
    }

    /// How many tokens it takes to read a family.
    public static func tokenCount(_ family: [TokenExample]) -> Int { Family(family).layout.count }
}

/// What grows while families are put one behind another.
private struct Row {
    var tokens: [Int64] = []
    var positions: [Int] = []
    var layouts: [PackedLayout] = []
    var predictors: [Int64] = []
    var predictorOfTarget: [[Int]] = []

    mutating func append(_ examples: [TokenExample]) {
        let family = Family(examples)
        let (start, layout) = (tokens.count, family.layout)
        tokens += family.sequences[0].prefix(layout.prefix).map(Int64.init)
        positions += 0..<layout.prefix
        for sequence in family.sequences {
            tokens += sequence.dropFirst(layout.prefix).map(Int64.init)
            positions += layout.prefix..<sequence.count
        }
        layouts.append(layout)
        var known: [Int: Int] = [:]
        for (example, sequence) in zip(examples, family.sequenceOfExample) {
            predictorOfTarget.append(
                example.targets.map { target in
                    let place = start + layout.place(of: target - 1, in: sequence)
                    if let index = known[place] { return index }
                    known[place] = predictors.count
                    predictors.append(Int64(place))
                    return predictors.count - 1
                })
        }
    }
}

/// The different sequences of a few examples.
private struct Family {
    /// None of them begins with another one.
    let sequences: [ArraySlice<Int32>]
    let sequenceOfExample: [Int]
    let layout: PackedLayout

    init(_ examples: [TokenExample]) {
        let read = examples.map { $0.tokens.prefix($0.targets.last ?? 0) }
        var sequences: [ArraySlice<Int32>] = []
        var places = [Int](repeating: 0, count: read.count)
        // The longest first, so that those which they begin with are found in them.
        for index in read.indices.sorted(by: { (read[$1].count, $0) < (read[$0].count, $1) }) {
            if let place = sequences.firstIndex(where: { $0.starts(with: read[index]) }) {
                places[index] = place
            } else {
                places[index] = sequences.count
                sequences.append(read[index])
            }
        }
        (self.sequences, sequenceOfExample) = (sequences, places)
        layout = PackedLayout(sequences)
    }
}
