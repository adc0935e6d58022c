// Sampled leak: what is still said when answers are drawn at random, the worst of several.

internal import UnlearnData

/// The share of questions where at least one of the sampled answers contains a term of the subject.
struct SampledLeak: Metric {
    static let card = Card(
        name: MetricName.sampledLeak,
        summary: "Share of questions about the subject where any sampled answer contains one of its terms.",
        needs: [.generation, .subjectTerms])
    static let direction = Direction.lowerIsBetter
    static let unit = "share of questions"

    func measure(_ subject: Evaluation) -> Outcome {
        guard !subject.sampledAnswers.isEmpty else { return skipped("No answers were sampled.") }
        return share(of: subject, leaking: subject.questions.terms, in: subject.sampledAnswers)
    }
}
