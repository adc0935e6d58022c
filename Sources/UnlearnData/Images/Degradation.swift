// What is taken away from images for a model to bring back: a part, their sharpness, or their colours.

public import UnlearnEngine

/// The task of an image-to-image model. It stands in a run's record and, as `degradation`, in the model's config.json.
public struct Degradation: Configurable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The rectangle in the middle is missing.
        case inpainting
        /// All but the rectangle in the middle is missing.
        case outpainting
        /// Squares at random places are missing, as many in each image.
        case randomMasks = "random-masks"
        /// The images are coarser.
        case superResolution = "super-resolution"
        /// The images are grey.
        case colourisation
        /// Nothing is missing: an auto-encoder draws again what it is shown.
        case reconstruction
    }

    public var kind = Kind.inpainting
    /// The height and width of the rectangle in the middle, as a share of the image's: .25 and .5 are those of Li et
    /// al. 2024 (arXiv 2402.00351).
    public var center = 0.5
    /// The share of the squares that `random-masks` takes away.
    public var share = 0.5
    /// The side of these squares in pixels; it divides height and width.
    public var cell = 4
    /// How many times as high and wide the pixels of `super-resolution` become; it divides height and width.
    public var factor = 2
    /// How coarser images are brought back to their size.
    public var interpolation = Interpolation.nearest

    public init() {}

    public init(_ kind: Kind) { self.kind = kind }

    /// Whether two images of one batch, or two looks at one image, lose different parts.
    public var isRandom: Bool { kind == .randomMasks }

    /// Why images of that size cannot be degraded so, as a sentence; nil if they can.
    public func problem(channels: Int, height: Int, width: Int) -> String? {
        let size = "\(width) × \(height)"
        switch kind {
        case .inpainting, .outpainting:
            let hole = centerBox(height: height, width: width)
            if !(center > 0 && center < 1) { return "'center' is \(center); it must lie between 0 and 1." }
            if hole.height < 1 || hole.width < 1 || (hole.height == height && hole.width == width) {
                return "'center' \(center) of \(size) pixels is nothing or everything. Choose one nearer to 0.5."
            }
        case .randomMasks:
            if !(share > 0 && share < 1) { return "'share' is \(share); it must lie between 0 and 1." }
            if cell < 1 || height % cell != 0 || width % cell != 0 {
                return "'cell' is \(cell); it must divide the images' \(size) pixels."
            }
            let cells = height / cell * (width / cell)
            if !(1..<cells).contains(hiddenCount(of: cells)) {
                return "'share' \(share) of \(cells) squares is none or all of them. Choose a smaller 'cell'."
            }
        case .superResolution:
            if factor < 2 || height % factor != 0 || width % factor != 0 {
                return "'factor' is \(factor); it must be at least 2 and divide the images' \(size) pixels."
            }
        case .colourisation:
            if channels != 3 { return "The images have \(channels) channel(s); colours need 3." }
        case .reconstruction: break
        }
        return nil
    }

    /// The images without what is taken away, and where that was. What a coarser or grey image misses is everywhere, and
    /// everything is drawn where nothing is missing.
    /// - Parameters:
    ///   - images: `[images, channels, height, width]`, −1…1, as ``ImageSet/batch(_:)`` makes them; a size for which
    ///     ``problem(channels:height:width:)`` is nil, anything else is a programmer's error.
    ///   - generator: where the missing squares of `random-masks` are drawn from; the other kinds take nothing from it.
    public func callAsFunction(_ images: Tensor, using generator: inout Generator) -> DegradedImages {
        let (count, channels, height, width) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3])
        let problem = problem(channels: channels, height: height, width: width)
        precondition(problem == nil, "Degradation: \(problem ?? "")")
        return degraded(images, where: mask(count: count, height: height, width: width, using: &generator))
    }

    /// The same where it is given which pixels are taken away: as others are that ``callAsFunction(_:using:)`` degraded.
    public func degraded(_ images: Tensor, where mask: Tensor) -> DegradedImages {
        let (height, width) = (images.shape[2], images.shape[3])
        let left =
            switch kind {
            case .inpainting, .outpainting, .randomMasks: images * (mask * -1 + 1)
            case .superResolution:
                images.averagePooled(size: factor).resized(height: height, width: width, interpolation)
            case .colourisation: Self.grey(images)
            case .reconstruction: images
            }
        return DegradedImages(images: left, mask: mask)
    }

    /// 1 where pixels are taken away, `[count, 1, height, width]`.
    public func mask(count: Int, height: Int, width: Int, using generator: inout Generator) -> Tensor {
        switch kind {
        case .inpainting, .outpainting:
            let box = centerBox(height: height, width: width)
            let inside: Float = kind == .inpainting ? 1 : 0
            let pixels = (0..<height * width).map { pixel in
                box.contains(row: pixel / width, column: pixel % width) ? inside : 1 - inside
            }
            return Tensor(pixels, shape: [1, 1, height, width]).expand([count, 1, height, width])
        case .randomMasks:
            let (rows, columns) = (height / cell, width / cell)
            let hidden = hiddenCount(of: rows * columns)
            let cells = (0..<count).flatMap { _ in
                let order = Array(0..<rows * columns).shuffled(using: &generator)
                var isHidden = [Float](repeating: 0, count: order.count)
                for place in order.prefix(hidden) { isHidden[place] = 1 }
                return isHidden
            }
            return Tensor(cells, shape: [count, 1, rows, columns]).upsampled(by: cell)
        case .superResolution, .colourisation, .reconstruction:
            return Tensor.zeros([count, 1, height, width]) + 1
        }
    }

    /// The rectangle in the middle; where it cannot lie there exactly, half a pixel above or to the left.
    public func centerBox(height: Int, width: Int) -> PixelBox {
        let (rows, columns) = (pixels(of: height), pixels(of: width))
        return PixelBox(top: (height - rows) / 2, left: (width - columns) / 2, height: rows, width: columns)
    }

    private func pixels(of side: Int) -> Int {
        center.isFinite ? Int((min(1, max(0, center)) * Double(side)).rounded()) : 0
    }

    private func hiddenCount(of cells: Int) -> Int { Int((share * Double(cells)).rounded()) }

    /// The luma of red, green and blue (ITU-R BT.601), in all three channels.
    private static func grey(_ images: Tensor) -> Tensor {
        let weights = Tensor([0.299, 0.587, 0.114] as [Float], shape: [1, 3, 1, 1])
        return (images * weights).sum(along: 1, keeping: true).expand(images.shape)
    }
}

/// A rectangle of pixels.
public struct PixelBox: Sendable, Equatable {
    public let top: Int
    public let left: Int
    public let height: Int
    public let width: Int

    public init(top: Int, left: Int, height: Int, width: Int) {
        (self.top, self.left, self.height, self.width) = (top, left, height, width)
    }

    public func contains(row: Int, column: Int) -> Bool {
        (top..<top + height).contains(row) && (left..<left + width).contains(column)
    }
}
