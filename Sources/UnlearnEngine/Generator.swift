// The seeded source of every random number: passed in, never global.

internal import Foundation

/// SplitMix64 (Steele, Lea and Flood 2014): small, fast, and the same on every platform.
public struct Generator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The plain stream of a seed, such as that of resamples, which are the same ones in every run.
    public init(seed: UInt64) { state = seed }

    /// A stream that depends on the run's seed and on what it is for, so that evaluating more often, say, changes
    /// no other consumer's numbers.
    public init(seed: UInt64, purpose: String) {
        // FNV-1a over the purpose, mixed with the seed.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        state = seed &* 0x9e37_79b9_7f4a_7c15 ^ hash
        _ = next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number in [0, 1) with 24 random bits, exact in single precision.
    public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// A standard normal number (Box–Muller).
    public mutating func normal() -> Float {
        let radius = (-2 * log(1 - Double(uniform()))).squareRoot()
        return Float(radius * cos(2 * .pi * Double(uniform())))
    }
}

extension Tensor {
    /// Independent normal entries with the given standard deviation.
    public static func normal(_ shape: Shape, deviation: Float = 1, using generator: inout Generator) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map { _ in generator.normal() * deviation }, shape: shape)
    }

    /// Independent entries, evenly between −bound and bound.
    public static func uniform(_ shape: Shape, bound: Float, using generator: inout Generator) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map { _ in (2 * generator.uniform() - 1) * bound }, shape: shape)
    }
}
