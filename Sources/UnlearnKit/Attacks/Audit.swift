// `audit`: a run is attacked, and what came back is written beside its report; for all families.

import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnFormats
import UnlearnModels

/// The choices of a user who attacks a run.
public struct AuditConfiguration: Sendable, Equatable {
    /// How much time there is: what the attacks do where no option says so.
    public enum Effort: Sendable { case quick, usual, full }

    /// The folder of a finished run of forgetting.
    public var run = ""
    /// A model that never learnt what is to be forgotten; nil: the one that the run was given, if it was.
    public var control: String?
    /// The attacks by their names; none: all.
    public var only: [String] = []
    public var effort = Effort.usual
    /// A sentence encoder that judges by meaning what a language model answers about a subject; nil: key words alone do.
    public var encoder: String?
    public var seed: UInt64 = 0

    public init() {}
}

/// The models of a run in memory, of one family.
public protocol AuditSubject {
    /// The path of a model that never learnt what is to be forgotten, if there is one.
    var control: String? { get }
    /// - Parameter options: those of all attacks, each under its name.
    func outcomes(of attack: any Attack.Type, _ options: ResolvedOptions) throws -> [AttackOutcome]
}

/// What an audit found: audit.json.
public struct AuditReport: Codable, Sendable, Equatable {
    public var family: Family
    public var verdict: AuditVerdict.Conclusion
    public var strongest: String?
    public var reasons: [String]
    public var attacks: [AttackOutcome]
    public var control: String?
    /// What judged answers by meaning, if anything did.
    public var encoder: String?
    /// The options of the attacks and the limits of the verdict.
    public var options: JSONValue
    public var seed: UInt64
    public var seconds: Double
    public var peakMemoryBytes: Int
    /// The fingerprint of the model that was attacked.
    public var modelHash: String
    public var subject: String
    public var method: String
    public var toolVersion: String
}

/// Attacks the model of a finished run, and writes `audit.json` and `audit.html` into the run's folder. Nothing else there
/// changes. If it is interrupted, what it has found is kept there, and the same audit goes on with it.
/// - Throws: `KitError.unknownAttack`, and `KitError.notAudited` for a run that is not finished or that made nothing
///   forget, and where a model or the images are not those of the run any more.
public func audit(
    _ choices: AuditConfiguration, settings: [JSONValue] = [], _ context: RunContext
) throws -> AuditReport {
    let run = try RunDirectory(opening: URL(filePath: choices.run))
    let family = try run.auditedFamily()
    let work = try AuditWork(family, choices, settings)
    let provenance = try run.report().provenance
    let hash = try Fingerprint.modelHash(of: run.modelFolder, cache: context.hub)
    guard hash == provenance.resultHash else {
        throw KitError.notAudited(
            path: choices.run, problem: "its model is not the one that the run made. Bring that back")
    }
    let report = try work.report(
        on: family.auditSubject(run, choices, context), modelHash: hash, subject: provenance.subject,
        method: provenance.method, in: run.url, context)
    try report.write(to: run.url)
    return report
}

/// Attacks a language model that any program made.
/// - Throws: `KitError.unknownAttack`, and what a run throws for the models and the file.
public func audit(
    _ pair: AuditedPair, _ choices: AuditConfiguration, settings: [JSONValue] = [], _ context: RunContext
) throws -> AuditReport {
    let work = try AuditWork(.language, choices, settings)
    let hash = try Fingerprint.modelHash(of: URL(filePath: pair.model), cache: context.hub)
    if let folder = pair.output {
        try systemCall("create the folder", folder) {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
    }
    let report = try work.report(
        on: LanguageAudit(pair, choices, context), modelHash: hash,
        subject: URL(filePath: pair.forget).lastPathComponent, method: "another program", in: pair.output, context)
    if let folder = pair.output { try report.write(to: folder) }
    return report
}

/// What an audit does, resolved and checked before anything is loaded.
private struct AuditWork {
    private let start = ContinuousClock.now
    private let family: Family
    private let seed: UInt64
    private let encoder: String?
    private let attacks: [any Attack.Type]
    private let options: ResolvedOptions
    private let rule: AuditRule

    init(_ family: Family, _ choices: AuditConfiguration, _ settings: [JSONValue]) throws {
        (self.family, seed, encoder) = (family, choices.seed, choices.encoder)
        attacks = try AttackCatalog.named(choices.only, among: family.attacks)
        options = try ResolvedOptions(
            AttackCatalog.groups(family.attacks, choices.effort) + [SettingGroup(AuditRule(), under: "verdict")],
            settings: settings)
        rule = try options(AuditRule.self, "verdict")
    }

    func report(
        on subject: any AuditSubject, modelHash: String, subject name: String, method: String, in folder: URL?,
        _ context: RunContext
    ) throws -> AuditReport {
        var state = try AuditState(
            [
                "model": .string(modelHash), "encoder": encoder.map { .string($0) } ?? .null,
                "control": subject.control.map { .string($0) } ?? .null,
                "options": options.json, "seed": .string(String(seed)), "toolVersion": .string(context.toolVersion),
            ], in: folder)
        let outcomes = try attacks.flatMap { attack -> [AttackOutcome] in
            defer { Runtime.trimMemory() }
            return try state.outcomes(of: attack.card.name, in: folder) {
                try subject.outcomes(of: attack, options)
            }
        }
        let verdict = AuditVerdict(outcomes, rule)
        return AuditReport(
            family: family, verdict: verdict.verdict, strongest: verdict.strongest, reasons: verdict.reasons,
            attacks: outcomes, control: subject.control, encoder: encoder, options: options.json, seed: seed,
            seconds: (ContinuousClock.now - start) / .seconds(1), peakMemoryBytes: Runtime.peakMemoryBytes,
            modelHash: modelHash, subject: name, method: method, toolVersion: context.toolVersion)
    }
}

extension AuditReport {
    /// Writes `audit.json` and `audit.html`.
    fileprivate func write(to folder: URL) throws {
        try JSONValue(encoding: self).write(to: folder.appending(path: "audit.json"))
        try AtomicFile.write(HTMLRenderer.render(self), to: folder.appending(path: "audit.html"))
        try AuditState.clear(folder)
    }
}

extension RunDirectory {
    /// The family of the run's model, if there is something to attack.
    fileprivate func auditedFamily() throws -> Family {
        guard try kind() == .forget else {
            throw KitError.notAudited(
                path: url.path, problem: "it trained a model, and nothing was forgotten. Give a run of `unlearn forget`"
            )
        }
        guard isFinished else {
            throw KitError.notAudited(
                path: url.path, problem: "it did not finish. Go on with it: `unlearn resume \(url.path)`")
        }
        return try report().family
    }

    /// That a run's model and data are those that it began with.
    func checkStart(_ now: Provenance) throws {
        guard let then: Provenance = try JSONValue(contentsOf: runFile)["provenance"]?.decode() else { return }
        for (what, isSame) in [
            ("the model", then.modelHash == now.modelHash), ("the data", then.dataFiles == now.dataFiles),
        ] where !isSame {
            throw KitError.notAudited(
                path: url.path, problem: "\(what) is not what it began with. Bring that back")
        }
    }
}
