// Quantised tensors made Float again, bit for bit as the reference implementation of GGUF does.
import Dispatch

extension GGUFFile {
    /// Writes the values of `tensor` to `output`, over all cores.
    /// - Precondition: `output` has room for exactly `tensor.count` numbers.
    public func dequantize(_ tensor: GGUFTensor, into output: UnsafeMutableBufferPointer<Float>) {
        precondition(output.count == tensor.count, "the output has another size than tensor '\(tensor.name)'")
        file.withBytes(tensor.range) { inParallel(tensor.type, $0, output) }
    }
}

/// Decodes `source` in pieces that fit a core's cache, over all cores.
func inParallel(_ type: GGMLType, _ source: UnsafeRawBufferPointer, _ output: UnsafeMutableBufferPointer<Float>) {
    guard let input = source.baseAddress, let numbers = output.baseAddress else { return }
    nonisolated(unsafe) let (from, to) = (input, numbers)
    let blocks = output.count / type.blockSize
    let blocksEach = (1 << 16) / type.blockSize
    DispatchQueue.concurrentPerform(iterations: (blocks + blocksEach - 1) / blocksEach) { piece in
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
