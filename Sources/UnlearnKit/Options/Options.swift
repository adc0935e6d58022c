// Resolves options: the defaults of a type, overlaid with what the user wrote, checked key by key.
public import Foundation
public import UnlearnData
public import UnlearnFormats
import Yams

/// Options from defaults and from what a user wrote in YAML, JSON or `key=value` form.
public enum Options {
    /// The defaults of `type`, overlaid with `overlays` in their order; later ones win. Every key must be known and
    /// every value of its default's kind. `place` is the path under which users know these options.
    public static func resolve<Value: Configurable>(
        _ type: Value.Type = Value.self, overlays: [JSONValue], at place: String = ""
    ) throws -> Value {
        try ResolvedOptions([SettingGroup(Value())], settings: overlays, at: place)()
    }

    /// The options that `json`, the defaults with the user's values, describes.
    static func decode<Value: Decodable>(
        _ type: Value.Type, from json: JSONValue, at place: String = ""
    ) throws -> Value {
        // Only seeds are unsigned, and the decoder does not say where it meets a negative one.
        if let seed = json["seed"]?.int, seed < 0 {
            throw KitError.invalidOption(path: join(place, "seed"), problem: "it must not be negative")
        }
        do {
            return try json.decode(type)
        } catch .invalidValue(.key(let key), let problem) {
            throw KitError.invalidOption(path: join(place, key), problem: problem)
        }
    }

    /// `defaults` with the values of `change` in place of its own.
    public static func overlay(
        _ change: JSONValue, on defaults: JSONValue, at place: String = ""
    ) throws -> JSONValue {
        switch (defaults, change) {
        // What is optional and unset has no kind to compare with: decoding judges it. Likewise for setting to null.
        case (.null, _), (_, .null): return change
        case (.object(let old), .object(let new)): return try overlay(new, on: old, at: place)
        case (.bool, .bool), (.string, .string), (.array, .array): return change
        case (.string, .int(let number)): return .string(String(number))
        case (.int, _):
            if let number = change.int { return .int(number) }
        case (.double, _):
            if let number = change.double ?? change.string.flatMap({ Double($0) }) { return .double(number) }
        default: break
        }
        throw KitError.wrongOptionType(path: place, expected: kind(of: defaults), found: describe(change))
    }

    private static func overlay(
        _ change: JSONObject, on defaults: JSONObject, at place: String
    ) throws -> JSONValue {
        var result = defaults
        for (key, value) in change {
            // A default without keys is a dictionary, whose keys are the user's to choose.
            guard !defaults.isEmpty else {
                result[key] = value
                continue
            }
            guard let old = defaults[key] else {
                let valid = NearestName.ordered(defaults.keys, by: key).map { join(place, $0) }
                throw KitError.unknownOption(path: join(place, key), valid: valid)
            }
            result[key] = try overlay(value, on: old, at: join(place, key))
        }
        return .object(result)
    }

    /// The overlay that `key=value` or `outer.inner=value` stands for. The value is read as YAML.
    public static func assignment(_ text: String) throws -> JSONValue {
        guard let equals = text.firstIndex(of: "=") else { throw KitError.malformedAssignment(text) }
        let keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard keys.allSatisfy({ !$0.isEmpty }) else { throw KitError.malformedAssignment(text) }
        let written = String(text[text.index(after: equals)...])
        let value = written.isEmpty ? .string("") : try YAMLReader.value(of: written, path: text)
        return keys.reversed().reduce(value) { inner, key in .object([key: inner]) }
    }

    /// Reads a configuration file: YAML, of which JSON is a part. A file of comments alone sets nothing.
    public static func read(_ url: URL) throws -> JSONValue {
        let text = try TextFile.read(url)
        let value = try YAMLReader.value(of: text, path: url.path)
        if value.isNull { return .object([:]) }
        guard value.object != nil else {
            throw KitError.malformedConfiguration(
                path: url.path, problem: "expected keys with values, found \(describe(value))")
        }
        return value
    }

    private static func join(_ place: String, _ key: String) -> String {
        place.isEmpty ? key : place + "." + key
    }

    private static func kind(of value: JSONValue) -> String {
        switch value {
        case .null: "nothing"
        case .bool: "true or false"
        case .int: "a whole number"
        case .double: "a number"
        case .string: "text"
        case .array: "a list"
        case .object: "a group of options"
        }
    }

    private static func describe(_ value: JSONValue) -> String {
        switch value {
        case .array, .object, .null: kind(of: value)
        case .string(let text): "the text '\(text.prefix(40))'"
        default: value.text()
        }
    }
}

/// Reads YAML into JSON values by YAML 1.2's core rules: "no" and "on" are text, and only true and false are Boolean.
enum YAMLReader {
    /// More values than any configuration has: repeated aliases could otherwise unfold without end.
    private static let mostValues = 100_000

    static func value(of text: String, path: String) throws -> JSONValue {
        do {
            guard let node = try Yams.compose(yaml: text) else { return .null }
            var count = 0
            return try value(of: node, path, &count)
        } catch let error as KitError {
            throw error
        } catch let error as YamlError {
            throw KitError.malformedConfiguration(path: path, problem: sentence(error))
        } catch {
            throw KitError.malformedConfiguration(path: path, problem: error.localizedDescription)
        }
    }

    private static func value(of node: Node, _ path: String, _ count: inout Int) throws -> JSONValue {
        count += 1
        guard count <= mostValues else {
            throw KitError.malformedConfiguration(path: path, problem: "it unfolds to more than \(mostValues) values")
        }
        switch node {
        case .scalar(let scalar): return value(of: scalar)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try value(of: element, path, &count)) }
            return .array(elements)
        case .mapping(let mapping):
            var members = JSONObject()
            for (key, element) in mapping {
                guard case .scalar(let name) = key else {
                    throw KitError.malformedConfiguration(path: path, problem: "a key is not plain text")
                }
                members[name.string] = try value(of: element, path, &count)
            }
            return .object(members)
        case .alias:
            throw KitError.malformedConfiguration(path: path, problem: "an alias refers to nothing")
        }
    }

    private static func value(of scalar: Node.Scalar) -> JSONValue {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        if let integer = Int(text) { return .int(integer) }
        // Swift also reads "nan", "infinity" and hexadecimal: in a configuration these are text.
        let isNumeric = text.allSatisfy { "0123456789+-.eE".contains($0) }
        if isNumeric, let number = Double(text), number.isFinite { return .double(number) }
        return .string(text)
    }

    private static func sentence(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem.trimmingCharacters(in: .whitespacesAndNewlines)) at line \(mark.line), column \(mark.column)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            "the key '\(duplicates.map(\.description).joined(separator: "', '"))' is repeated at line \(context.mark.line)"
        default:
            "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
        }
    }
}
