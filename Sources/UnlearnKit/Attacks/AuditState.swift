// What an audit has found so far: kept until it is complete, so that an interrupted one goes on where it was.

import Foundation
import UnlearnFormats

/// The outcomes of the attacks that were made.
struct AuditState: Codable, Equatable {
    /// All that they depend on.
    let key: JSONValue
    private(set) var found: [Found] = []

    struct Found: Codable, Equatable {
        let attack: String
        let outcomes: [AttackOutcome]
    }

    /// What `folder` holds of an audit that depends on the same, or nothing yet.
    init(_ key: JSONValue, in folder: URL?) throws {
        self.key = key
        guard let file = folder.map(Self.file), FileManager.default.fileExists(atPath: file.path) else { return }
        // What was written half, or by another version, is of no use.
        guard let kept = try? JSONValue(contentsOf: file).decode(Self.self), kept.key == key else { return }
        found = kept.found
    }

    /// The outcomes of an attack: those that are kept, or those that `make` finds, which are kept then.
    mutating func outcomes(of attack: String, in folder: URL?, make: () throws -> [AttackOutcome]) throws
        -> [AttackOutcome]
    {
        if let known = found.first(where: { $0.attack == attack }) { return known.outcomes }
        let outcomes = try make()
        found.append(Found(attack: attack, outcomes: outcomes))
        if let file = folder.map(Self.file) { try JSONValue(encoding: self).write(to: file) }
        return outcomes
    }

    /// Removes what was kept.
    static func clear(_ folder: URL) throws {
        let file = file(folder)
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        try systemCall("remove", file) { try FileManager.default.removeItem(at: file) }
    }

    private static func file(_ folder: URL) -> URL { folder.appending(path: "audit-partial.json") }
}
