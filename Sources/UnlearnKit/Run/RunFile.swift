// What `run.json` holds, and the configuration file of `unlearn run`.

public import Foundation
public import UnlearnData
public import UnlearnFormats
import UnlearnModels

/// The command that a run belongs to.
public enum RunKind: String, Codable, Sendable, CaseIterable {
    case forget, train
}

/// What `run.json` holds.
struct RunRecord<Configuration: Encodable>: Encodable {
    let command: RunKind
    let configuration: Configuration
    let options: JSONValue
    let provenance: Provenance

    init(_ command: RunKind, _ configuration: Configuration, _ options: ResolvedOptions, _ provenance: Provenance) {
        (self.command, self.configuration) = (command, configuration)
        (self.options, self.provenance) = (options.json, provenance)
    }
}

extension RunContext {
    /// That there is room for a run, before anything is read.
    func makeRoom(for output: String) throws {
        if !isResumed { try RunDirectory.makeRoom(at: URL(filePath: output)) }
    }

    /// The folder of a run: a new one with `run.json`, or, of one that goes on, the one that it began.
    func folder<Configuration>(
        _ output: String, _ record: RunRecord<Configuration>, _ folders: [String]
    ) throws -> RunDirectory {
        let output = URL(filePath: output)
        return try isResumed
            ? RunDirectory(resuming: output, from: record.provenance, folders: folders)
            : RunDirectory(creating: output, run: record, folders: folders)
    }
}

public enum RunFile {
    /// The parts of a file that are done one after the other: what stands under `steps`, each with the keys beside it; or
    /// the file as a whole.
    public static func steps(_ url: URL) throws -> [JSONValue] {
        var shared = try Options.read(url)
        guard let steps = shared["steps"], !steps.isNull else { return [shared] }
        shared["steps"] = nil
        guard let parts = steps.array, !parts.isEmpty, parts.allSatisfy({ $0.object != nil }) else {
            throw KitError.invalidOption(path: "steps", problem: "it must be a list of what is to be done")
        }
        return parts.map { part in
            (part.object ?? [:]).reduce(into: shared) { $0[$1.key] = $1.value }
        }
    }

    /// What a part asks for, as its key `command` says: to forget, unless it says otherwise.
    public static func kind(_ part: JSONValue) throws -> RunKind {
        guard let command = part["command"], !command.isNull else { return .forget }
        guard let kind = command.string.flatMap(RunKind.init) else {
            let valid = RunKind.allCases.map(\.rawValue).joined(separator: " or ")
            throw KitError.invalidOption(path: "command", problem: "it must be \(valid)")
        }
        return kind
    }

    /// The choices of a file that asks for one run and, under `set`, its options.
    public static func read<Configuration: Configurable>(
        _ url: URL, as type: Configuration.Type = RunConfiguration.self
    ) throws -> (Configuration, settings: [JSONValue]) {
        try read(Options.read(url), as: type)
    }

    /// The same of one part.
    public static func read<Configuration: Configurable>(
        _ part: JSONValue, as type: Configuration.Type = RunConfiguration.self
    ) throws -> (Configuration, settings: [JSONValue]) {
        var json = part
        json["command"] = nil
        // `set:` with nothing behind it sets nothing.
        let settings = [json["set"] ?? .null].filter { !$0.isNull }
        guard settings.allSatisfy({ $0.object != nil }) else {
            throw KitError.invalidOption(path: "set", problem: "it must hold options with their values")
        }
        json["set"] = nil
        // What is not set by default has no keys to lay a part over.
        for (key, defaults) in [
            ("images", ImageTaskOptions()), ("design", ClassifierDesign()), ("degradation", Degradation()),
            ("network", GeneratorDesign()),
        ]
            as [(String, any Configurable)]
        {
            guard let part = json[key], !part.isNull else { continue }
            json[key] = try ResolvedOptions([SettingGroup(defaults)], settings: [part], at: key).json
        }
        return (try Options.resolve(Configuration.self, overlays: [json]), settings)
    }

    /// The file that asks for a run of forgetting, with everything in it that can be set.
    public static func text(of plan: some ForgettingPlan) throws -> String {
        let choices = try JSONValue(encoding: plan.configuration)
        let meanings = try plan.groups().options().map {
            ($0.facts.path, [$0.facts.meaning, $0.facts.bounds.words].filter { !$0.isEmpty }.joined(separator: " "))
        }
        let comments = Dictionary(meanings, uniquingKeysWith: { first, _ in first })
        return "command: \(RunKind.forget.rawValue)\n" + block(choices, indent: "", at: "", [:])
            + "set:\n" + block(plan.options.json, indent: "  ", at: "", comments)
    }

    /// The members of an object as YAML, those that are null left out of what has no comments.
    private static func block(
        _ json: JSONValue, indent: String, at path: String, _ comments: [String: String]
    ) -> String {
        (json.object ?? [:]).filter { !comments.isEmpty || !$0.value.isNull }.map { key, value in
            let path = path.isEmpty ? key : "\(path).\(key)"
            let comment = comments[path].map { "\(indent)# \($0)\n" } ?? ""
            if let object = value.object, !object.isEmpty {
                return comment + "\(indent)\(key):\n" + block(value, indent: indent + "  ", at: path, comments)
            }
            // What JSON writes of anything else is YAML too.
            return comment + "\(indent)\(key): \(value.text())\n"
        }.joined()
    }
}
