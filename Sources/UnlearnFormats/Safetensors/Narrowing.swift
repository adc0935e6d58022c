// Floats made narrower for GGUF: half precision, and blocks of 8-bit and 4-bit numbers, bit for bit as the reference does.

/// The nearest IEEE half-precision bits, ties to even. Arithmetic on bits, because Intel Macs have no Float16.
@inline(__always)
func half(_ value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    // Not a number, infinite, or so large that rounding makes it infinite (65520).
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    // Subnormal below 2^-14: a sum with 0.5, whose last bit is 2^-24, rounds as is needed.
    if magnitude < 0x3880_0000 {
        return sign | UInt16((Float(bitPattern: magnitude) + 0.5).bitPattern - 0x3F00_0000)
    }
    let rounded = magnitude - 0x3800_0000 + 0xFFF + (magnitude >> 13 & 1)
    return sign | UInt16(rounded >> 13)
}

extension GGMLType {
    /// The types that can be written.
    public static let writable: [GGMLType] = [.f32, .f16, .q80, .q40]

    /// The bytes of `values` in this type; nil if a value is not finite, or too large for it.
    /// - Precondition: the type is ``writable``, and its blocks divide the number of values.
    public func encode(_ values: UnsafeBufferPointer<Float>) -> [UInt8]? {
        precondition(Self.writable.contains(self), "\(self) cannot be written")
        precondition(values.count % blockSize == 0, "\(values.count) values do not divide into blocks of \(blockSize)")
        guard let source = values.baseAddress else { return [] }
        let blocks = values.count / blockSize
        let blocksEach = (1 << 16) / blockSize
        let pieces = (blocks + blocksEach - 1) / blocksEach
        var isWhole = [Bool](repeating: false, count: pieces)
        let bytes = [UInt8](unsafeUninitializedCapacity: blocks * blockBytes) { buffer, count in
            count = blocks * blockBytes
            guard let target = buffer.baseAddress else { return }
            isWhole.withUnsafeMutableBufferPointer { flags in
                nonisolated(unsafe) let (from, to, flags) = (source, UnsafeMutableRawPointer(target), flags)
                Parallel.forEach(pieces) { piece in
                    let first = piece * blocksEach
                    flags[piece] = encode(
                        from + first * blockSize, into: to + first * blockBytes, blocks: min(blocksEach, blocks - first)
                    )
                }
            }
        }
        return isWhole.allSatisfy(\.self) ? bytes : nil
    }

    private func encode(_ source: UnsafePointer<Float>, into target: UnsafeMutableRawPointer, blocks: Int) -> Bool {
        switch self {
        case .f32:
            target.copyMemory(from: source, byteCount: 4 * blocks)
            return (0..<blocks).allSatisfy { source[$0].isFinite }
        case .f16:
            var isFinite = true
            for index in 0..<blocks {
                let bits = half(source[index])
                isFinite = isFinite && bits & 0x7C00 != 0x7C00
                target.storeBytes(of: bits.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
            }
            return isFinite
        case .q40:
            return (0..<blocks).allSatisfy { fourBitBlock(source + 32 * $0, into: target + 18 * $0) }
        default:
            return (0..<blocks).allSatisfy { eightBitBlock(source + 32 * $0, into: target + 34 * $0) }
        }
    }
}

/// A scale d = max |x| / 127 in half precision, and 32 numbers x / d rounded, halves away from zero. The numbers are
/// divided by the scale before it is rounded.
private func eightBitBlock(_ source: UnsafePointer<Float>, into target: UnsafeMutableRawPointer) -> Bool {
    var largest: Float = 0
    var isFinite = true
    for index in 0..<32 {
        isFinite = isFinite && source[index].isFinite
        largest = max(largest, abs(source[index]))
    }
    let scale = largest / 127
    let inverse = scale == 0 ? 0 : 1 / scale
    let bits = half(scale)
    guard isFinite, bits & 0x7C00 != 0x7C00 else { return false }
    target.storeBytes(of: bits.littleEndian, as: UInt16.self)
    for index in 0..<32 {
        // Of numbers so small that 1 / d is infinite nothing is left.
        let code = inverse.isFinite ? (source[index] * inverse).rounded(.toNearestOrAwayFromZero) : 0
        target.storeBytes(of: Int8(max(-127, min(127, code))), toByteOffset: 2 + index, as: Int8.self)
    }
    return true
}

/// A scale d = x / −8 in half precision, where x is the number of the largest magnitude, the first of equal ones; and 32
/// numbers x / d + 8 rounded and held in 0…15, number i in the low half of byte i, number i + 16 in its upper half.
/// The numbers are divided by the scale before it is rounded.
private func fourBitBlock(_ source: UnsafePointer<Float>, into target: UnsafeMutableRawPointer) -> Bool {
    var largest: Float = 0
    var isFinite = true
    for index in 0..<32 {
        isFinite = isFinite && source[index].isFinite
        if abs(source[index]) > abs(largest) { largest = source[index] }
    }
    let scale = largest / -8
    let inverse = scale == 0 ? 0 : 1 / scale
    let bits = half(scale)
    guard isFinite, bits & 0x7C00 != 0x7C00 else { return false }
    target.storeBytes(of: bits.littleEndian, as: UInt16.self)
    func code(_ index: Int) -> UInt8 {
        // Of numbers so small that 1 / d is infinite nothing is left.
        inverse.isFinite ? UInt8(max(0, min(15, source[index] * inverse + 8.5))) : 8
    }
    for index in 0..<16 {
        target.storeBytes(of: code(index) | code(index + 16) << 4, toByteOffset: 2 + index, as: UInt8.self)
    }
    return true
}
