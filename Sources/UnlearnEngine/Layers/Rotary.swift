// Rotary position embedding in the half-split layout of Hugging Face checkpoints.
// Su et al. 2021, "RoFormer"; the "llama3" stretching of frequencies follows the Llama 3.1 release.

internal import Foundation

/// Stretches the slow frequencies so that a model reads further than it was first trained to.
public struct RotaryScaling: Sendable, Equatable {
    public var factor: Double
    public var lowFrequencyFactor: Double
    public var highFrequencyFactor: Double
    public var originalContext: Int

    public init(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int) {
        self.factor = factor
        self.lowFrequencyFactor = lowFrequencyFactor
        self.highFrequencyFactor = highFrequencyFactor
        self.originalContext = originalContext
    }

    /// The frequency that the stretched model uses in place of `frequency`.
    public func stretched(_ frequency: Double) -> Double {
        let wavelength = 2 * Double.pi / frequency
        let context = Double(originalContext)
        if wavelength < context / highFrequencyFactor { return frequency }
        if wavelength > context / lowFrequencyFactor { return frequency / factor }
        let smooth = (context / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
        return (1 - smooth) * frequency / factor + smooth * frequency
    }
}

/// The angles of one forward pass, shared by all layers.
public struct Rotation {
    private static let fused = Operator("rotate", library: "unlearn")

    let cosine: Tensor  // [batch, 1, time, width]
    let sine: Tensor  // the same, negated on the first half: rotate-half without a copy of −x

    /// Rotates queries or keys `[batch, heads, time, width]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        Self.fused(.tensor(x), .tensor(cosine), .tensor(sine))
    }
}

/// The frequencies of a model's heads.
public struct Rotary: Sendable {
    /// Radians per position for each pair of features.
    public let frequencies: [Double]

    public init(width: Int, base: Double, scaling: RotaryScaling? = nil) {
        frequencies = (0..<width / 2).map { index in
            let frequency = pow(base, -Double(2 * index) / Double(width))
            return scaling?.stretched(frequency) ?? frequency
        }
    }

    /// The angles at each position; positions `[batch][time]`, all rows equally long.
    public func rotation(at positions: [[Int]]) -> Rotation {
        let time = positions.first?.count ?? 0
        var cosine: [Float] = []
        var sine: [Float] = []
        for position in positions.joined() {
            // Single-precision angles, as the models were trained with.
            let angles = frequencies.map { Float(position) * Float($0) }
            let cosines = angles.map { Float(cos(Double($0))) }
            let sines = angles.map { Float(sin(Double($0))) }
            cosine += cosines + cosines
            sine += sines.map { -$0 } + sines
        }
        let shape = [positions.count, 1, time, 2 * frequencies.count]
        return Rotation(cosine: Tensor(cosine, shape: shape), sine: Tensor(sine, shape: shape))
    }
}
