// GGUF, the model files of llama.cpp: metadata with the tokenizer inside, then tensors, in one file or in several.
public import Foundation

/// A tensor of a GGUF file.
public struct GGUFTensor: Sendable, Equatable {
    public let name: String
    public let type: GGMLType
    /// Slowest dimension first, as everywhere in this program; GGUF itself stores the reverse.
    public let shape: [Int]
    /// The index of the file that has the encoded bytes, and where they are in it.
    public internal(set) var part = 0
    public let range: Range<Int>

    /// The number of values.
    public var count: Int { range.count / type.blockBytes * type.blockSize }
}

/// A GGUF file of version 2 or 3, or all parts of one that is split, checked completely when opened.
public struct GGUFFile: Sendable {
    /// The file, or the parts in order.
    public let files: [MappedFile]
    /// The tensors in file order.
    public let tensors: [GGUFTensor]
    /// Of a split file, that of the first part.
    let metadata: [String: GGUFValue]
    private let tensorIndex: [String: Int]

    /// The first file's path.
    public var path: String { files[0].path }

    /// Maps the file, reads all metadata and checks that every tensor lies inside the file. Of a part, whichever it is,
    /// the others are opened too.
    public init(_ url: URL) throws(FormatError) {
        let parts = try GGUFPart(url).withOthers()
        files = parts.map(\.file)
        metadata = parts[0].metadata
        var tensors: [GGUFTensor] = []
        var index: [String: Int] = [:]
        for (number, part) in parts.enumerated() {
            for var tensor in part.tensors {
                guard index.updateValue(tensors.count, forKey: tensor.name) == nil else {
                    throw .malformed(
                        .gguf, path: part.file.path, place: .tensor(tensor.name), problem: "the name appears twice")
                }
                tensor.part = number
                tensors.append(tensor)
            }
        }
        (self.tensors, tensorIndex) = (tensors, index)
    }

    /// The metadata value of `key`, or nil.
    public subscript(_ key: String) -> GGUFValue? { metadata[key] }

    /// The tensor called `name`, or nil.
    public func tensor(_ name: String) -> GGUFTensor? { tensorIndex[name].map { tensors[$0] } }

    /// The value of `key` in the form that `form` reads, for example `try file.required("llama.block_count", \.int)`.
    public func required<Value>(_ key: String, _ form: (GGUFValue) -> Value?) throws(FormatError) -> Value {
        guard let value = metadata[key] else { throw .missingEntry(name: key, path: path) }
        guard let value = form(value) else {
            throw .malformed(.gguf, path: path, place: .key(key), problem: "the value is not of type \(Value.self)")
        }
        return value
    }

    /// The encoded bytes of `tensor`, valid while `files` live.
    public func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: files[tensor.part].bytes[tensor.range])
    }
}
