// JSON as a value: objects keep the order of their keys, so that what is written is the same every time.

/// A JSON value.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    public var isNull: Bool { self == .null }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// An integer, also when written as 5.0.
    public var int: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    /// Any number.
    public var double: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The value of `key`, or nil when this is no object or has no such key. Setting makes an object of any other value.
    public subscript(_ key: String) -> JSONValue? {
        get { object?[key] }
        set {
            var changed = object ?? [:]
            changed[key] = newValue
            self = .object(changed)
        }
    }

    /// The element at `index`, or nil when this is no array or is shorter.
    public subscript(_ index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

/// The members of a JSON object, in the order in which they were read or added. Equality ignores the order.
public struct JSONObject: Sendable {
    public private(set) var keys: [String] = []
    private var members: [ExactKey: JSONValue] = [:]

    /// Compares texts byte by byte. Strings that Unicode takes for the same text (ί has two code points) are different
    /// keys in JSON, and different tokens in the vocabulary of Llama 2.
    private struct ExactKey: Hashable {
        let text: String

        static func == (left: ExactKey, right: ExactKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    public init() {}

    /// The members in the given order; of members with one key, the last one's value counts.
    public init(_ members: some Sequence<(String, JSONValue)>) {
        for (key, value) in members { self[key] = value }
    }

    public var count: Int { keys.count }
    public var isEmpty: Bool { keys.isEmpty }

    /// The value of `key`. Setting a new key appends it; setting nil removes it.
    public subscript(_ key: String) -> JSONValue? {
        get { members[ExactKey(text: key)] }
        set {
            guard let newValue else {
                if members.removeValue(forKey: ExactKey(text: key)) != nil {
                    keys.removeAll { $0.utf8.elementsEqual(key.utf8) }
                }
                return
            }
            if members.updateValue(newValue, forKey: ExactKey(text: key)) == nil { keys.append(key) }
        }
    }

    /// Adds a member, or returns false when the key is there already.
    mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        guard members.updateValue(value, forKey: ExactKey(text: key)) == nil else { return false }
        keys.append(key)
        return true
    }
}

extension JSONObject: Equatable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }
}

extension JSONObject: Sequence {
    public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
        var position = keys.startIndex
        return AnyIterator {
            guard position < keys.endIndex else { return nil }
            defer { position += 1 }
            let key = keys[position]
            return (key, members[ExactKey(text: key)] ?? .null)
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
}
