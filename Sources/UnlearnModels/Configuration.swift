// Reading config.json: typed access to its keys, with sentences for what is missing or unsupported.

public import Foundation
public import UnlearnEngine
public import UnlearnFormats

/// What can be wrong with a model on disk.
public enum ModelError: Error, Equatable, CustomStringConvertible {
    case format(FormatError)
    case checkpoint(CheckpointError)
    case key(String, path: String, expected: String)
    case unsupported(String, path: String, advice: String)
    case architecture(String, path: String, known: [String])

    public var description: String {
        switch self {
        case .format(let error): error.description
        case .checkpoint(let error): error.description
        case .key(let key, let path, let expected):
            "\(path): '\(key)' is missing or is not \(expected). Check that the file belongs to the model."
        case .unsupported(let what, let path, let advice): "\(path): \(what) is not supported. \(advice)"
        case .architecture(let name, let path, let known):
            "\(path): the architecture '\(name)' is not supported; supported are \(known.joined(separator: ", "))."
        }
    }
}

/// A config.json, or what a GGUF file says in its place.
public struct ConfigurationFile: Sendable {
    public let path: String
    public let json: JSONValue

    public init(path: String, json: JSONValue) {
        self.path = path
        self.json = json
    }

    public init(_ url: URL) throws(ModelError) {
        do throws(FormatError) {
            self.init(path: url.path, json: try JSONValue(contentsOf: url))
        } catch { throw .format(error) }
    }

    /// A count that must be there and be positive.
    public func count(_ key: String) throws(ModelError) -> Int {
        guard let value = json[key]?.int, value > 0, value < 1 << 31 else {
            throw .key(key, path: path, expected: "a positive whole number")
        }
        return value
    }

    public func count(_ key: String, default fallback: Int) throws(ModelError) -> Int {
        guard let value = json[key], !value.isNull else { return fallback }
        return try count(key)
    }

    /// A positive number.
    public func number(_ key: String, default fallback: Double) throws(ModelError) -> Double {
        guard let value = json[key], !value.isNull else { return fallback }
        guard let number = value.double, number > 0, number.isFinite else {
            throw .key(key, path: path, expected: "a positive number")
        }
        return number
    }

    public func flag(_ key: String, default fallback: Bool) throws(ModelError) -> Bool {
        guard let value = json[key], !value.isNull else { return fallback }
        guard let flag = value.bool else { throw .key(key, path: path, expected: "true or false") }
        return flag
    }
}

extension ModelError {
    /// Runs `body`; what is wrong with a file's format is wrong with the model.
    static func reading<Value>(_ body: () throws(FormatError) -> Value) throws(ModelError) -> Value {
        do { return try body() } catch { throw .format(error) }
    }
}
