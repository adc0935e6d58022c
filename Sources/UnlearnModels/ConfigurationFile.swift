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
    /// A checkpoint whose weights are packed.
    case quantized(method: String, path: String)
    /// A model's name that is neither a path nor in the local cache.
    case notCached(name: String, cache: String)
    /// A model's folder in the local cache in which the wanted version is not whole.
    case noSnapshot(name: String, revision: String?, folder: String)
    /// What is wrong with the name of the model that an adapter belongs to.
    indirect case base(ModelError, adapter: String)
    /// A matrix with a number that few bits cannot hold.
    case cannotRound(name: String)

    public var description: String {
        switch self {
        case .format(let error): error.description
        case .checkpoint(let error): error.description
        case .key(let key, let path, let expected):
            "\(path): '\(key)' is missing or is not \(expected). Check that the file belongs to the model."
        case .unsupported(let what, let path, let advice): "\(path): \(what) is not supported. \(advice)"
        case .architecture(let name, let path, let known):
            "\(path): the architecture '\(name)' is not supported; supported are \(known.joined(separator: ", "))."
        case .quantized(let method, let path):
            "\(path): the checkpoint is quantized with \(method), and its packed weights cannot be computed with; dequantize "
                + "it first, or take the model as it was before."
        case .notCached(let name, let cache):
            "'\(name)' is neither a path here nor a model in the Hugging Face cache '\(cache)'. Check the path, or fetch the "
                + "model first, for example with `hf download \(name)`."
        case .noSnapshot(let name, let revision, let folder):
            "The Hugging Face cache holds no whole version\(revision.map { " '\($0)'" } ?? "") of '\(name)' in '\(folder)'. "
                + "Fetch it again, for example with `hf download \(name)\(revision.map { " --revision \($0)" } ?? "")`."
        case .base(let error, let adapter):
            "\(adapter) names the base of the adapter. \(error)"
        case .cannotRound(let name):
            "'\(name)' holds a number that is not finite, or too large to be stored in few bits. Check the model's weights, or "
                + "let them be as they are."
        }
    }
}

/// A config.json, or what a GGUF file says in its place. A key whose value is null counts as absent.
public struct ConfigurationFile: Sendable {
    public let path: String
    public let json: JSONValue
    /// What messages put before a key: the names of the objects that it stands in.
    private let prefix: String
    /// The method by which the model's weights are packed, and the file that says so; nil if they are plain numbers.
    private(set) var packing: (method: String, path: String)?

    public init(path: String, json: JSONValue) { self.init(path: path, json: json, prefix: "") }

    private init(path: String, json: JSONValue, prefix: String) {
        (self.path, self.json, self.prefix) = (path, json, prefix)
        packing = Self.packingMethod(json).map { ($0, path) }
    }

    /// The config.json of the model in `folder`, which a file beside it may say to be packed.
    init(modelIn folder: URL) throws(ModelError) {
        let file = folder.appending(path: "config.json")
        if !FileManager.default.fileExists(atPath: file.path),
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path),
            let name = names.filter({ $0.lowercased().hasSuffix(".gguf") }).min()
        {
            throw .format(
                .missing(
                    path: file.path, expected: "it, or the path of one of the GGUF files beside it, such as '\(name)'"))
        }
        try self.init(file)
        // What writes these files does not always write the same into config.json.
        for (name, method) in [
            ("quantize_config.json", "gptq"), ("quant_config.json", "awq"), ("hf_quant_config.json", "modelopt"),
            ("quanto_qmap.json", "quanto"),
        ] where packing == nil {
            let file = folder.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            packing = (try ConfigurationFile(file).text("quant_method") ?? method, file.path)
        }
    }

    public init(_ url: URL) throws(ModelError) {
        do throws(FormatError) {
            self.init(path: url.path, json: try JSONValue(contentsOf: url))
        } catch { throw .format(error) }
    }

    private func wrong(_ key: String, expected: String) -> ModelError {
        .key(prefix + key, path: path, expected: expected)
    }

    func holds(_ key: String) -> Bool { json[key].map { !$0.isNull } ?? false }

    /// A count that must be there and be positive.
    public func count(_ key: String) throws(ModelError) -> Int {
        guard let value = json[key]?.int, value > 0, value < 1 << 31 else {
            throw wrong(key, expected: "a positive whole number")
        }
        return value
    }

    public func count(_ key: String, default fallback: Int) throws(ModelError) -> Int {
        holds(key) ? try count(key) : fallback
    }

    /// A positive number that must be there.
    public func number(_ key: String) throws(ModelError) -> Double {
        guard let number = json[key]?.double, number > 0, number.isFinite else {
            throw wrong(key, expected: "a positive number")
        }
        return number
    }

    public func number(_ key: String, default fallback: Double) throws(ModelError) -> Double {
        holds(key) ? try number(key) : fallback
    }

    public func flag(_ key: String, default fallback: Bool) throws(ModelError) -> Bool {
        guard holds(key) else { return fallback }
        guard let flag = json[key]?.bool else { throw wrong(key, expected: "true or false") }
        return flag
    }

    /// A text; nil if it is absent.
    func text(_ key: String) throws(ModelError) -> String? {
        guard holds(key) else { return nil }
        guard let text = json[key]?.string else { throw wrong(key, expected: "a text") }
        return text
    }

    /// The object of that name, an empty one if it is absent.
    func object(_ key: String) throws(ModelError) -> ConfigurationFile {
        let value = holds(key) ? json[key] : [:]
        guard let value, value.object != nil else { throw wrong(key, expected: "an object") }
        return ConfigurationFile(path: path, json: value, prefix: prefix + key + ".")
    }
}

extension ConfigurationFile {
    /// The method by which the model's weights are packed; nil if they are plain numbers.
    public var quantization: String? { packing?.method }

    /// The method that a config.json names.
    private static func packingMethod(_ json: JSONValue) -> String? {
        // The last is that of MLX.
        let places = ["quantization_config", "compression_config", "quantization"]
        let found = places.first { json[$0].map { !$0.isNull && $0 != [:] } ?? false }
        guard let place = found else { return nil }
        let settings = json[place]
        if let method = settings?["quant_method"]?.string { return method }
        // Files of its early versions do not name it.
        let isBitsAndBytes = ["load_in_4bit", "load_in_8bit"].contains { settings?[$0]?.bool == true }
        return isBitsAndBytes ? "bitsandbytes" : "a method that '\(place)' does not name"
    }

    /// That the model's weights are plain numbers.
    func checkUnpacked() throws(ModelError) {
        if let packing { throw .quantized(method: packing.method, path: packing.path) }
    }
}

extension ModelError {
    /// Runs `body`; what is wrong with a file's format is wrong with the model.
    static func reading<Value>(_ body: () throws(FormatError) -> Value) throws(ModelError) -> Value {
        do { return try body() } catch { throw .format(error) }
    }

    /// Runs `body`; what is wrong with a checkpoint is wrong with the model.
    static func building<Value>(_ body: () throws(CheckpointError) -> Value) throws(ModelError) -> Value {
        do { return try body() } catch { throw .checkpoint(error) }
    }
}
