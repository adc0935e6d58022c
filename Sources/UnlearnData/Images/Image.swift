// One decoded image, and how it is brought to another size.

/// Pixels as bytes, row by row, the channels of a pixel side by side.
public struct Image: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// 1 for grey, 3 for red, green, blue.
    public let channels: Int
    public let pixels: [UInt8]  // [height, width, channels]

    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * channels, "Image: pixels do not fill its size")
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
    }

    /// The image in another size. Shrinking averages over all pixels that fall together, growing interpolates
    /// linearly: a triangle filter as wide as the larger of both pixels, which is what Pillow calls bilinear.
    public func resized(toWidth newWidth: Int, height newHeight: Int) -> Image {
        if (newWidth, newHeight) == (width, height) { return self }
        let across = Self.weights(from: width, to: newWidth)
        let down = Self.weights(from: height, to: newHeight)
        var rows = [Float](repeating: 0, count: height * newWidth * channels)
        for y in 0..<height {
            for (x, weights) in across.enumerated() {
                for (offset, weight) in weights.values.enumerated() {
                    let source = (y * width + weights.first + offset) * channels
                    let target = (y * newWidth + x) * channels
                    for channel in 0..<channels { rows[target + channel] += weight * Float(pixels[source + channel]) }
                }
            }
        }
        var result = [UInt8](repeating: 0, count: newWidth * newHeight * channels)
        let rowLength = newWidth * channels
        for (y, weights) in down.enumerated() {
            for index in 0..<rowLength {
                var sum: Float = 0
                for (offset, weight) in weights.values.enumerated() {
                    sum += weight * rows[(weights.first + offset) * rowLength + index]
                }
                result[y * rowLength + index] = UInt8(max(0, min(255, sum.rounded())))
            }
        }
        return Image(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }

    /// The same picture with one channel or three.
    public func with(channels newCount: Int) -> Image {
        if newCount == channels { return self }
        let pixels: [UInt8] =
            newCount == 3
            ? self.pixels.flatMap { [$0, $0, $0] }
            : stride(from: 0, to: self.pixels.count, by: 3).map { index in
                // Luma of ITU-R BT.601, in 16-bit fixed point.
                let (r, g, b) = (Int(self.pixels[index]), Int(self.pixels[index + 1]), Int(self.pixels[index + 2]))
                return UInt8((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16)
            }
        return Image(width: width, height: height, channels: newCount, pixels: pixels)
    }

    /// For each new pixel, the first old pixel that counts and how much each one from there on does.
    private static func weights(from count: Int, to newCount: Int) -> [(first: Int, values: [Float])] {
        let scale = Double(count) / Double(newCount)
        let reach = max(1, scale)
        return (0..<newCount).map { index in
            let center = (Double(index) + 0.5) * scale
            let first = max(0, Int((center - reach + 0.5).rounded(.down)))
            let last = min(count, Int((center + reach + 0.5).rounded(.down)))
            let raw = (first..<max(first + 1, last)).map { max(0, 1 - abs(Double($0) + 0.5 - center) / reach) }
            let sum = raw.reduce(0, +)
            return (first, raw.map { Float(sum > 0 ? $0 / sum : 1 / Double(raw.count)) })
        }
    }
}
