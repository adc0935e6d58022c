// The weights of a Hugging Face model: one Safetensors file, or several with an index.
public import Foundation

/// All tensors of a model, wherever they are stored.
public struct SafetensorsCheckpoint: Sendable {
    /// The names: in file order for a single file, in the index's order for several.
    public let names: [String]
    private let shards: [SafetensorsFile]
    private let shardOfName: [String: Int]

    /// Opens `model.safetensors`, or the files that `model.safetensors.index.json` lists.
    public init(directory: URL) throws(FormatError) {
        let (single, index) = Self.places(in: directory)
        if FileManager.default.fileExists(atPath: single.path) {
            try self.init(file: single)
        } else if FileManager.default.fileExists(atPath: index.path) {
            try self.init(index: index)
        } else {
            throw .missing(
                single, expected: "this file or model.safetensors.index.json beside it",
                otherForms: [
                    ["pytorch_model.bin"], ["pytorch_model.bin.index.json"], ["tf_model.h5"], ["flax_model.msgpack"],
                ],
                remedy: Self.conversion)
        }
    }

    /// The sentence that says how a model in another form becomes one of this form.
    public static let conversion =
        "Convert it with transformers: `AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(FOLDER)`."

    private static func places(in directory: URL) -> (single: URL, index: URL) {
        (
            directory.appendingPathComponent("model.safetensors"),
            directory.appendingPathComponent("model.safetensors.index.json")
        )
    }

    /// Whether a folder has weights to open.
    public static func isThere(_ directory: URL) -> Bool {
        let (single, index) = places(in: directory)
        return [single, index].contains { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Opens one file of any name.
    /// - Parameters:
    ///   - otherForms: the files beside it that together hold the same in a form that is not read.
    ///   - remedy: the sentence that says how they are converted.
    public init(file url: URL, otherForms: [[String]] = [], remedy: String = "") throws(FormatError) {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw .missing(url, expected: "a file", otherForms: otherForms, remedy: remedy)
        }
        let file = try SafetensorsFile(url)
        names = file.names
        shards = [file]
        shardOfName = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
    }

    private init(index url: URL) throws(FormatError) {
        guard let map = try JSONValue(contentsOf: url)["weight_map"]?.object else {
            throw .malformed(
                .safetensorsIndex, path: url.path, place: .key("weight_map"), problem: "it is not an object")
        }
        var shards: [SafetensorsFile] = []
        var positions: [String: Int] = [:]
        var shardOfName: [String: Int] = [:]
        for (name, value) in map {
            guard let shard = value.string, Self.isPlainName(shard) else {
                throw .malformed(
                    .safetensorsIndex, path: url.path, place: .tensor(name),
                    problem: "the file is not named by a plain name without folders")
            }
            let position = positions[shard] ?? shards.count
            if position == shards.count {
                shards.append(try SafetensorsFile(url.deletingLastPathComponent().appendingPathComponent(shard)))
                positions[shard] = position
            }
            guard shards[position].entries[name] != nil else {
                throw .missingEntry(name: name, path: shards[position].file.path)
            }
            shardOfName[name] = position
        }
        names = map.keys
        self.shards = shards
        self.shardOfName = shardOfName
    }

    /// The type, shape and place of the tensor called `name`, or nil.
    public subscript(_ name: String) -> SafetensorsFile.Entry? {
        shardOfName[name].flatMap { shards[$0].entries[name] }
    }

    /// The bytes of the tensor called `name`, valid while this value lives.
    public func bytes(of name: String) throws(FormatError) -> UnsafeRawBufferPointer {
        guard let position = shardOfName[name] else {
            throw .missingEntry(name: name, path: shards.first?.file.path ?? "the checkpoint")
        }
        return try shards[position].bytes(of: name)
    }

    /// Gives back the memory that reading the tensor called `name` took.
    public func releaseBytes(of name: String) {
        guard let position = shardOfName[name], let entry = shards[position].entries[name] else { return }
        shards[position].file.releasePages(entry.range)
    }

    /// An index may come from anywhere: it must not lead out of its folder.
    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.contains { $0 == "/" || $0 == "\\" || $0 == "\0" }
    }
}
