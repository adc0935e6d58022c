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

    /// Images of one size and with as many channels, side by side.
    public init(row images: [Image]) {
        let first = images[0]
        let length = first.width * first.channels
        self.init(
            width: first.width * images.count, height: first.height, channels: first.channels,
            pixels: (0..<first.height).flatMap { row in images.flatMap { $0.pixels[row * length..<(row + 1) * length] }
            })
    }

    /// The image in another size. Shrinking averages over all pixels that fall together, growing interpolates
    /// linearly: a triangle filter as wide as the larger of both pixels, which is what Pillow calls bilinear.
    public func resized(toWidth newWidth: Int, height newHeight: Int) -> Image {
        ImageResizer(from: (width, height), to: (newWidth, newHeight)).callAsFunction(self)
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
}
