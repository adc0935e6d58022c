// What an attack is, and the attacks that there are: one line each.

public import UnlearnData

/// An attempt to bring back what a model was made to forget, or to find out that it was ever there. Its stored
/// properties are its options. On which models it works is said by a protocol for each family, such as
/// ``GeneratorAttack``: an attack may be of several.
public protocol Attack: Configurable {
    static var card: Card { get }
    /// The options that fit the time there is.
    init(_ effort: AuditConfiguration.Effort)
}

/// An attack on models that redraw pictures.
public protocol GeneratorAttack: Attack {
    /// Attacks copies: the audit's models stay as they are.
    /// - Returns: what it found, once for each form that the attack has.
    func run(_ audit: GeneratorAudit) throws -> [AttackOutcome]
}

/// An attack on image classifiers.
public protocol ClassifierAttack: Attack {
    /// Attacks copies: the audit's models stay as they are.
    /// - Returns: what it found, once for each form that the attack has.
    func run(_ audit: ClassifierAudit) throws -> [AttackOutcome]
}

/// An attack on language models.
public protocol LanguageAttack: Attack {
    /// How often it calls ``LanguageAudit/advance(by:)`` for each model.
    func workCount(_ audit: LanguageAudit) -> Int
    /// Attacks one model of the audit, which is as it was before when this returns.
    /// - Returns: what it found, once for each form that the attack has; of every model the same forms.
    func looks(at audited: AuditedLanguageModel, _ audit: LanguageAudit) throws -> [LanguageLook]
}

public enum AttackCatalog {
    /// Attacks of one name are the same idea on models of several families.
    public static let all: [any Attack.Type] = [
        Rounding.self,
        TextRelearning.self,
        FewShot.self,
        Sampling.self,
        MembershipAttack.self,
        Relearning.self,
        ImageRelearning.self,
        FeatureProbe.self,
        DecoderProbe.self,
    ]

    /// The attacks of those names, in the order of the catalog.
    /// - Parameter names: none: all.
    /// - Throws: `KitError.unknownOption` for a name that no attack has.
    static func named(_ names: [String], among attacks: [any Attack.Type]) throws -> [any Attack.Type] {
        let known = attacks.map { $0.card.name }
        for name in names where !known.contains(name) {
            throw KitError.unknownAttack(name, known: NearestName.ordered(known, by: name))
        }
        return attacks.filter { names.isEmpty || names.contains($0.card.name) }
    }

    /// The options that attacks can be given, those of each under its name.
    static func groups(
        _ attacks: [any Attack.Type], _ effort: AuditConfiguration.Effort = .usual
    ) -> [SettingGroup] {
        attacks.map { SettingGroup($0.init(effort), under: $0.card.name) }
    }
}

extension Attack {
    public init(_ effort: AuditConfiguration.Effort) { self.init() }

    /// The attack with the options that stand under its name.
    static func made(from options: ResolvedOptions) throws -> Self { try options(Self.self, card.name) }
}
