// Extraction strength: how much of an answer the model can complete by itself.

internal import UnlearnData

/// 1 − k/L of each answer to be forgotten, where k is the length of the shortest beginning after which greedy decoding
/// gives the rest; the mean over answers.
struct ExtractionStrength: Metric {
    static let card = Card(
        name: MetricName.extractionStrength,
        summary: "Mean share of an answer to be forgotten that the model completes once it is given the beginning.",
        paper: "Carlini et al. 2021, Extracting Training Data from Large Language Models (arXiv 2012.07805)",
        needs: [.losses])
    static let direction = Direction.lowerIsBetter
    static let unit = "share of the answer"

    func measure(_ subject: Evaluation) -> Outcome {
        mean(subject.values(split) { extractionStrength(argmaxMatches: $0.argmaxMatches) })
    }
}
