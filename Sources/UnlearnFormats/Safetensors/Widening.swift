// Half-width floating-point numbers made 32 bits wide, exactly, in loops that the compiler vectorises.

/// The value of IEEE half-precision bits. Arithmetic on bits, because Intel Macs have no Float16.
@inline(__always)
func float(half bits: UInt16) -> Float {
    // Shifted into place, the exponent is 112 too low; a product with 2^112 corrects it, subnormal numbers included.
    let magnitude = Float(bitPattern: UInt32(bits & 0x7FFF) << 13) * Float(bitPattern: 0x7780_0000)
    // What was infinite or not a number has become 2^16 or more: its exponent must be all ones again.
    let special: UInt32 = magnitude >= 65536 ? 0x7F80_0000 : 0
    return Float(bitPattern: magnitude.bitPattern | special | UInt32(bits & 0x8000) << 16)
}

/// The value of bfloat16 bits: the upper half of a Float.
@inline(__always)
func float(bfloat bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

/// Exact conversion of little-endian 16-bit numbers to Float, over all cores.
public enum Widening {
    /// - Precondition: `source` has two bytes for each number of `output`.
    public static func float16(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        precondition(source.count == output.count * 2, "two bytes are needed for each number")
        inParallel(GGMLType.f16, source, output)
    }

    /// - Precondition: `source` has two bytes for each number of `output`.
    public static func bfloat16(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        precondition(source.count == output.count * 2, "two bytes are needed for each number")
        inParallel(GGMLType.bf16, source, output)
    }
}
