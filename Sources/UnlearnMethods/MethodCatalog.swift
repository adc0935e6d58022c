// The methods that can be chosen: one line each.

public import UnlearnData

public enum MethodCatalog {
    public static let all: [any UnlearningMethod.Type] = [
        TranslatedDistillation.self,
        GradientAscent.self,
        GradientDifference.self,
        NPO.self,
        SimNPO.self,
        RMU.self,
    ]

    public static var cards: [Card] { all.map { $0.card } }

    /// The method of that name.
    public static func method(_ name: String) throws(MethodError) -> any UnlearningMethod.Type {
        guard let found = all.first(where: { $0.card.name == name }) else {
            throw .unknownMethod(name, known: all.map { $0.card.name })
        }
        return found
    }
}
