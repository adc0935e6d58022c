// All suites: one line each.

public enum SuiteCatalog {
    public static let all: [any EvaluationSuite.Type] = [
        ForgetByName.self,
        Familiarity.self,
        ToxicitySuite.self,
        MultipleChoice.self,
        TextPerplexity.self,
        HeldOutQuestions.self,
    ]

    public static func named(_ name: String) -> (any EvaluationSuite.Type)? { all.first { $0.card.name == name } }
}
