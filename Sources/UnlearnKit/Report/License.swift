// The licence that a model declares, so that what is made of the model declares it too.

public import Foundation
import UnlearnFormats

public enum License {
    /// The name in the front matter of a folder's README.md or in a GGUF file, such as "apache-2.0"; nil without one.
    /// A card is written for people: one that is no YAML declares nothing.
    public static func declared(by model: URL) -> String? {
        switch ModelFormat(model) {
        case .huggingFace:
            guard let text = try? TextFile.read(model.appending(path: "README.md")) else { return nil }
            let lines = text.lines
            guard lines.first?.trimmingCharacters(in: .whitespaces) == "---",
                let end = lines.dropFirst().firstIndex(where: { $0.trimmingCharacters(in: .whitespaces) == "---" }),
                let matter = try? YAMLReader.value(of: lines[1..<end].joined(separator: "\n"), path: model.path)
            else { return nil }
            return name(matter["license"])
        case .gguf: return (try? GGUFFile(model))?["general.license"]?.string.flatMap { $0.isBlank ? nil : $0 }
        case .llama2C: return nil
        }
    }

    /// A card may name several.
    private static func name(_ value: JSONValue?) -> String? {
        let names = value?.array?.compactMap(\.string) ?? [value?.string].compactMap(\.self)
        return names.isEmpty ? nil : names.joined(separator: ", ")
    }

    /// A README.md that declares a licence and nothing else, for a model that was only converted.
    public static func card(_ license: String) -> String { "---\n\(line(license))\n---\n" }

    /// The line of a card's front matter.
    static func line(_ license: String) -> String {
        // A string of JSON is a quoted string of YAML too.
        "license: \(JSONValue.string(license).text())"
    }
}
