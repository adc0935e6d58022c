// GGUF, the model files of llama.cpp: metadata with the tokenizer inside, then tensors.
public import Foundation

/// A tensor of a GGUF file.
public struct GGUFTensor: Sendable, Equatable {
    public let name: String
    public let type: GGMLType
    /// Slowest dimension first, as everywhere in this program; GGUF itself stores the reverse.
    public let shape: [Int]
    /// Where the encoded bytes are in the file.
    public let range: Range<Int>

    /// The number of values.
    public var count: Int { range.count / type.blockBytes * type.blockSize }
}

/// A GGUF file of version 2 or 3, checked completely when opened.
public struct GGUFFile: Sendable {
    public let file: MappedFile
    public let version: Int
    /// The metadata keys in file order.
    public let keys: [String]
    /// The tensors in file order.
    public let tensors: [GGUFTensor]
    private let metadata: [String: GGUFValue]
    private let tensorIndex: [String: Int]

    /// Maps the file, reads all metadata and checks that every tensor lies inside the file.
    public init(_ url: URL) throws(FormatError) {
        file = try MappedFile(url)
        var cursor = ByteCursor(file, .gguf)
        version = try cursor.ggufVersion()
        // A tensor's entry takes at least 24 bytes and a metadata pair at least 13.
        let tensorCount = try cursor.count(of: "tensors", bytesEach: 24)
        let pairCount = try cursor.count(of: "metadata pairs", bytesEach: 13)

        var keys: [String] = []
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<pairCount {
            let key = try cursor.string()
            guard metadata.updateValue(try cursor.metadataValue(), forKey: key) == nil else {
                throw .malformed(.gguf, path: file.path, place: .key(key), problem: "the key appears twice")
            }
            keys.append(key)
        }
        self.keys = keys
        self.metadata = metadata

        let alignment = try Self.alignment(metadata["general.alignment"], path: file.path)
        tensors = try cursor.tensors(tensorCount, alignment: alignment)
        var index: [String: Int] = [:]
        for (position, tensor) in tensors.enumerated() {
            guard index.updateValue(position, forKey: tensor.name) == nil else {
                throw .malformed(
                    .gguf, path: file.path, place: .tensor(tensor.name), problem: "the name appears twice")
            }
        }
        tensorIndex = index
    }

    /// The metadata value of `key`, or nil.
    public subscript(_ key: String) -> GGUFValue? { metadata[key] }

    /// The tensor called `name`, or nil.
    public func tensor(_ name: String) -> GGUFTensor? { tensorIndex[name].map { tensors[$0] } }

    /// The value of `key` in the form that `form` reads, for example `try file.required("llama.block_count", \.int)`.
    public func required<Value>(_ key: String, _ form: (GGUFValue) -> Value?) throws(FormatError) -> Value {
        guard let value = metadata[key] else { throw .missingEntry(name: key, path: file.path) }
        guard let value = form(value) else {
            throw .malformed(
                .gguf, path: file.path, place: .key(key), problem: "the value is not of type \(Value.self)")
        }
        return value
    }

    /// The encoded bytes of `tensor`, valid while `file` lives.
    public func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range])
    }

    private static func alignment(_ value: GGUFValue?, path: String) throws(FormatError) -> Int {
        guard let value else { return 32 }
        guard let alignment = value.int, (8...65536).contains(alignment), alignment % 8 == 0 else {
            throw .malformed(
                .gguf, path: path, place: .key("general.alignment"),
                problem: "the alignment is not a multiple of 8 from 8 to 65536")
        }
        return alignment
    }
}

extension ByteCursor {
    fileprivate mutating func ggufVersion() throws(FormatError) -> Int {
        guard remaining >= 4, bytes.prefix(4).elementsEqual("GGUF".utf8) else {
            throw malformed("the file does not begin with the letters GGUF")
        }
        _ = try take(4)
        let version = try integer(UInt32.self)
        guard version == 2 || version == 3 else {
            let found = version.byteSwapped <= 3 ? "big-endian numbers" : "GGUF version \(version)"
            throw .unsupported(path: path, place: .header, found: found, supported: ["version 2", "version 3"])
        }
        return Int(version)
    }

    /// The tensor entries, followed by padding and then the data to which their offsets refer.
    fileprivate mutating func tensors(_ count: Int, alignment: Int) throws(FormatError) -> [GGUFTensor] {
        var entries: [(name: String, type: GGMLType, shape: [Int], byteCount: Int, offset: UInt64)] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let name = try string()
            let shape = try tensorShape(name)
            let type = try tensorType(name)
            let byteCount = try byteCount(name, type, shape)
            entries.append((name, type, shape, byteCount, try integer(UInt64.self)))
        }
        // The padding before the data may be absent when no data follows.
        let start = offset + (alignment - offset % alignment) % alignment
        let available = max(0, bytes.count - start)

        var tensors: [GGUFTensor] = []
        tensors.reserveCapacity(count)
        for entry in entries {
            guard entry.offset % UInt64(alignment) == 0 else {
                throw broken(entry.name, "offset \(entry.offset) is not a multiple of \(alignment)")
            }
            guard entry.byteCount <= available, entry.offset <= UInt64(available - entry.byteCount) else {
                throw broken(
                    entry.name,
                    "\(entry.byteCount) bytes from offset \(entry.offset) exceed the \(available) bytes of data")
            }
            let first = start + Int(entry.offset)
            let range = first..<first + entry.byteCount
            tensors.append(GGUFTensor(name: entry.name, type: entry.type, shape: entry.shape, range: range))
        }
        try checkDisjoint(tensors)
        return tensors
    }

    private mutating func tensorShape(_ name: String) throws(FormatError) -> [Int] {
        let rank = try integer(UInt32.self)
        guard rank <= 4 else { throw broken(name, "it has \(rank) dimensions, at most 4 are allowed") }
        var shape: [Int] = []
        for _ in 0..<rank {
            let size = try integer(UInt64.self)
            guard let size = Int(exactly: size) else { throw broken(name, "dimension \(size) is too large") }
            shape.append(size)
        }
        return shape.reversed()
    }

    private mutating func tensorType(_ name: String) throws(FormatError) -> GGMLType {
        let raw = try integer(UInt32.self)
        guard let type = GGMLType(rawValue: raw) else {
            throw .unsupported(
                path: path, place: .tensor(name), found: "encoding \(GGMLType.name(of: raw))",
                supported: GGMLType.allCases.map(\.description))
        }
        return type
    }

    private func byteCount(_ name: String, _ type: GGMLType, _ shape: [Int]) throws(FormatError) -> Int {
        let row = shape.last ?? 1
        guard row % type.blockSize == 0 else {
            throw broken(name, "rows of \(row) values do not divide into \(type) blocks of \(type.blockSize)")
        }
        let blocks = shape.checkedProduct.map { $0 / type.blockSize }
        guard let (bytes, overflow) = blocks?.multipliedReportingOverflow(by: type.blockBytes), !overflow else {
            throw broken(name, "shape \(shape) has more values than can be counted")
        }
        return bytes
    }

    private func checkDisjoint(_ tensors: [GGUFTensor]) throws(FormatError) {
        let ordered = tensors.filter { !$0.range.isEmpty }.sorted { $0.range.lowerBound < $1.range.lowerBound }
        for (left, right) in zip(ordered, ordered.dropFirst()) where left.range.upperBound > right.range.lowerBound {
            throw broken(right.name, "its bytes overlap those of tensor '\(left.name)'")
        }
    }

    private func broken(_ name: String, _ problem: String) -> FormatError {
        .malformed(.gguf, path: path, place: .tensor(name), problem: problem)
    }
}
