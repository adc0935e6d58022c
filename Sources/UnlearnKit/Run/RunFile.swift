// What `run.json` holds, and the configuration file of `unlearn run`.

public import Foundation
public import UnlearnData
public import UnlearnFormats

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
}

public enum RunFile {
    /// What a file asks for, as its key `command` says: to forget, unless it says otherwise.
    public static func kind(_ url: URL) throws -> RunKind {
        guard let command = try Options.read(url)["command"], !command.isNull else { return .forget }
        guard let kind = command.string.flatMap(RunKind.init) else {
            let valid = RunKind.allCases.map(\.rawValue).joined(separator: " or ")
            throw KitError.invalidOption(path: "command", problem: "it must be \(valid)")
        }
        return kind
    }

    /// The choices of a file and, under `set`, its options.
    public static func read<Configuration: Configurable>(
        _ url: URL, as type: Configuration.Type = RunConfiguration.self
    ) throws -> (Configuration, settings: [JSONValue]) {
        var json = try Options.read(url)
        json["command"] = nil
        if type == TrainingConfiguration.self, json["images"].map({ !$0.isNull }) ?? false {
            throw KitError.invalidOption(
                path: "images",
                problem: "a file can train language models only; train a classifier with flags: "
                    + "`unlearn train --data FOLDER --output FOLDER`")
        }
        // `set:` with nothing behind it sets nothing.
        let settings = [json["set"] ?? .null].filter { !$0.isNull }
        guard settings.allSatisfy({ $0.object != nil }) else {
            throw KitError.invalidOption(path: "set", problem: "it must hold options with their values")
        }
        json["set"] = nil
        // What is not set by default has no keys to lay a part over.
        if let images = json["images"], !images.isNull {
            let whole = try Options.resolve(ImageTaskOptions.self, overlays: [images], at: "images")
            json["images"] = try JSONValue(encoding: whole)
        }
        return (try Options.resolve(Configuration.self, overlays: [json]), settings)
    }
}
