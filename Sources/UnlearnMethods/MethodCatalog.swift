// The methods that can be chosen: one line each.

public import UnlearnData

public enum MethodCatalog {
    public static let all: [any UnlearningMethod.Type] = [
        TranslatedDistillation.self,
        WHP.self,
        ELM.self,
        GradientAscent.self,
        GradientDifference.self,
        NPO.self,
        SimNPO.self,
        DPO.self,
        RMU.self,
        TaskVector.self,
        SPUNGE.self,
        UNDO.self,
        RepSelect.self,
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
        EncoderRedirection.self,
        MaxLoss.self,
        NoisyLabel.self,
        RetainLabel.self,
        RandomEncoder.self,
        PerturbedDistillation.self,
    ]
    /// The methods for each family of models.
    public static var language: [any LanguageMethod.Type] { all.compactMap { $0 as? any LanguageMethod.Type } }
    public static var classifiers: [any ClassifierMethod.Type] { all.compactMap { $0 as? any ClassifierMethod.Type } }
    public static var generators: [any GeneratorMethod.Type] { all.compactMap { $0 as? any GeneratorMethod.Type } }

    public static var cards: [Card] { all.map { $0.card } }

    /// The method of that name for language models.
    public static func method(_ name: String) throws -> any LanguageMethod.Type { try find(name, among: language) }

    /// The method of that name for image classifiers.
    public static func classifierMethod(_ name: String) throws -> any ClassifierMethod.Type {
        try find(name, among: classifiers)
    }

    /// The method of that name for models that redraw pictures.
    public static func generatorMethod(_ name: String) throws -> any GeneratorMethod.Type {
        try find(name, among: generators)
    }

    private static func find<Method>(_ name: String, among methods: [Method]) throws -> Method {
        let names = methods.compactMap { ($0 as? any UnlearningMethod.Type)?.card.name }
        guard let place = names.firstIndex(of: name) else { throw MethodError.unknownMethod(name, known: names) }
        return methods[place]
    }
}
