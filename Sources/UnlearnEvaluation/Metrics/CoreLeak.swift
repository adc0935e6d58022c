// Core leak: the leak of terms that belong to the subject alone.

internal import UnlearnData

/// ``Leak`` with the core terms: without general vocabulary such as "magic", which other answers may well use.
struct CoreLeak: Metric {
    static let card = Card(
        name: "core-leak",
        summary: "Share of greedy answers about the subject that contain a term that belongs to it alone.",
        needs: [.generation, .subjectTerms])
    static let direction = Direction.lowerIsBetter
    static let unit = "share of answers"

    func measure(_ subject: Evaluation) -> Outcome {
        share(of: subject, leaking: subject.questions.coreTerms, in: (subject.answers[split] ?? []).map { [$0.text] })
    }
}
