// Rotary position embedding in the half-split layout of Hugging Face checkpoints.
// Su et al. 2021, "RoFormer"; the "llama3" stretching of frequencies follows the Llama 3.1 release.

internal import Foundation

/// How frequencies are changed so that a model reads further than it was first trained to.
public enum RotaryScaling: Sendable, Equatable {
    /// Positions are divided by the factor, and so is every frequency. Chen et al. 2023 (arXiv 2306.15595).
    case linear(factor: Double)
    /// Slow frequencies alone are divided, those between are blended.
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int)

    /// The frequency that the stretched model uses in place of `frequency`.
    public func stretched(_ frequency: Double) -> Double {
        switch self {
        case .linear(let factor): return frequency / factor
        case .llama3(let factor, let low, let high, let originalContext):
            let wavelength = 2 * Double.pi / frequency
            let context = Double(originalContext)
            if wavelength < context / high { return frequency }
            if wavelength > context / low { return frequency / factor }
            let smooth = (context / wavelength - low) / (high - low)
            return (1 - smooth) * frequency / factor + smooth * frequency
        }
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
