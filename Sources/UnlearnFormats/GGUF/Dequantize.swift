// Quantised tensors made Float again, bit for bit as the reference implementation of GGUF does.
extension GGUFFile {
    /// Writes the values of `tensor` to `output`, on all threads.
    /// - Precondition: `output` has room for exactly `tensor.count` numbers.
    public func dequantize(_ tensor: GGUFTensor, into output: UnsafeMutableBufferPointer<Float>) {
        precondition(output.count == tensor.count, "the output has another size than tensor '\(tensor.name)'")
        files[tensor.part].withBytes(tensor.range) { inParallel(tensor.type, $0, output) }
    }
}

extension GGMLType {
    /// Puts in the place of numbers what is read back of a file in which they are stored in this type.
    /// - Returns: false, with the numbers as they were, if one is not finite, or too large for the type.
    /// - Precondition: as for ``encode(_:)``.
    public func round(_ values: UnsafeMutableBufferPointer<Float>) -> Bool {
        guard let bytes = encode(UnsafeBufferPointer(values)) else { return false }
        bytes.withUnsafeBytes { inParallel(self, $0, values) }
        return true
    }
}

/// Decodes `source` in pieces that fit a core's cache, on all threads.
func inParallel(_ type: GGMLType, _ source: UnsafeRawBufferPointer, _ output: UnsafeMutableBufferPointer<Float>) {
    guard let input = source.baseAddress, let numbers = output.baseAddress else { return }
    nonisolated(unsafe) let (from, to) = (input, numbers)
    let blocks = output.count / type.blockSize
    let blocksEach = (1 << 16) / type.blockSize
    Parallel.forEach((blocks + blocksEach - 1) / blocksEach) { piece in
        let first = piece * blocksEach
        type.decode(
            from + first * type.blockBytes, into: to + first * type.blockSize, blocks: min(blocksEach, blocks - first))
    }
}

extension GGMLType {
    /// Decodes whole blocks. The caller guarantees that both pointers reach far enough.
    fileprivate func decode(_ source: UnsafeRawPointer, into output: UnsafeMutablePointer<Float>, blocks: Int) {
        switch self {
        case .f32: UnsafeMutableRawPointer(output).copyMemory(from: source, byteCount: blocks * 4)
        case .f16: widen(source, output, blocks) { float(half: $0) }
        case .bf16: widen(source, output, blocks) { float(bfloat: $0) }
        case .q40:
            fourBitBlocks(source, output, blocks, headerBytes: 2) { nibble, header in
                (nibble - 8) * half(header, 0)
            }
        case .q41:
            fourBitBlocks(source, output, blocks, headerBytes: 4) { nibble, header in
                nibble * half(header, 0) + half(header, 2)
            }
        case .q80: eightBitBlocks(source, output, blocks)
        case .q4K: superBlocks(source, output, blocks, highBits: false)
        case .q5K: superBlocks(source, output, blocks, highBits: true)
        case .q6K: sixBitBlocks(source, output, blocks)
        }
    }
}

/// The half-precision number at `offset`.
@inline(__always)
private func half(_ source: UnsafeRawPointer, _ offset: Int) -> Float {
    float(half: UInt16(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
}

@inline(__always)
private func widen(
    _ source: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>, _ count: Int, _ value: (UInt16) -> Float
) {
    for index in 0..<count {
        output[index] = value(UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
    }
}

/// Blocks of a header and 16 bytes: the low halves are numbers 0 to 15, the high halves numbers 16 to 31.
@inline(__always)
private func fourBitBlocks(
    _ source: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>, _ blocks: Int, headerBytes: Int,
    _ value: (Float, UnsafeRawPointer) -> Float
) {
    for block in 0..<blocks {
        let header = source + block * (headerBytes + 16)
        let codes = header + headerBytes
        let numbers = output + block * 32
        for index in 0..<16 {
            let code = codes.load(fromByteOffset: index, as: UInt8.self)
            numbers[index] = value(Float(code & 15), header)
            numbers[index + 16] = value(Float(code >> 4), header)
        }
    }
}

/// Blocks of a scale and 32 signed bytes.
private func eightBitBlocks(_ source: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>, _ blocks: Int) {
    for block in 0..<blocks {
        let header = source + block * 34
        let scale = half(header, 0)
        let numbers = output + block * 32
        for index in 0..<32 {
            numbers[index] = Float(header.load(fromByteOffset: 2 + index, as: Int8.self)) * scale
        }
    }
}

/// Blocks of 256 numbers in eight groups, each with a scale and an offset of 6 bits: d · scale · code − dmin · offset.
/// Two groups share 32 bytes of codes, the first in their low halves; a fifth bit of each code may stand before these.
private func superBlocks(
    _ source: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>, _ blocks: Int, highBits: Bool
) {
    let (headerBytes, codeBytes) = (16, 128)
    let blockBytes = headerBytes + (highBits ? 32 : 0) + codeBytes
    for block in 0..<blocks {
        let header = source + block * blockBytes
        let high = header + headerBytes
        let codes = high + (highBits ? 32 : 0)
        for group in 0..<8 {
            let (scale, offset) = groupScale(header + 4, group)
            let factor = half(header, 0) * Float(scale)
            let subtrahend = half(header, 2) * Float(offset)
            let numbers = output + block * 256 + group * 32
            for index in 0..<32 {
                let byte = codes.load(fromByteOffset: group / 2 * 32 + index, as: UInt8.self)
                var code = group % 2 == 0 ? byte & 15 : byte >> 4
                if highBits { code |= ((high.load(fromByteOffset: index, as: UInt8.self) >> group) & 1) << 4 }
                numbers[index] = factor * Float(code) - subtrahend
            }
        }
    }
}

/// The scale and the offset of a group, of 6 bits each: those of the first four groups stand in the low bits of bytes
/// 0 to 3 and 4 to 7; those of the others have their low halves in bytes 8 to 11 and their upper bits above the former.
private func groupScale(_ packed: UnsafeRawPointer, _ group: Int) -> (scale: UInt8, offset: UInt8) {
    func byte(_ index: Int) -> UInt8 { packed.load(fromByteOffset: index, as: UInt8.self) }
    if group < 4 { return (byte(group) & 63, byte(group + 4) & 63) }
    let low = byte(group + 4)
    return (low & 15 | (byte(group - 4) >> 6) << 4, low >> 4 | (byte(group) >> 6) << 4)
}

/// Blocks of 256 numbers of 6 bits, a signed scale for each sixteen: d · scale · (code − 32).
/// Each half of a block has 64 bytes of low bits and 32 bytes of high bits for its 128 numbers.
private func sixBitBlocks(_ source: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>, _ blocks: Int) {
    for block in 0..<blocks {
        let low = source + block * 210
        let (high, scales) = (low + 128, low + 192)
        let factor = half(low, 208)
        for index in 0..<256 {
            let (side, place) = (index / 128, index % 128)
            // Four runs of 32: the first two in the low halves of 64 bytes, the other two in the upper halves.
            let lowByte = low.load(fromByteOffset: side * 64 + place % 64, as: UInt8.self)
            let lowBits = place < 64 ? lowByte & 15 : lowByte >> 4
            let highByte = high.load(fromByteOffset: side * 32 + place % 32, as: UInt8.self)
            let highBits = (highByte >> (2 * UInt8(place / 32))) & 3
            let scale = scales.load(fromByteOffset: index / 16, as: Int8.self)
            output[block * 256 + index] = factor * Float(scale) * Float(Int8(lowBits | highBits << 4) - 32)
        }
    }
}
