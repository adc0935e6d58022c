// `audit`: a run is attacked, and what came back is written beside its report; for all families.

public import Foundation
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
/// changes.
/// - Throws: `KitError.unknownAttack`, and `KitError.notAudited` for a run that is not finished or that made nothing
///   forget, and where a model or the images are not those of the run any more.
public func audit(
    _ choices: AuditConfiguration, settings: [JSONValue] = [], _ context: RunContext
) throws -> AuditReport {
    let start = ContinuousClock.now
    let run = try RunDirectory(opening: URL(filePath: choices.run))
    let family = try run.auditedFamily()
    let attacks = try AttackCatalog.named(choices.only, among: family.attacks)
    let options = try ResolvedOptions(
        AttackCatalog.groups(family.attacks, choices.effort) + [SettingGroup(AuditRule(), under: "verdict")],
        settings: settings)
    let rule = try options(AuditRule.self, "verdict")
    let report = try run.report()
    guard try Fingerprint.modelHash(of: run.modelFolder, cache: context.hub) == report.provenance.resultHash else {
        throw KitError.notAudited(
            path: choices.run, problem: "its model is not the one that the run made. Bring that back")
    }
    let subject = try family.auditSubject(run, choices, context)
    let outcomes = try attacks.flatMap { attack -> [AttackOutcome] in
        defer { Runtime.trimMemory() }
        return try subject.outcomes(of: attack, options)
    }
    let verdict = AuditVerdict(outcomes, rule)
    let result = AuditReport(
        family: family, verdict: verdict.verdict, strongest: verdict.strongest, reasons: verdict.reasons,
        attacks: outcomes, control: subject.control,
        options: options.json, seed: choices.seed, seconds: (ContinuousClock.now - start) / .seconds(1),
        peakMemoryBytes: Runtime.peakMemoryBytes, modelHash: report.provenance.resultHash ?? "",
        subject: report.provenance.subject, method: report.provenance.method, toolVersion: context.toolVersion)
    try run.write(result, to: run.auditFile)
    try AtomicFile.write(HTMLRenderer.render(result), to: run.auditPageFile)
    return result
}

extension RunDirectory {
    public var auditFile: URL { url.appendingPathComponent("audit.json") }
    public var auditPageFile: URL { url.appendingPathComponent("audit.html") }

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
        let family = try report().family
        guard !family.attacks.isEmpty else {
            throw KitError.notAudited(
                path: url.path,
                problem: "there are no attacks on a \(family.rawValue) model. Give a run of a model that "
                    + "redraws pictures")
        }
        return family
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
