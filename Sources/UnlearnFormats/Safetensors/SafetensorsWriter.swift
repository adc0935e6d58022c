// Writes Safetensors files tensor by tensor, so that a model never needs a second copy in memory.
public import Foundation

/// A Safetensors file being written: announce the tensors, append the bytes of each in that order, commit.
///
/// Nothing appears at the destination before `commit()`; an abandoned writer leaves nothing behind.
public struct SafetensorsWriter: ~Copyable {
    /// What the header says about a tensor.
    public struct Tensor: Sendable {
        public let name: String
        public let type: ScalarType
        public let shape: [Int]

        public init(_ name: String, _ type: ScalarType, _ shape: [Int]) {
            self.name = name
            self.type = type
            self.shape = shape
        }
    }

    private var file: PendingFile
    private let tensors: [Tensor]
    private let byteCounts: [Int]
    private var appended = 0

    /// Writes the header. The metadata are what Hugging Face's loaders expect, unless given.
    public init(
        _ url: URL, _ tensors: [Tensor], metadata: [String: String] = ["format": "pt"]
    ) throws(FormatError) {
        let (text, byteCounts) = try Self.header(tensors, metadata)
        var pending = try PendingFile(url)
        try pending.write(withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) })
        try pending.write(text)
        file = pending
        self.tensors = tensors
        self.byteCounts = byteCounts
    }

    /// Writes the bytes (little-endian) of the next tensor.
    /// - Precondition: `bytes` has the size that the tensor's type and shape imply.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        precondition(appended < tensors.count, "all \(tensors.count) tensors are written already")
        precondition(
            bytes.count == byteCounts[appended],
            "tensor '\(tensors[appended].name)' takes \(byteCounts[appended]) bytes, not \(bytes.count)")
        try file.write(bytes)
        appended += 1
    }

    /// Gives the complete file its name.
    public mutating func commit() throws(FormatError) {
        precondition(appended == tensors.count, "\(tensors.count - appended) tensors are not written yet")
        try file.commit()
    }

    /// The header's text, padded so that the data begin at a multiple of eight, and the size of each tensor.
    private static func header(
        _ tensors: [Tensor], _ metadata: [String: String]
    ) throws(FormatError) -> (text: [UInt8], byteCounts: [Int]) {
        var header = JSONObject()
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
            header["__metadata__"] = .object(JSONObject(pairs))
        }
        var byteCounts: [Int] = []
        var offset = 0
        for tensor in tensors {
            guard let bytes = (tensor.shape + [tensor.type.byteCount]).checkedProduct,
                case (let end, let overflow) = offset.addingReportingOverflow(bytes), !overflow
            else {
                throw .invalidValue(
                    place: .tensor(tensor.name), problem: "the bytes of shape \(tensor.shape) cannot be counted")
            }
            let entry: JSONValue = [
                "dtype": .string(tensor.type.rawValue), "shape": .array(tensor.shape.map(JSONValue.int)),
                "data_offsets": [.int(offset), .int(end)],
            ]
            guard tensor.name != "__metadata__", header.append(tensor.name, entry) else {
                throw .invalidValue(place: .tensor(tensor.name), problem: "the name is reserved or appears twice")
            }
            byteCounts.append(bytes)
            offset = end
        }
        let text = JSONValue.object(header).utf8()
        return (text + Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8), byteCounts)
    }
}

extension PendingFile {
    mutating func write(_ bytes: [UInt8]) throws(FormatError) {
        // The closure of `withUnsafeBytes` cannot write through `self` and throw a typed error at once.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        try write(UnsafeRawBufferPointer(buffer))
    }
}
