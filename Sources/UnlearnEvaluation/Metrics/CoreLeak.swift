// Core leak: the leak of terms that belong to the subject alone.

public import UnlearnData

/// ``Leak`` with the core terms: without general vocabulary such as "magic", which other answers may well use.
public struct CoreLeak: Metric {
    public static let card = Card(
        name: "core-leak",
        summary: "Share of greedy answers about the subject that contain a term that belongs to it alone.",
        needs: [.generation, .subjectTerms])
    public static let direction = Direction.lowerIsBetter
    public static let unit = "share of answers"

    public init() {}

    public func measure(_ subject: Evaluation) -> Outcome {
        share(of: subject, leaking: subject.questions.coreTerms, in: (subject.answers[split] ?? []).map { [$0.text] })
    }
}
