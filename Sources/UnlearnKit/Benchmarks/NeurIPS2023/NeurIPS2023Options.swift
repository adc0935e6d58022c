// What decides the models of the challenge, and the methods that are compared.

public import UnlearnData
public import UnlearnFormats
public import UnlearnMethods
public import UnlearnModels

/// Everything that the original and the retrained models depend on.
public struct NeurIPS2023Options: Configurable {
    public var task = ImageTaskOptions()
    public var design = ClassifierDesign()
    public var training = ClassifierTraining()
    public var seed: UInt64 = 0

    public init() {}

    /// Lays the user's settings over the defaults. A setting whose first key is a method's name is that method's.
    public init(
        _ base: NeurIPS2023Options, methods: [String], settings: [JSONValue]
    ) throws {
        var changes = [try JSONValue(encoding: base)]
        for change in settings {
            let general = (change.object ?? [:]).filter { !methods.contains($0.key) }
            changes.append(.object(JSONObject(general.map { ($0.key, $0.value) })))
        }
        self = try Options.resolve(overlays: changes)
    }

    /// The methods with their settings.
    public static func methods(_ names: [String], settings: [JSONValue]) throws -> [ResolvedClassifierMethod] {
        var methods: [ResolvedClassifierMethod] = []
        for name in names {
            methods.append(try ResolvedClassifierMethod(name, settings: settings.compactMap { $0[name] }))
        }
        return methods
    }
}
