// All metrics, in the order in which reports show them: one line each.

public import UnlearnData

public enum MetricCatalog {
    public static let all: [any Metric] = [
        Leak(),
        CoreLeak(),
        SampledLeak(),
        AnswerProbability(),
        KeyProbability(),
        ExtractionStrength(),
        ExactMemorization(),
        Repetition(),
        LogProbability(split: .neighbour),
        LogProbability(split: .general),
        Perplexity(),
    ]

    /// The card of each figure, of language models and of classifiers, once for those that look at several splits.
    public static var cards: [Card] {
        (all.map { type(of: $0).card } + ClassifierEvaluation.cards + PictureFigures.cards + TendencyFigures.cards)
            .reduce(into: []) {
                cards, card in
                if !cards.contains(card) { cards.append(card) }
            }
    }

    /// All figures of one model.
    public static func measure(_ subject: Evaluation) -> [Outcome] { all.map { $0.measure(subject) } }
}
