// A method for classifiers whose options are known to be right.

import UnlearnData
public import UnlearnFormats
public import UnlearnMethods

/// A method by name, with the user's options laid over its defaults.
public struct ResolvedClassifierMethod: Sendable {
    public let name: String
    public let method: any ClassifierMethod
    public let phase: Phase
    /// All options as they were resolved: those of the method and of its main phase side by side.
    public let options: ResolvedOptions

    public static func groups(_ name: String) throws -> [SettingGroup] {
        let type = try Options.method(name, MethodCatalog.classifierMethod)
        return [SettingGroup(type.phaseDefaults), SettingGroup(type.init())]
    }

    /// - Parameter options: in which those of the method and of its phase stand without a name.
    init(_ name: String, _ options: ResolvedOptions) throws {
        (self.name, self.options) = (name, options)
        method = try options(MethodCatalog.classifierMethod(name))
        phase = try options()
    }

    /// Users know the options under the method's name.
    public init(_ name: String, settings: [JSONValue]) throws {
        try self.init(name, ResolvedOptions(Self.groups(name), settings: Self.meant(settings), at: name))
    }

    /// Who sets the epochs means them, however few steps they are.
    static func meant(_ settings: [JSONValue]) -> [JSONValue] {
        let keys = Set(settings.flatMap { ($0.object ?? [:]).map(\.key) })
        return keys.contains("epochs") && !keys.contains("leastSteps") ? settings + [["leastSteps": 0]] : settings
    }
}
