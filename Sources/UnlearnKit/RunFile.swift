// Reads the configuration file of `unlearn run`.

public import Foundation
public import UnlearnFormats

public enum RunFile {
    /// The choices of a file and, under `set`, its options.
    public static func read(_ url: URL) throws(KitError) -> (RunConfiguration, settings: [JSONValue]) {
        var json = try Options.read(url)
        // `set:` with nothing behind it sets nothing.
        let settings = [json["set"] ?? .null].filter { !$0.isNull }
        guard settings.allSatisfy({ $0.object != nil }) else {
            throw .invalidOption(path: "set", problem: "it must hold options with their values")
        }
        json["set"] = nil
        return (try Options.resolve(RunConfiguration.self, overlays: [json]), settings)
    }
}
