// Labelled images of one size, decoded once and kept as bytes, and the batches that a model reads.

public import UnlearnEngine
public import UnlearnFormats

/// Small changes to training images that leave what they show as it is.
public struct Augmentation: Configurable {
    @Setting(
        "Pixels of black border around an image, of which a random part of the original size is cut out.",
        .within(0...64))
    public var cropBorder = 0
    @Setting("Whether half of the images are mirrored.") public var flips = false

    public init() {}

    public init(cropBorder: Int, flips: Bool) {
        (self.cropBorder, self.flips) = (cropBorder, flips)
    }
}

/// What a classifier reads in one step.
public struct ImageBatch {
    /// Places of the images in their set.
    public let ids: [Int]
    /// `[images, channels, height, width]`, channels last in memory, about −1…1.
    public let inputs: Tensor
    /// `[images]`, int64.
    public let labels: Tensor
}

/// Images with a class each.
public struct ImageSet: Sendable {
    public let width: Int
    public let height: Int
    public let channels: Int
    public let pixels: [UInt8]  // [images, height, width, channels]
    public let labels: [Int]
    /// The name of each image: its path below the folder, or its number.
    public let names: [String]
    public let classNames: [String]
    /// Other names of images, which lead to the same files, with the places of these.
    public var otherNames: [String: Int] = [:]
    /// What the user is to know of how they were read.
    public var notices: [ImageNotice] = []

    public var count: Int { labels.count }

    public init(
        width: Int, height: Int, channels: Int, pixels: [UInt8], labels: [Int], names: [String], classNames: [String]
    ) {
        precondition(
            pixels.count == labels.count * width * height * channels && names.count == labels.count,
            "ImageSet: pixels, labels and names do not belong together")
        (self.width, self.height, self.channels) = (width, height, channels)
        (self.pixels, self.labels, self.names, self.classNames) = (pixels, labels, names, classNames)
    }

    /// The image at a place of the set.
    public func image(_ index: Int) -> Image {
        let size = width * height * channels
        return Image(
            width: width, height: height, channels: channels, pixels: Array(pixels[index * size..<(index + 1) * size]))
    }

    /// The same images with one channel or three.
    public func with(channels newCount: Int) -> ImageSet {
        if newCount == channels { return self }
        let all = Image(width: width, height: height * count, channels: channels, pixels: pixels)
        var set = ImageSet(
            width: width, height: height, channels: newCount, pixels: all.with(channels: newCount).pixels,
            labels: labels, names: names, classNames: classNames)
        (set.otherNames, set.notices) = (otherNames, notices)
        return set
    }

    /// How many images each class has among those at `indices`.
    public func classCounts(_ indices: [Int]) -> [Int] {
        var counts = [Int](repeating: 0, count: classNames.count)
        for index in indices { counts[labels[index]] += 1 }
        return counts
    }

    /// The images as they are.
    public func batch(_ indices: [Int]) -> ImageBatch {
        var generator = Generator(seed: 0, purpose: "unused")
        return batch(indices, Augmentation(), using: &generator)
    }

    /// The images, each changed at random.
    public func batch(
        _ indices: [Int], _ augmentation: Augmentation, using generator: inout Generator
    ) -> ImageBatch {
        let bytes = Tensor(uninitialized: [indices.count, height, width, channels], type: .uint8)
        bytes.withMutableBytes { target in
            pixels.withUnsafeBytes { source in
                for (place, index) in indices.enumerated() {
                    copy(index, from: source, to: target, place, augmentation, using: &generator)
                }
            }
        }
        // Bytes 0…255 → −1…1, then a view that puts channels first without moving them.
        let inputs = (bytes.to(.float32) * (1 / 127.5) + -1).permute([0, 3, 1, 2])
        return ImageBatch(ids: indices, inputs: inputs, labels: Tensor(indices.map { Int64(labels[$0]) }))
    }

    private func copy(
        _ index: Int, from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, _ place: Int,
        _ augmentation: Augmentation, using generator: inout Generator
    ) {
        let (rowLength, border) = (width * channels, augmentation.cropBorder)
        let size = height * rowLength
        let image = UnsafeRawBufferPointer(rebasing: source[index * size..<(index + 1) * size])
        let result = UnsafeMutableRawBufferPointer(rebasing: target[place * size..<(place + 1) * size])
        guard border > 0 || augmentation.flips else { return result.copyMemory(from: image) }
        let dx = border == 0 ? 0 : Int(generator.next(upperBound: UInt64(2 * border + 1))) - border
        let dy = border == 0 ? 0 : Int(generator.next(upperBound: UInt64(2 * border + 1))) - border
        let isFlipped = augmentation.flips && generator.next() & 1 == 1
        for y in 0..<height {
            for x in 0..<width {
                let (fromX, fromY) = ((isFlipped ? width - 1 - x : x) + dx, y + dy)
                let isInside = (0..<width).contains(fromX) && (0..<height).contains(fromY)
                for channel in 0..<channels {
                    result[y * rowLength + x * channels + channel] =
                        isInside ? image[fromY * rowLength + fromX * channels + channel] : 0
                }
            }
        }
    }
}
