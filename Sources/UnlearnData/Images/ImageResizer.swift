// How images of one size are brought to another one: the weights are computed once and serve all of them.

/// A triangle filter in both directions, first down the columns, then along the rows that are left.
struct ImageResizer {
    /// For each new pixel, the first old pixel that counts, and where its weights begin in `values`.
    private struct Axis {
        var firsts: [Int] = []
        var starts: [Int] = [0]
        var values: [Float] = []

        init(from count: Int, to newCount: Int) {
            let scale = Double(count) / Double(newCount)
            let reach = max(1, scale)
            for index in 0..<newCount {
                let center = (Double(index) + 0.5) * scale
                let first = max(0, Int((center - reach + 0.5).rounded(.down)))
                let last = min(count, Int((center + reach + 0.5).rounded(.down)))
                let raw = (first..<max(first + 1, last)).map { max(0, 1 - abs(Double($0) + 0.5 - center) / reach) }
                let sum = raw.reduce(0, +)
                firsts.append(first)
                values += raw.map { Float(sum > 0 ? $0 / sum : 1 / Double(raw.count)) }
                starts.append(values.count)
            }
        }
    }

    let size: (width: Int, height: Int)
    let newSize: (width: Int, height: Int)
    private let across: Axis
    private let down: Axis

    init(from size: (width: Int, height: Int), to newSize: (width: Int, height: Int)) {
        (self.size, self.newSize) = (size, newSize)
        across = Axis(from: size.width, to: newSize.width)
        down = Axis(from: size.height, to: newSize.height)
    }

    func callAsFunction(_ image: Image) -> Image {
        if size == newSize { return image }
        let count = newSize.width * newSize.height * image.channels
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            image.pixels.withUnsafeBufferPointer { source in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: size.width * image.channels) { row in
                    for y in 0..<newSize.height {
                        shrinkColumns(source, y, into: row)
                        shrinkRow(
                            row, image.channels,
                            into: UnsafeMutableBufferPointer(rebasing: target[(y * newSize.width * image.channels)...]))
                    }
                }
            }
            initialized = count
        }
        return Image(width: newSize.width, height: newSize.height, channels: image.channels, pixels: pixels)
    }

    /// One new row, still as wide as the image was.
    private func shrinkColumns(
        _ source: UnsafeBufferPointer<UInt8>, _ y: Int, into row: UnsafeMutableBufferPointer<Float>
    ) {
        row.initialize(repeating: 0)
        for place in down.starts[y]..<down.starts[y + 1] {
            let weight = down.values[place]
            let first = (down.firsts[y] + place - down.starts[y]) * row.count
            for index in 0..<row.count { row[index] += weight * Float(source[first + index]) }
        }
    }

    private func shrinkRow(
        _ row: UnsafeMutableBufferPointer<Float>, _ channels: Int, into target: UnsafeMutableBufferPointer<UInt8>
    ) {
        across.values.withUnsafeBufferPointer { values in
            for x in 0..<newSize.width {
                let (start, end) = (across.starts[x], across.starts[x + 1])
                for channel in 0..<channels {
                    var sum: Float = 0
                    var index = across.firsts[x] * channels + channel
                    for place in start..<end {
                        sum += values[place] * row[index]
                        index += channels
                    }
                    target[x * channels + channel] = UInt8(max(0, min(255, sum)) + 0.5)
                }
            }
        }
    }
}
