// The values of GGUF metadata, and how they are read.

/// A metadata value. Integer and floating-point widths are folded together where nothing is lost.
public enum GGUFValue: Sendable, Equatable {
    case int(Int)
    /// An unsigned integer beyond `Int.max`.
    case unsigned(UInt64)
    case float(Float)
    case double(Double)
    case bool(Bool)
    case string(String)
    case strings([String])
    case ints([Int32])
    case floats([Float])
    /// Every other array: wider or narrower integers, doubles, Booleans, arrays.
    case array([GGUFValue])

    /// Any integer, as Int.
    public var int: Int? { if case .int(let value) = self { value } else { nil } }

    /// Any number, as Double.
    public var double: Double? {
        switch self {
        case .float(let value): Double(value)
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }

    /// Any number as the Double with the shortest decimal text: 1e-5 stays 1e-5 although the file stores 32 bits.
    public var decimal: Double? {
        if case .float(let value) = self { Double(value.description) } else { double }
    }

    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var strings: [String]? {
        if case .strings(let values) = self { values } else { isEmptyArray ? [] : nil }
    }

    /// An array of integers of any width whose values all fit 32 bits.
    public var ints: [Int32]? {
        switch self {
        case .ints(let values): return values
        case .array(let values):
            let narrow = values.compactMap { $0.int.flatMap(Int32.init(exactly:)) }
            return narrow.count == values.count ? narrow : nil
        default: return nil
        }
    }

    /// An array of 32-bit floating-point numbers.
    public var floats: [Float]? {
        if case .floats(let values) = self { values } else { isEmptyArray ? [] : nil }
    }

    private var isEmptyArray: Bool { self == .array([]) }
}

/// The type numbers of the GGUF specification.
enum GGUFValueType: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// The least number of bytes that one element of an array takes.
    var minimumBytes: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .string, .uint64, .int64, .float64: 8
        case .array: 12
        }
    }
}

extension ByteCursor {
    /// Longer arrays are a sign of a damaged count; the largest vocabularies have 2^18 tokens, with fewer than 2^20 merges.
    private static let longestArray = 1 << 24
    private static let deepestArray = 8

    /// A metadata value with its type number before it.
    mutating func metadataValue() throws(FormatError) -> GGUFValue {
        try value(metadataType(), depth: 0)
    }

    private mutating func metadataType() throws(FormatError) -> GGUFValueType {
        let raw = try integer(UInt32.self)
        guard let type = GGUFValueType(rawValue: raw) else {
            throw malformed("\(raw) is not a metadata type (0 to 12)")
        }
        return type
    }

    private mutating func value(_ type: GGUFValueType, depth: Int) throws(FormatError) -> GGUFValue {
        switch type {
        case .uint8: .int(Int(try integer(UInt8.self)))
        case .int8: .int(Int(try integer(Int8.self)))
        case .uint16: .int(Int(try integer(UInt16.self)))
        case .int16: .int(Int(try integer(Int16.self)))
        case .uint32: .int(Int(try integer(UInt32.self)))
        case .int32: .int(Int(try integer(Int32.self)))
        case .int64: .int(Int(try integer(Int64.self)))
        case .uint64: try unsigned()
        case .float32: .float(Float(bitPattern: try integer()))
        case .float64: .double(Double(bitPattern: try integer()))
        case .bool: .bool(try boolean())
        case .string: .string(try string())
        case .array: try array(depth: depth)
        }
    }

    private mutating func unsigned() throws(FormatError) -> GGUFValue {
        let value = try integer(UInt64.self)
        return Int(exactly: value).map(GGUFValue.int) ?? .unsigned(value)
    }

    private mutating func boolean() throws(FormatError) -> Bool {
        let raw = try integer(UInt8.self)
        guard raw <= 1 else { throw malformed("\(raw) is not a Boolean (0 or 1)") }
        return raw == 1
    }

    private mutating func array(depth: Int) throws(FormatError) -> GGUFValue {
        guard depth < Self.deepestArray else {
            throw malformed("arrays are nested more than \(Self.deepestArray) deep")
        }
        let type = try metadataType()
        let count = try count(of: "array elements", bytesEach: type.minimumBytes)
        guard count <= Self.longestArray else {
            throw malformed("an array of \(count) elements; at most \(Self.longestArray) are expected")
        }
        switch type {
        case .string:
            return .strings(try elements(count) { cursor throws(FormatError) in try cursor.string() })
        case .int32:
            return .ints(try elements(count) { cursor throws(FormatError) in try cursor.integer(Int32.self) })
        case .float32:
            return .floats(
                try elements(count) { cursor throws(FormatError) in Float(bitPattern: try cursor.integer()) })
        default:
            return .array(
                try elements(count) { cursor throws(FormatError) in try cursor.value(type, depth: depth + 1) })
        }
    }

    private mutating func elements<Element>(
        _ count: Int, _ next: (inout ByteCursor) throws(FormatError) -> Element
    ) throws(FormatError) -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try next(&self)) }
        return elements
    }
}
