// The keys and values of the tokens read so far, so that generation computes each token once.

internal import UnlearnEngine

/// Keys and values of every layer, `[rows, heads, capacity, width]`, filled up to ``length``.
public final class KeyValueCache {
    private var keys: [Tensor?]
    private var values: [Tensor?]
    private var capacity = 0
    /// Tokens held in each row.
    public private(set) var length = 0

    public init(layerCount: Int) {
        keys = [Tensor?](repeating: nil, count: layerCount)
        values = keys
    }

    /// Appends a layer's new keys and values `[rows, heads, time, width]`; returns all that it holds now.
    func append(layer: Int, key: Tensor, value: Tensor) -> (key: Tensor, value: Tensor) {
        let time = key.shape[2]
        if layer == 0, length + time > capacity { capacity = max(64, 2 * (length + time)) }
        return (store(key, in: &keys[layer], time), store(value, in: &values[layer], time))
    }

    /// Called once for each forward pass, after the last layer.
    func advance(by time: Int) { length += time }

    /// Forgets all tokens behind the first `length`.
    func rewind(to length: Int) { self.length = min(length, self.length) }

    private func store(_ new: Tensor, in buffer: inout Tensor?, _ time: Int) -> Tensor {
        let shape = new.shape
        let held: Tensor
        if let buffer, buffer.shape[2] >= length + time {
            held = buffer
        } else {
            held = .zeros([shape[0], shape[1], capacity, shape[3]])
            if let buffer, length > 0 {
                held.narrow(2, from: 0, count: length).copy(from: buffer.narrow(2, from: 0, count: length))
            }
            buffer = held
        }
        held.narrow(2, from: length, count: time).copy(from: new)
        return held.narrow(2, from: 0, count: length + time)
    }

    /// Puts the rows of another cache, in turn, in the places of `rows`: what they hold behind their first `prefix` tokens,
    /// which all rows share. It ends where the rows here end.
    func replace(rows: [Int], by other: KeyValueCache, behind prefix: Int) {
        let count = other.length - prefix
        for (mine, its) in zip(keys + values, other.keys + other.values) {
            guard let mine, let its else { continue }
            for (from, to) in rows.enumerated() {
                mine.narrow(0, from: to, count: 1).narrow(2, from: length - count, count: count)
                    .copy(from: its.narrow(0, from: from, count: 1).narrow(2, from: prefix, count: count))
            }
        }
    }

    /// A cache of rows of others, in turn; a row may be taken more than once. Of each it holds the first `prefix` tokens
    /// and the last `own`; where a part has fewer, zeros stand between, at which nobody may look.
    static func gathering(_ parts: [(cache: KeyValueCache, rows: [Int])], prefix: Int, own: Int) -> KeyValueCache {
        let layerCount = parts[0].cache.keys.count
        let result = KeyValueCache(layerCount: layerCount)
        result.length = prefix + own
        result.capacity = result.length + 64
        for layer in 0..<layerCount {
            result.keys[layer] = gather(parts.map { ($0.cache.keys[layer], $0.cache.length, $0.rows) })
            result.values[layer] = gather(parts.map { ($0.cache.values[layer], $0.cache.length, $0.rows) })
        }
        return result

        func gather(_ parts: [(held: Tensor?, length: Int, rows: [Int])]) -> Tensor? {
            guard let shape = parts.lazy.compactMap(\.held).first?.shape else { return nil }
            let rowCount = parts.reduce(0) { $0 + $1.rows.count }
            let target = Tensor.zeros([rowCount, shape[1], result.capacity, shape[3]])
            var first = 0
            for (held, length, rows) in parts {
                let place = target.narrow(0, from: first, count: rows.count)
                first += rows.count
                guard let taken = held?.select(Tensor(rows.map(Int64.init))) else { continue }
                let tail = min(own, length - prefix)
                for (from, to, count) in [(0, 0, prefix), (length - tail, prefix + own - tail, tail)] where count > 0 {
                    place.narrow(2, from: to, count: count).copy(from: taken.narrow(2, from: from, count: count))
                }
            }
            return target
        }
    }
}
