// Reads the configuration file of `unlearn run`.

public import Foundation
public import UnlearnFormats

public enum RunFile {
    /// The choices of a file and, under `set`, its options.
    public static func read(_ url: URL) throws(KitError) -> (RunConfiguration, settings: [JSONValue]) {
        var json = try Options.read(url)
        let settings = json["set"].map { [$0] } ?? []
        json["set"] = nil
        return (try Options.resolve(RunConfiguration.self, overlays: [json]), settings)
    }
}
