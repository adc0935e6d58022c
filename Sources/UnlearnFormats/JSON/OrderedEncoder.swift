// Encodes Swift values as JSON in the order in which they are declared, with optional properties present as null.
//
// Foundation's encoder loses the order of keys, leaves out nil properties (so that nobody can tell which options there
// are), and writes 1.0 as 1 (so that nobody can tell a number from a whole number). Options and reports need all three.

extension JSONValue {
    /// `value` as JSON: keys in declared order, nil as null, numbers with a fraction kept apart from whole ones.
    public init(encoding value: some Encodable) throws(FormatError) {
        let node = Node()
        do {
            try value.encode(to: OrderedEncoder(node: node, codingPath: []))
        } catch EncodingError.invalidValue(_, let context) {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw .invalidValue(place: .key(path), problem: context.debugDescription)
        } catch {
            throw .invalidValue(place: .key("(root)"), problem: "\(error)")
        }
        self = node.value
    }
}

/// A place in the tree that is being built.
private final class Node {
    private enum Content {
        case leaf(JSONValue)
        case list([Node])
        case members([(key: String, node: Node)])
    }

    private var content = Content.members([])

    var value: JSONValue {
        switch content {
        case .leaf(let value): return value
        case .list(let nodes): return .array(nodes.map(\.value))
        case .members(let members):
            var object = JSONObject()
            for member in members { object[member.key] = member.node.value }
            return .object(object)
        }
    }

    var count: Int {
        if case .list(let nodes) = content { nodes.count } else { 0 }
    }

    func set(_ value: JSONValue) { content = .leaf(value) }

    /// Makes this a list, so that an empty one is not taken for an object.
    func becomeList() {
        if case .list = content { return }
        content = .list([])
    }

    func append() -> Node {
        let node = Node()
        guard case .list(var nodes) = content else { return node }
        content = .list([])
        nodes.append(node)
        content = .list(nodes)
        return node
    }

    func member(_ key: String) -> Node {
        let node = Node()
        guard case .members(var members) = content else { return node }
        content = .members([])
        members.append((key, node))
        content = .members(members)
        return node
    }
}

private struct OrderedEncoder: Encoder {
    let node: Node
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(KeyedContainer<Key>(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.becomeList()
        return ListContainer(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        LeafContainer(node: node, codingPath: codingPath)
    }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: Node
    let codingPath: [any CodingKey]

    private func leaf(_ key: Key) -> LeafContainer {
        LeafContainer(node: node.member(key.stringValue), codingPath: codingPath + [key])
    }

    func encodeNil(forKey key: Key) { leaf(key).encodeNil() }
    func encode(_ value: some Encodable, forKey key: Key) throws { try leaf(key).encode(value) }

    // These stand in for defaults that would leave nil out.
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try encodeOptional(value, key) }
    func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws { try encodeOptional(value, key) }

    private func encodeOptional<Value: Encodable>(_ value: Value?, _ key: Key) throws {
        if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }

    func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        encoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }

    // Swift values of structs and enums never ask for these; a class hierarchy would share its object.
    func superEncoder() -> any Encoder { OrderedEncoder(node: node.member("super"), codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

    private func encoder(_ key: Key) -> OrderedEncoder {
        OrderedEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key])
    }
}

private struct ListContainer: UnkeyedEncodingContainer {
    let node: Node
    let codingPath: [any CodingKey]
    var count: Int { node.count }

    func encodeNil() { node.append().set(.null) }
    func encode(_ value: some Encodable) throws {
        try value.encode(to: OrderedEncoder(node: node.append(), codingPath: codingPath))
    }

    func nestedContainer<Nested>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        OrderedEncoder(node: node.append(), codingPath: codingPath).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        OrderedEncoder(node: node.append(), codingPath: codingPath).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { OrderedEncoder(node: node.append(), codingPath: codingPath) }
}

private struct LeafContainer: SingleValueEncodingContainer {
    let node: Node
    let codingPath: [any CodingKey]

    func encodeNil() { node.set(.null) }
    func encode(_ value: Bool) { node.set(.bool(value)) }
    func encode(_ value: String) { node.set(.string(value)) }
    func encode(_ value: Double) { node.set(.double(value)) }
    // The shortest decimal that reads back as the same Float, not the Float's exact value with nine noise digits.
    func encode(_ value: Float) { node.set(.double(Double("\(value)") ?? Double(value))) }
    func encode(_ value: some BinaryInteger & Encodable) throws {
        guard let integer = Int(exactly: value) else {
            throw EncodingError.invalidValue(
                value,
                .init(codingPath: codingPath, debugDescription: "\(value) is greater than a 64-bit integer can be"))
        }
        node.set(.int(integer))
    }
    func encode(_ value: some Encodable) throws {
        try value.encode(to: OrderedEncoder(node: node, codingPath: codingPath))
    }
}
