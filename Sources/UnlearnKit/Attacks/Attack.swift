// What an attack is, and the attacks that there are: one line each.

public import UnlearnData

/// An attempt to bring back what a model was made to forget, or to find out that it was ever there. Its stored
/// properties are its options. On which models it works is said by a protocol for each family, such as
/// ``GeneratorAttack``: an attack may be of several.
public protocol Attack: Configurable {
    static var card: Card { get }
}

/// An attack on models that redraw pictures.
public protocol GeneratorAttack: Attack {
    /// Attacks copies: the audit's models stay as they are.
    /// - Returns: what it found, once for each form that the attack has.
    func run(_ audit: GeneratorAudit) throws -> [AttackOutcome]
}

public enum AttackCatalog {
    public static let all: [any Attack.Type] = [
        MembershipAttack.self,
        Relearning.self,
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
    static func groups(_ attacks: [any Attack.Type]) -> [SettingGroup] {
        attacks.map { SettingGroup($0.init(), under: $0.card.name) }
    }
}

extension Attack {
    /// The attack with the options that stand under its name.
    static func made(from options: ResolvedOptions) throws -> Self { try options(Self.self, card.name) }
}
