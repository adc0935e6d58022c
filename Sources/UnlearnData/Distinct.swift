// What several sets of data need: each element once, in order.

extension Sequence {
    /// The elements without those whose key an earlier one has.
    public func distinct<Key: Hashable>(by key: (Element) -> Key) -> [Element] {
        var seen: Set<Key> = []
        return filter { seen.insert(key($0)).inserted }
    }
}

extension Sequence where Element: Hashable {
    /// The elements without those that came before.
    public func distinct() -> [Element] { distinct { $0 } }
}
