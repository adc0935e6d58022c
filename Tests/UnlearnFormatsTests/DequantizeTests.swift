// Decoding of GGUF blocks and of 16-bit numbers, bit for bit.
import Foundation
import Testing
import UnlearnFormats

struct DequantizeTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            let type: String
            let encoded: String
            let decoded: [UInt32]
        }
        let cases: [Case]
    }

    /// Expected bits: Tests/Golden/gguf-blocks.json, written by Tools/reference/gguf_blocks.py.
    @Test func equalsTheReferenceBitForBit() throws {
        let golden: Golden = try JSONValue(
            contentsOf: packageRoot.appendingPathComponent("Tests/Golden/gguf-blocks.json")
        ).decode()
        #expect(Set(golden.cases.map(\.type)) == Set(GGMLType.allCases.map(\.description)))
        for item in golden.cases {
            let type = try #require(GGMLType.allCases.first { $0.description == item.type })
            let digits = Array(item.encoded)
            let encoded = try stride(from: 0, to: digits.count, by: 2).map {
                try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16))
            }
            let decoded = try decode(type, encoded, count: item.decoded.count)
            #expect(decoded.map(\.bitPattern) == item.decoded, "\(item.type)")
        }
    }

    @Test func manyPiecesAreAllDecoded() throws {
        // Scale 1 (half precision 0x3C00), codes 0 to 31, in more blocks than one core takes at once.
        let block: [UInt8] = [0x00, 0x3C] + Array(0..<32)
        let blocks = 5000
        let decoded = try decode(.q80, Array(repeatElement(block, count: blocks).joined()), count: 32 * blocks)
        #expect(decoded.indices.allSatisfy { decoded[$0] == Float($0 % 32) })
    }

    #if !(os(macOS) && arch(x86_64))
        @Test func everyHalfPrecisionNumberIsExact() {
            let bits = Array(UInt16.min...UInt16.max)
            let widened = widen(bits, Widening.float16)
            #expect(
                bits.indices.allSatisfy {
                    let expected = Float(Float16(bitPattern: bits[$0]))
                    return expected.isNaN ? widened[$0].isNaN : widened[$0].bitPattern == expected.bitPattern
                })
        }
    #endif

    @Test func everyBfloat16NumberIsTheUpperHalfOfAFloat() {
        let bits = Array(UInt16.min...UInt16.max)
        let widened = widen(bits, Widening.bfloat16)
        #expect(bits.indices.allSatisfy { widened[$0].bitPattern == UInt32(bits[$0]) << 16 })
    }

    private func widen(
        _ bits: [UInt16], _ convert: (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<Float>) -> Void
    ) -> [Float] {
        var output = [Float](repeating: 0, count: bits.count)
        bits.withUnsafeBytes { source in output.withUnsafeMutableBufferPointer { convert(source, $0) } }
        return output
    }

    /// Decodes `encoded` as the only tensor of a file.
    private func decode(_ type: GGMLType, _ encoded: [UInt8], count: Int) throws -> [Float] {
        var file = Bytes(all: Array("GGUF".utf8))
        file.add(UInt32(3))
        file.add(UInt64(1))
        file.add(UInt64(0))
        file.add("t")
        file.add(UInt32(1))
        file.add(UInt64(count))
        file.add(type.rawValue)
        file.add(UInt64(0))
        while file.all.count % 32 != 0 { file.add(UInt8(0)) }
        let folder = try TemporaryFolder()
        let gguf = try GGUFFile(try folder.write(file.all + encoded))
        var output = [Float](repeating: .nan, count: count)
        output.withUnsafeMutableBufferPointer { gguf.dequantize(gguf.tensors[0], into: $0) }
        return output
    }
}
