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
        if layer == 0, length + time > capacity { capacity = Self.capacity(for: length + time) }
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

    /// Keeps these rows, in this order; a row may be taken more than once. Of each it holds the first `prefix` tokens and
    /// the last `own`; where there are fewer, zeros stand between, at which nobody may look.
    func select(rows: [Int], prefix: Int, own: Int) {
        let indices = Tensor(rows.map(Int64.init))
        capacity = Self.capacity(for: prefix + own)
        // One layer after another, so that only one is there twice.
        for layer in keys.indices {
            keys[layer] = keys[layer].map { selected($0, indices, prefix: prefix, own: own) }
            values[layer] = values[layer].map { selected($0, indices, prefix: prefix, own: own) }
        }
        length = prefix + own
    }

    /// The same as a cache of its own.
    func selecting(rows: [Int], prefix: Int, own: Int) -> KeyValueCache {
        let result = KeyValueCache(layerCount: keys.count)
        (result.keys, result.values, result.length) = (keys, values, length)
        result.select(rows: rows, prefix: prefix, own: own)
        return result
    }

    private func selected(_ held: Tensor, _ rows: Tensor, prefix: Int, own: Int) -> Tensor {
        let shape = held.shape
        let target = Tensor.zeros([rows.count, shape[1], capacity, shape[3]])
        let tail = min(own, length - prefix)
        for (from, to, count) in [(0, 0, prefix), (length - tail, prefix + own - tail, tail)] where count > 0 {
            target.narrow(2, from: to, count: count).copy(from: held.narrow(2, from: from, count: count).select(rows))
        }
        return target
    }

    /// With some room, so that not every token needs new memory.
    private static func capacity(for length: Int) -> Int { length + max(64, length / 4) }
}
