// The operations that models which draw pictures use beside those of Operations.swift.

internal import CTorch

/// Every operator is resolved once, at its first use.
private enum Aten {
    static let averagePool2d = Operator("avg_pool2d")
    static let clamp = Operator("clamp")
    static let groupNorm = Operator("group_norm")
    static let pad = Operator("constant_pad_nd")
    static let symmetricEigen = Operator("linalg_eigh")
    static let upsampleBilinear = Operator("upsample_bilinear2d")
    static let upsampleNearest = Operator("upsample_nearest2d")
}

/// How pixels between known ones are found.
public enum Interpolation: String, Codable, Sendable, CaseIterable {
    /// Each pixel is that of the nearest known one.
    case nearest
    /// Weighted by distance; pixels are squares whose middles are known (PyTorch's `align_corners=False`).
    case bilinear
}

// MARK: - Element by element

extension Tensor {
    public func clamp(to range: ClosedRange<Double>) -> Tensor {
        Aten.clamp(.tensor(self), .double(range.lowerBound), .double(range.upperBound))
    }
}

// MARK: - Images, `[images, channels, height, width]`

extension Tensor {
    /// Group normalisation: each image's channels in `groups` equal groups, each brought to mean 0 and variance 1, then
    /// scaled and shifted by channel.
    public func groupNormalized(groups: Int, weight: Tensor, bias: Tensor, epsilon: Double) -> Tensor {
        Aten.groupNorm(.tensor(self), .int(groups), .tensor(weight), .tensor(bias), .double(epsilon))
    }

    /// The images in another size.
    public func resized(height: Int, width: Int, _ interpolation: Interpolation) -> Tensor {
        switch interpolation {
        case .nearest: Aten.upsampleNearest(.tensor(self), .ints([height, width]))
        case .bilinear: Aten.upsampleBilinear(.tensor(self), .ints([height, width]), .bool(false))
        }
    }

    /// `factor` times as high and as wide.
    public func upsampled(by factor: Int, _ interpolation: Interpolation = .nearest) -> Tensor {
        resized(height: shape[2] * factor, width: shape[3] * factor, interpolation)
    }

    /// The mean of each square of `size` pixels, which do not overlap.
    public func averagePooled(size: Int) -> Tensor { Aten.averagePool2d(.tensor(self), .ints([size, size])) }

    /// The mean of the square of `size` pixels, an odd number, around each pixel; zeros beyond the edges count.
    public func smoothed(size: Int) -> Tensor {
        Aten.averagePool2d(.tensor(self), .ints([size, size]), .ints([1, 1]), .ints([size / 2, size / 2]))
    }

    /// With so many columns and rows of zeros at each edge.
    public func padded(left: Int = 0, right: Int = 0, top: Int = 0, bottom: Int = 0) -> Tensor {
        Aten.pad(.tensor(self), .ints([left, right, top, bottom]))
    }
}

// MARK: - Matrices

extension Tensor {
    /// Eigenvalues `[n]`, smallest first, and eigenvectors `[n, n]`, one in each column, of a symmetric matrix `[n,
    /// n]`, of which the lower triangle is read.
    public func symmetricEigen() -> (values: Tensor, vectors: Tensor) {
        let results = Aten.symmetricEigen.all(.tensor(self), capacity: 2)
        return (results[0], results[1])
    }
}
