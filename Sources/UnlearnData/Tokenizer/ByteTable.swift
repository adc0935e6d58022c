// A map from byte strings to their index of insertion, stored in one buffer.
// A Swift dictionary keyed by String would treat canonically equivalent texts (é and e + accent) as one token.

struct ByteTable: Sendable {
    private(set) var bytes: [UInt8] = []
    private var ends: [Int32] = []
    private var slots: [Int32]

    /// The table holds at most this many bytes; offsets are 32 bits wide.
    static let capacityInBytes = Int(Int32.max)

    var count: Int { ends.count }

    init(minimumCapacity: Int = 0) {
        var size = 16
        while size < minimumCapacity * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        ends.reserveCapacity(minimumCapacity)
    }

    /// Where the entry with this index lies in `bytes`.
    func range(at index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
    }

    func index(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        let found = slots[slot(of: key)]
        return found < 0 ? nil : Int(found)
    }

    func index(of key: String) -> Int? {
        var key = key
        return key.withUTF8 { index(of: $0) }
    }

    /// Adds an entry, and returns its index, or the index of the equal entry that was there before.
    @discardableResult
    mutating func insert(_ key: UnsafeBufferPointer<UInt8>) -> (index: Int, isNew: Bool) {
        let position = slot(of: key)
        if slots[position] >= 0 { return (Int(slots[position]), false) }
        slots[position] = Int32(ends.count)
        bytes.append(contentsOf: key)
        ends.append(Int32(bytes.count))
        if ends.count * 2 > slots.count { grow() }
        return (ends.count - 1, true)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for index in slots.indices { slots[index] = -1 }
    }

    /// The slot that holds the key, or the empty slot where it belongs.
    private func slot(of key: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var position = Self.hash(key) & mask
        while slots[position] >= 0, !isEntry(Int(slots[position]), equalTo: key) {
            position = (position + 1) & mask
        }
        return position
    }

    private func isEntry(_ index: Int, equalTo key: UnsafeBufferPointer<UInt8>) -> Bool {
        let range = range(at: index)
        guard range.count == key.count else { return false }
        for offset in 0..<key.count where bytes[range.lowerBound + offset] != key[offset] { return false }
        return true
    }

    private mutating func grow() {
        let mask = slots.count * 2 - 1
        slots = [Int32](repeating: -1, count: mask + 1)
        for index in ends.indices {
            var position = bytes.withUnsafeBufferPointer { Self.hash(.init(rebasing: $0[range(at: index)])) } & mask
            while slots[position] >= 0 { position = (position + 1) & mask }
            slots[position] = Int32(index)
        }
    }

    /// Multiply and mix, eight bytes at a time.
    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> Int {
        let raw = UnsafeRawBufferPointer(key)
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(key.count)
        var offset = 0
        while offset + 8 <= raw.count {
            state = mix(state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < raw.count {
            tail = tail << 8 | UInt64(raw[offset])
            offset += 1
        }
        return Int(truncatingIfNeeded: mix(state ^ tail) >> 1)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}
