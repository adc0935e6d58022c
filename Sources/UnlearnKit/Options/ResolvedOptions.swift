// Options that are known to be right: defaults, overlaid with what the user wrote, each number in its range.

public import UnlearnData
public import UnlearnFormats

/// Options under one name; those without a name stand beside each other.
public struct SettingGroup: Sendable {
    public let name: String
    public let defaults: any Configurable

    public init(_ defaults: any Configurable, under name: String = "") { (self.name, self.defaults) = (name, defaults) }

    /// The path of an option of the group.
    public func path(of option: String) -> String { name.isEmpty ? option : "\(name).\(option)" }
}

/// What a run was asked for, resolved: the one form in which options travel and are recorded.
public struct ResolvedOptions: Sendable, Equatable {
    /// All options, those of a group under its name.
    public let json: JSONValue
    private let place: String

    /// Lays `settings` over the defaults in their order, and checks every number against its range.
    /// - Parameters:
    ///   - groups: of two with one name, the later one's options replace the earlier one's of the same names.
    ///   - place: the path under which users know these options.
    /// - Throws: `KitError` for an unknown option, a value of another kind, or one out of its range.
    public init(_ groups: [SettingGroup], settings: [JSONValue], at place: String = "") throws {
        var json: JSONValue = [:]
        for group in groups {
            let defaults = try JSONValue(encoding: group.defaults)
            if group.name.isEmpty {
                for (key, value) in defaults.object ?? [:] { json[key] = value }
            } else {
                json[group.name] = defaults
            }
        }
        for change in settings { json = try Options.overlay(change, on: json, at: place) }
        (self.json, self.place) = (json, place)
        for group in groups {
            for setting in SettingFacts.all(of: group.defaults) {
                try check(setting.bounds, at: group.path(of: setting.path))
            }
        }
    }

    /// The options of a type, out of those of a group.
    public func callAsFunction<Value: Configurable>(_ type: Value.Type = Value.self, _ group: String = "") throws
        -> Value
    {
        let value = try Options.decode(type, from: group.isEmpty ? json : json[group] ?? [:], at: known(group))
        if let problem = value.problem() {
            let path = SettingGroup(value, under: group).path(of: problem.path)
            throw KitError.invalidOption(path: known(path), problem: problem.problem)
        }
        return value
    }

    /// The path by which users know an option.
    private func known(_ path: String) -> String {
        place.isEmpty || path.isEmpty ? place + path : "\(place).\(path)"
    }

    private func check(_ bounds: Bounds, at path: String) throws {
        let value = json[path: path]
        for number in value?.array ?? value.map({ [$0] }) ?? [] {
            if let problem = bounds.problem(with: number) {
                throw KitError.invalidOption(path: known(path), problem: problem)
            }
        }
    }
}

extension [SettingGroup] {
    /// Each option with its default, in the order in which it is declared; of two with one name, the later one.
    public func options() throws -> [(facts: SettingFacts, default: JSONValue)] {
        let defaults = try ResolvedOptions(self, settings: [])
        var places: [String: Int] = [:]
        var options: [(facts: SettingFacts, default: JSONValue)] = []
        for group in self {
            for setting in SettingFacts.all(of: group.defaults) {
                let path = group.path(of: setting.path)
                let facts = SettingFacts(path: path, meaning: setting.meaning, bounds: setting.bounds)
                let option = (facts, defaults.json[path: path] ?? .null)
                if let place = places[path] { options[place] = option } else { options.append(option) }
                places[path] = places[path] ?? options.count - 1
            }
        }
        return options
    }
}

extension JSONValue {
    /// The value at "outer.inner".
    subscript(path path: String) -> JSONValue? {
        path.split(separator: ".").reduce(Optional(self)) { $0?[String($1)] }
    }
}
