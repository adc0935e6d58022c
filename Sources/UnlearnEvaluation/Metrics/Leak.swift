// Leak: how many greedy answers to questions about the subject still give it away.

internal import UnlearnData

/// The share of questions whose greedy answer contains a term of the subject that the question does not contain.
struct Leak: Metric {
    static let card = Card(
        name: MetricName.leak,
        summary: "Share of greedy answers about the subject that contain one of its terms; terms in the question are "
            + "not counted.",
        needs: [.generation, .subjectTerms])
    static let direction = Direction.lowerIsBetter
    static let unit = "share of answers"

    func measure(_ subject: Evaluation) -> Outcome {
        share(of: subject, leaking: subject.questions.terms, in: (subject.answers[split] ?? []).map { [$0.text] })
    }
}
