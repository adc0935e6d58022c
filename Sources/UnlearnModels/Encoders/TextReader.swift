// How many texts go through an encoder: by length, without padding, each once.

internal import UnlearnData
internal import UnlearnEngine

/// Reads texts in batches of similar length.
struct TextReader {
    let tokenizer: EncoderTokenizer
    /// The most tokens of a text; what goes beyond is left out.
    let limit: Int

    /// A row for each text, `[texts, width]`, of what `compute` makes of batches, a row for each of their sequences in the
    /// order of the batch's caller. Texts that become the same tokens are read once. Nothing is recorded.
    /// - Parameter tokensPerBatch: how many tokens are computed at once, at most, unless a single text has more.
    func rows(
        of texts: [String], width: Int, tokensPerBatch: Int = 4096, _ compute: (EncoderBatch) -> Tensor
    ) -> Tensor {
        guard !texts.isEmpty else { return .zeros([0, width]) }
        var places: [[Int32]: Int] = [:]
        var distinct: [[Int32]] = []
        let rowOfText = texts.map { text in
            let tokens = tokenizer.encode(text, limit: limit)
            if let place = places[tokens] { return place }
            places[tokens] = distinct.count
            distinct.append(tokens)
            return distinct.count - 1
        }
        let order = distinct.indices.sorted { (distinct[$0].count, $0) < (distinct[$1].count, $1) }
        var batches: [[Int]] = []
        var room = 0
        for index in order {
            if room < distinct[index].count {
                batches.append([])
                room = tokensPerBatch
            }
            batches[batches.count - 1].append(index)
            room -= distinct[index].count
        }
        let rows = withoutRecording {
            Tensor.concatenate(batches.map { batch in compute(EncoderBatch(batch.map { distinct[$0] })) })
        }
        var ranks = [Int64](repeating: 0, count: order.count)
        for (rank, index) in order.enumerated() { ranks[index] = Int64(rank) }
        return withoutRecording { rows.select(Tensor(rowOfText.map { ranks[$0] })) }
    }
}
