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

    /// Keeps these rows, in this order; rows may repeat.
    public func select(rows: [Int]) {
        let rows = Tensor(rows.map(Int64.init))
        keys = keys.map { $0?.select(rows) }
        values = values.map { $0?.select(rows) }
    }
}
