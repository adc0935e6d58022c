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
    public let options: JSONValue

    /// - Parameter place: under which users know the options; nil: the method's name.
    public init(_ name: String, settings: [JSONValue], at place: String? = nil) throws {
        self.name = name
        let place = place ?? name
        let type: any ClassifierMethod.Type
        do {
            type = try MethodCatalog.classifierMethod(name)
        } catch {
            guard case MethodError.unknownMethod(_, let known) = error else { throw error }
            throw MethodError.unknownMethod(name, known: NearestName.ordered(known, by: name))
        }
        var options = try Self.json(type.phaseDefaults)
        let own = try Self.json(type.init())
        for (key, value) in own.object ?? [:] { options[key] = value }
        for change in settings { options = try Options.overlay(change, on: options, at: place) }
        // Who sets the epochs means them, however few steps they are.
        let keys = Set(settings.flatMap { ($0.object ?? [:]).map(\.key) })
        if keys.contains("epochs"), !keys.contains("leastSteps") { options["leastSteps"] = 0 }
        self.options = options
        try Options.checkNumbers(of: own, in: options, at: place)
        method = try Options.decode(type, from: options, at: place)
        phase = try Options.decode(Phase.self, from: options, at: place)
        try phase.check(at: place)
    }

    private static func json(_ value: some Encodable) throws -> JSONValue {
        try JSONValue(encoding: value)
    }
}

extension Phase {
    /// That the numbers can be trained with.
    func check(at place: String) throws {
        let place = place.isEmpty ? "" : place + "."
        guard learningRate > 0, learningRate.isFinite else {
            throw KitError.invalidOption(path: place + "learningRate", problem: "it must be greater than zero")
        }
        guard epochs > 0, epochs <= 100_000 else {
            throw KitError.invalidOption(
                path: place + "epochs", problem: "it must be greater than 0 and at most 100000")
        }
        try Options.check([
            (place + "batchSize", batchSize, 1...1_000_000), (place + "leastSteps", leastSteps, 0...1_000_000),
        ])
        guard (0...64).contains(augmentation.cropBorder) else {
            throw KitError.invalidOption(path: place + "augmentation.cropBorder", problem: "it must be from 0 to 64")
        }
    }
}
