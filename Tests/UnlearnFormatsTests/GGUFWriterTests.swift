// What is written as GGUF: metadata and tensors that are read back, numbers as the reference quantiser makes them.
import Foundation
import Testing
import UnlearnFormats

struct GGUFWriterTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private var file: URL { folder.url.appending(path: "out.gguf") }

    private func write(
        _ metadata: [(key: String, value: GGUFValue)] = [], _ tensors: [(GGUFWriter.Tensor, [Float])] = []
    ) throws {
        var writer = try GGUFWriter(file, metadata: metadata, tensors.map(\.0))
        for (_, values) in tensors {
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
            defer { buffer.deallocate() }
            _ = buffer.update(fromContentsOf: values)
            try writer.append(UnsafeBufferPointer(buffer))
        }
        try writer.commit()
    }

    private func values(_ gguf: GGUFFile, _ name: String) throws -> [Float] {
        let tensor = try #require(gguf.tensor(name))
        var values = [Float](repeating: 0, count: tensor.count)
        values.withUnsafeMutableBufferPointer { gguf.dequantize(tensor, into: $0) }
        return values
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let metadata: [(key: String, value: GGUFValue)] = [
            ("text", .string("Ġwörd")), ("count", .int(7)), ("negative", .int(-3)), ("large", .unsigned(.max)),
            ("number", .float(1e-5)), ("double", .double(0.1)), ("flag", .bool(true)), ("off", .bool(false)),
            ("texts", .strings(["a", "", "c"])), ("ints", .ints([1, -2])), ("floats", .floats([0.5, -0.25])),
        ]
        let long = (0..<96).map { Float($0) - 40 }
        try write(
            metadata,
            [
                (GGUFWriter.Tensor("a", .f32, [3]), [1, 2, 3]),
                (GGUFWriter.Tensor("b", .f16, [5, 1]), [1, 2, 3, 4, 5]),
                (GGUFWriter.Tensor("c", .q80, [3, 32]), long),
            ])
        let gguf = try GGUFFile(file)
        for (key, value) in metadata { #expect(gguf[key] == value, "\(key)") }
        #expect(gguf.tensors.map(\.shape) == [[3], [5, 1], [3, 32]])
        #expect(gguf.tensors.map(\.type) == [.f32, .f16, .q80])
        #expect(try values(gguf, "a") == [1, 2, 3])
        #expect(try values(gguf, "b") == [1, 2, 3, 4, 5])
        #expect(try zip(values(gguf, "c"), long).allSatisfy { abs($0 - $1) <= 56 / 127 / 2 * 1.01 })
    }

    @Test func everyHalfIsWrittenAsItself() throws {
        let bits = (UInt16.min...UInt16.max).filter { $0 & 0x7C00 != 0x7C00 }
        let encoded = bits.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        var wide = [Float](repeating: 0, count: bits.count)
        encoded.withUnsafeBytes { source in wide.withUnsafeMutableBufferPointer { Widening.float16(source, into: $0) } }
        #expect(wide.withUnsafeBufferPointer { GGMLType.f16.encode($0) } == encoded)
    }

    /// Between two neighbours the nearer one, and in the middle the even one, down to the smallest numbers.
    @Test func halvesAreRoundedToTheNearest() {
        func bits(_ value: Float) -> UInt16? {
            [value].withUnsafeBufferPointer { GGMLType.f16.encode($0) }.map { UInt16($0[0]) | UInt16($0[1]) << 8 }
        }
        #expect(bits(1 + 0x1p-11) == 0x3C00)
        #expect(bits((1 + 0x1p-11 as Float).nextUp) == 0x3C01)
        #expect(bits(1 + 3 * 0x1p-11) == 0x3C02)
        #expect(bits(0x1p-25) == 0 && bits((0x1p-25 as Float).nextUp) == 1)
        #expect(bits(-3 * 0x1p-25) == 0x8002)
        #expect(bits(0x1p-14 - 0x1p-25) == 0x0400)
        #expect(bits(65519.996) == 0x7BFF && bits(65520) == nil && bits(.nan) == nil)
    }

    @Test func numbersAreQuantisedAsTheReferenceDoes() throws {
        let golden = try JSONValue(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Golden/gguf-blocks.json"))
        let cases = try #require(golden["quantised"]?.array)
        #expect(cases.count == 2)
        for row in cases {
            let type = try #require(GGMLType.writable.first { $0.description == row["type"]?.string })
            let values = try #require(row["values"]?.array).map {
                Float(bitPattern: UInt32(try #require($0.int)))
            }
            let encoded = try #require(values.withUnsafeBufferPointer { type.encode($0) })
            let text = encoded.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(text == row["encoded"]?.string, "\(type)")
        }
    }

    /// Golden: gguf's own quantiser, to the bit; what is not finite leaves the numbers as they were.
    @Test func numbersAreRoundedToFourBitsAsTheReferenceDoes() throws {
        let golden = try JSONValue(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Golden/gguf-rounding.json"))
        func floats(_ key: String) throws -> [Float] {
            try #require(golden[key]?.array).map { Float(bitPattern: UInt32(try #require($0.int))) }
        }
        var values = try floats("values")
        let encoded = try #require(values.withUnsafeBufferPointer { GGMLType.q40.encode($0) })
        let text = encoded.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(text == golden["encoded"]?.string)
        #expect(values.withUnsafeMutableBufferPointer { GGMLType.q40.round($0) })
        #expect(try values.map(\.bitPattern) == floats("decoded").map(\.bitPattern))
        var broken = [Float](repeating: 1, count: 31) + [.infinity]
        #expect(!broken.withUnsafeMutableBufferPointer { GGMLType.q40.round($0) } && broken[0] == 1)
    }

    @Test func whatCannotBeWrittenIsNamedAndLeavesNothing() throws {
        let sentence = error { try write([], [(GGUFWriter.Tensor("a", .f16, [2]), [1, 1e6])]) }?.description
        #expect(
            sentence
                == "The value at tensor 'a' cannot be used: it holds a number that is not finite, or too large for F16."
        )
        let shape = error { try write([], [(GGUFWriter.Tensor("a", .q80, [31]), [])]) }?.description
        #expect(shape == "The value at tensor 'a' cannot be used: its shape [31] cannot be stored as Q8_0.")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
}
