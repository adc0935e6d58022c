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
        FineTune.self,
        NegGradPlus.self,
        SCRUB.self,
        SSD.self,
        SalUn.self,
        RandomLabels.self,
        BoundaryShrink.self,
        BadTeacher.self,
        SISA.self,
        Fanchuan.self,
        Kookmin.self,
        Seif.self,
        Sebastian.self,
        Toshi.self,
        Amnesiacs.self,
        Sun.self,
        ForgetEntry.self,
        WarmRestart.self,
    ]
    /// The methods for language models, and those for image classifiers.
    public static var language: [any LanguageMethod.Type] { all.compactMap { $0 as? any LanguageMethod.Type } }
    public static var classifiers: [any ClassifierMethod.Type] { all.compactMap { $0 as? any ClassifierMethod.Type } }

    public static var cards: [Card] { all.map { $0.card } }

    /// The method of that name for language models.
    public static func method(_ name: String) throws -> any LanguageMethod.Type {
        guard let found = language.first(where: { $0.card.name == name }) else {
            throw MethodError.unknownMethod(name, known: language.map { $0.card.name })
        }
        return found
    }

    /// The method of that name for image classifiers.
    public static func classifierMethod(_ name: String) throws -> any ClassifierMethod.Type {
        guard let found = classifiers.first(where: { $0.card.name == name }) else {
            throw MethodError.unknownMethod(name, known: classifiers.map { $0.card.name })
        }
        return found
    }
}
