// Writes GGUF files of version 3 tensor by tensor, so that a model never needs a second copy in memory.
public import Foundation

/// A GGUF file being written: announce metadata and tensors, append the values of each in that order, commit.
///
/// Nothing appears at the destination before `commit()`; an abandoned writer leaves nothing behind.
public struct GGUFWriter: ~Copyable {
    /// What the header says about a tensor.
    public struct Tensor: Sendable {
        public let name: String
        public let type: GGMLType
        /// Slowest dimension first.
        public let shape: [Int]

        public init(_ name: String, _ type: GGMLType, _ shape: [Int]) {
            (self.name, self.type, self.shape) = (name, type, shape)
        }
    }

    /// Where data begin: at multiples of this.
    private static let alignment = 32

    private var file: PendingFile
    private let tensors: [Tensor]
    private var appended = 0

    /// Writes the header.
    /// - Parameter metadata: keys with their values; whole numbers are written as unsigned ones of 32 bits.
    public init(
        _ url: URL, metadata: [(key: String, value: GGUFValue)], _ tensors: [Tensor]
    ) throws(FormatError) {
        var header = Array("GGUF".utf8)
        header.append(number: UInt32(3))
        header.append(number: UInt64(tensors.count))
        header.append(number: UInt64(metadata.count))
        for (key, value) in metadata {
            header.append(text: key)
            guard header.append(value) else {
                throw .invalidValue(place: .key(key), problem: "GGUF has no type for \(value)")
            }
        }
        var offset = 0
        for tensor in tensors {
            guard tensor.shape.count <= 4, let count = tensor.shape.checkedProduct,
                (tensor.shape.last ?? 1) % tensor.type.blockSize == 0
            else {
                throw .invalidValue(
                    place: .tensor(tensor.name), problem: "its shape \(tensor.shape) cannot be stored as \(tensor.type)"
                )
            }
            header.append(text: tensor.name)
            header.append(number: UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { header.append(number: UInt64(size)) }
            header.append(number: tensor.type.rawValue)
            header.append(number: UInt64(offset))
            offset += Self.padded(count / tensor.type.blockSize * tensor.type.blockBytes)
        }
        header += [UInt8](repeating: 0, count: Self.padded(header.count) - header.count)
        var pending = try PendingFile(url)
        try pending.write(header)
        file = pending
        self.tensors = tensors
    }

    /// Writes the values of the next tensor in its type.
    /// - Precondition: there are as many values as the tensor's shape implies.
    /// - Throws: `FormatError.invalidValue` if a value is not finite, or too large for the type.
    public mutating func append(_ values: UnsafeBufferPointer<Float>) throws(FormatError) {
        precondition(appended < tensors.count, "all \(tensors.count) tensors are written already")
        let tensor = tensors[appended]
        precondition(
            values.count == tensor.shape.reduce(1, *), "tensor '\(tensor.name)' does not have \(values.count) values")
        guard let bytes = tensor.type.encode(values) else {
            throw .invalidValue(
                place: .tensor(tensor.name),
                problem: "it holds a number that is not finite, or too large for \(tensor.type)")
        }
        try file.write(bytes)
        try file.write([UInt8](repeating: 0, count: Self.padded(bytes.count) - bytes.count))
        appended += 1
    }

    /// Gives the complete file its name.
    public mutating func commit() throws(FormatError) {
        precondition(appended == tensors.count, "\(tensors.count - appended) tensors are not written yet")
        try file.commit()
    }

    private static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}

extension [UInt8] {
    fileprivate mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(text: String) {
        append(number: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    /// A value with the number of its type before it; false if there is no such type.
    fileprivate mutating func append(_ value: GGUFValue) -> Bool {
        func begin(_ type: GGUFValueType) { append(number: type.rawValue) }
        func array(_ type: GGUFValueType, _ count: Int) {
            begin(.array)
            begin(type)
            append(number: UInt64(count))
        }
        switch value {
        case .int(let number):
            if let number = UInt32(exactly: number) {
                begin(.uint32)
                append(number: number)
            } else {
                begin(.int64)
                append(number: Int64(number))
            }
        case .unsigned(let number):
            begin(.uint64)
            append(number: number)
        case .float(let number):
            begin(.float32)
            append(number: number.bitPattern)
        case .double(let number):
            begin(.float64)
            append(number: number.bitPattern)
        case .bool(let flag):
            begin(.bool)
            append(flag ? 1 : 0)
        case .string(let text):
            begin(.string)
            append(text: text)
        case .strings(let texts):
            array(.string, texts.count)
            for text in texts { append(text: text) }
        case .ints(let numbers):
            array(.int32, numbers.count)
            for number in numbers { append(number: number) }
        case .floats(let numbers):
            array(.float32, numbers.count)
            for number in numbers { append(number: number.bitPattern) }
        case .array: return false
        }
        return true
    }
}
