// What a model would say whose knowledge of a concept is taken off: the targets of Gandikota et al. 2024
// (arXiv 2410.02760), section 4: p(x_t | x_<t) · [p(x_t | c⁺, x_<t) / p(x_t | c⁻, x_<t)]^η.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// For each labelled token the most probable tokens of p_erased, and how probable each of them is.
struct ErasedTargets {
    /// int64 and single, `[targets, k]`.
    let tokens: Tensor
    let probabilities: Tensor

    /// - Parameters:
    ///   - original, novice, expert: scores, `[targets, vocabulary]`.
    ///   - strengths: η of each row.
    ///   - temperature: what scores are divided by before all else.
    ///   - topK: how many of the most probable tokens are kept.
    init(
        original: Tensor, novice: Tensor, expert: Tensor, strengths: [Double], temperature: Double, topK: Int
    ) {
        (tokens, probabilities) = withoutRecording {
            // Differences of logarithms times a thousand: single precision is not enough.
            let logs = [original, novice, expert].map { ($0.to(.float64) * (1 / temperature)).logSoftmax() }
            let eta = Tensor(strengths.map(Float.init), shape: [strengths.count, 1]).to(.float64)
            let edited = logs[0] + (logs[1] - logs[2]) * eta
            let best = edited.top(min(topK, edited.shape[1]))
            return (best.indices, best.values.softmax().to(.float32))
        }
    }

    private init(_ tokens: Tensor, _ probabilities: Tensor) {
        (self.tokens, self.probabilities) = (tokens, probabilities)
    }

    /// Those of several texts, one behind another.
    static func joined(_ parts: [ErasedTargets]) -> ErasedTargets {
        ErasedTargets(.concatenate(parts.map(\.tokens)), .concatenate(parts.map(\.probabilities)))
    }

    /// η from `first` at a text's first labelled token to `last` at its last one.
    static func strengths(_ count: Int, from first: Double, to last: Double) -> [Double] {
        (0..<count).map { place in count == 1 ? first : first + (last - first) * Double(place) / Double(count - 1) }
    }

    /// CE(p_erased, p) averaged over rows; `logQ [targets, vocabulary]` is recorded.
    func crossEntropy(_ logQ: Tensor) -> Tensor {
        let rows = Double(max(1, logQ.shape[0]))
        return (probabilities * logQ.gather(tokens, along: 1)).sum() * (-1 / rows)
    }
}

/// The targets of many texts, read once from the original.
struct ErasedReadings {
    private var targets: [Int: ErasedTargets] = [:]

    /// - Parameter used: the places of the texts that are learnt from.
    init(_ method: ELM, _ texts: ContrastedTexts, _ used: [Int], _ session: Session) throws {
        let parts = [
            (texts.plain, "reading the original"), (texts.novice, "reading it as a beginner"),
            (texts.expert, "reading it as an expert"),
        ]
        let readings = try parts.map { texts, stage in try session.read(used.map { texts[$0] }, stage) }
        for place in used {
            let scores = zip(parts, readings).map { part, reading in reading.logits([part.0[place]]) }
            targets[texts.plain[place].id] = ErasedTargets(
                original: scores[0], novice: scores[1], expert: scores[2],
                strengths: ErasedTargets.strengths(
                    texts.plain[place].targets.count, from: method.firstEta, to: method.eta),
                temperature: method.temperature, topK: method.topK)
        }
    }

    /// Of texts in order.
    func callAsFunction(_ texts: [TokenExample]) -> ErasedTargets { .joined(texts.compactMap { targets[$0.id] }) }
}
