// GGUF: metadata of every type, tensors, and files that are damaged or of another kind.
import Foundation
import Testing
import UnlearnFormats

/// A GGUF file with two metadata pairs and two tensors, to be damaged by tests.
private struct Sample {
    var magic = Array("GGUF".utf8)
    var version: UInt32 = 3
    var tensorCount: UInt64 = 2
    var pairCount: UInt64 = 2
    var metadata = Bytes()
    var secondShape: [UInt64] = [32, 2]
    var secondType: UInt32 = 8
    var secondOffset: UInt64 = 32
    var data = 32 + 68

    init() {
        metadata.add("general.architecture")
        metadata.add(UInt32(8))
        metadata.add("llama")
        metadata.add("general.alignment")
        metadata.add(UInt32(4))
        metadata.add(UInt32(32))
    }

    var bytes: [UInt8] {
        var file = Bytes(all: magic)
        file.add(version)
        file.add(tensorCount)
        file.add(pairCount)
        file.all += metadata.all
        file.add("a")
        file.add(UInt32(1))
        file.add(UInt64(3))
        file.add(UInt32(0))
        file.add(UInt64(0))
        file.add("b")
        file.add(UInt32(secondShape.count))
        for size in secondShape { file.add(size) }
        file.add(secondType)
        file.add(secondOffset)
        while file.all.count % 32 != 0 { file.add(UInt8(0)) }
        return file.all + Array(repeating: 0, count: data)
    }
}

struct GGUFTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func open(_ bytes: [UInt8]) throws -> GGUFFile { try GGUFFile(try folder.write(bytes)) }

    private func failure(_ change: (inout Sample) -> Void) -> String? {
        var sample = Sample()
        change(&sample)
        return error { _ = try open(sample.bytes) }?.description.replacingOccurrences(
            of: folder.url.path + "/", with: "")
    }

    @Test func readsMetadataAndTensors() throws {
        let gguf = try open(Sample().bytes)
        #expect(gguf["general.architecture"]?.string == "llama")
        #expect(gguf["general.alignment"]?.int == 32)
        #expect(gguf.tensors.map(\.name) == ["a", "b"])
        #expect(gguf.tensor("b")?.shape == [2, 32])
        #expect(gguf.tensor("b")?.type == .q80)
        #expect(gguf.tensor("b")?.count == 64)
        #expect(gguf.bytes(of: try #require(gguf.tensor("b"))).count == 68)
        #expect(gguf.tensor("c") == nil)
    }

    @Test func readsEveryMetadataType() throws {
        var sample = Sample()
        sample.pairCount += 14
        func add(_ key: String, _ type: UInt32, _ value: (inout Bytes) -> Void) {
            sample.metadata.add(key)
            sample.metadata.add(type)
            value(&sample.metadata)
        }
        func array(_ type: UInt32, _ count: UInt64, _ bytes: inout Bytes) {
            bytes.add(type)
            bytes.add(count)
        }
        add("u8", 0) { $0.add(UInt8.max) }
        add("i8", 1) { $0.add(Int8.min) }
        add("u16", 2) { $0.add(UInt16.max) }
        add("i16", 3) { $0.add(Int16.min) }
        add("i32", 5) { $0.add(Int32.min) }
        add("f32", 6) { $0.add(Float(1e-5).bitPattern) }
        add("bool", 7) { $0.add(UInt8(1)) }
        add("u64", 10) { $0.add(UInt64.max) }
        add("i64", 11) { $0.add(Int64.min) }
        add("f64", 12) { $0.add(Double(0.1).bitPattern) }
        add("strings", 9) {
            array(8, 2, &$0)
            $0.add("é")
            $0.add("")
        }
        add("ints", 9) {
            array(5, 2, &$0)
            $0.add(Int32(-1))
            $0.add(Int32(7))
        }
        add("floats", 9) {
            array(6, 1, &$0)
            $0.add(Float(-0.5).bitPattern)
        }
        add("nested", 9) {
            array(9, 2, &$0)
            array(0, 1, &$0)
            $0.add(UInt8(9))
            array(8, 0, &$0)
        }
        let gguf = try open(sample.bytes)
        #expect(gguf["u8"] == .int(255))
        #expect(gguf["i8"] == .int(-128))
        #expect(gguf["u16"] == .int(65535))
        #expect(gguf["i16"] == .int(-32768))
        #expect(gguf["i32"]?.int == Int(Int32.min))
        #expect(gguf["f32"]?.double == Double(Float(1e-5)))
        #expect(gguf["f32"]?.decimal == 1e-5)
        #expect(gguf["bool"]?.bool == true)
        #expect(gguf["u64"] == .unsigned(.max))
        #expect(gguf["i64"]?.int == Int.min)
        #expect(gguf["f64"]?.double == 0.1)
        #expect(gguf["strings"]?.strings == ["é", ""])
        #expect(gguf["ints"]?.ints == [-1, 7])
        #expect(gguf["floats"]?.floats == [-0.5])
        #expect(gguf["nested"] == .array([.array([.int(9)]), .strings([])]))
    }

    @Test func requiredValuesSayWhatIsMissingOrWrong() throws {
        let gguf = try open(Sample().bytes)
        #expect(try gguf.required("general.alignment", \.int) == 32)
        #expect(error { _ = try gguf.required("x", \.int) } == .missingEntry(name: "x", path: gguf.path))
        #expect(
            error { _ = try gguf.required("general.architecture", \.int) }?.description
                == "GGUF file '\(gguf.path)' is malformed at key 'general.architecture': the value is not of type Int. "
                + "Get the file again: it may be truncated or of another format.")
    }

    @Test func damagedHeadersAreExplained() throws {
        let advice = "Get the file again: it may be truncated or of another format."
        #expect(
            failure { $0.magic = Array("GGML".utf8) }
                == "GGUF file 'file' is malformed at byte 0: the file does not begin with the letters GGUF. \(advice)")
        #expect(
            failure { $0.version = 1 }
                == "'file' has GGUF version 1 at the header, which is not supported. Use one of: version 2, version 3.")
        #expect(
            failure { $0.version = UInt32(3).byteSwapped }
                == "'file' has big-endian numbers at the header, which is not supported. "
                + "Use one of: version 2, version 3.")
        #expect(
            failure { $0.tensorCount = .max }
                == "GGUF file 'file' is malformed at byte 8: the file claims 18446744073709551615 tensors, "
                + "more than its size allows. \(advice)")
        #expect(
            failure { $0.pairCount = 1 << 40 }
                == "GGUF file 'file' is malformed at byte 16: the file claims 1099511627776 metadata pairs, "
                + "more than its size allows. \(advice)")
        #expect(
            failure { $0.metadata.all[8] = 0xFF }
                == "GGUF file 'file' is malformed at byte 24: the text is not valid UTF-8. \(advice)")
        #expect(
            failure { $0.metadata.all[$0.metadata.all.count - 4] = 12 }
                == "GGUF file 'file' is malformed at key 'general.alignment': "
                + "the alignment is not a multiple of 8 from 8 to 65536. \(advice)")
    }

    @Test func damagedTensorsAreExplained() throws {
        let advice = "Get the file again: it may be truncated or of another format."
        #expect(
            failure { $0.secondType = 10 }
                == "'file' has encoding Q2_K at tensor 'b', which is not supported. "
                + "Use one of: F32, F16, Q4_0, Q4_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16.")
        #expect(
            failure { $0.secondShape = [33, 2] }
                == "GGUF file 'file' is malformed at tensor 'b': "
                + "rows of 33 values do not divide into Q8_0 blocks of 32. \(advice)")
        #expect(
            failure { $0.secondShape = [1 << 32, 1 << 32] }
                == "GGUF file 'file' is malformed at tensor 'b': shape [4294967296, 4294967296] has more values "
                + "than can be counted. \(advice)")
        #expect(
            failure { $0.secondShape = [1, 1, 1, 1, 1] }
                == "GGUF file 'file' is malformed at tensor 'b': it has 5 dimensions, at most 4 are allowed. \(advice)")
        #expect(
            failure { $0.secondOffset = 8 }
                == "GGUF file 'file' is malformed at tensor 'b': offset 8 is not a multiple of 32. \(advice)")
        #expect(
            failure { $0.secondOffset = 0 }
                == "GGUF file 'file' is malformed at tensor 'b': its bytes overlap those of tensor 'a'. \(advice)")
        #expect(
            failure { $0.secondOffset = .max - 31 }
                == "GGUF file 'file' is malformed at tensor 'b': 68 bytes from offset 18446744073709551584 exceed "
                + "the 100 bytes of data. \(advice)")
        #expect(
            failure { $0.data -= 1 }
                == "GGUF file 'file' is malformed at tensor 'b': 68 bytes from offset 32 exceed the 99 bytes of data. "
                + advice)
    }

    @Test func hugeAndDeepArraysAreRefused() throws {
        var deep = Sample()
        deep.pairCount += 1
        deep.metadata.add("deep")
        deep.metadata.add(UInt32(9))
        for _ in 0..<20 {
            deep.metadata.add(UInt32(9))
            deep.metadata.add(UInt64(1))
        }
        #expect(error { _ = try open(deep.bytes) }?.description.contains("nested more than 8 deep") == true)
        var huge = Sample()
        huge.pairCount += 1
        huge.metadata.add("huge")
        huge.metadata.add(UInt32(9))
        huge.metadata.add(UInt32(6))
        huge.metadata.add(UInt64(1) << 62)
        #expect(error { _ = try open(huge.bytes) }?.description.contains("4611686018427387904 array elements") == true)
    }

    @Test func noTruncationOrFlippedByteCrashes() throws {
        let bytes = Sample().bytes
        for count in 1..<bytes.count {
            #expect(error { _ = try open(Array(bytes.prefix(count))) } != nil, "prefix of \(count) bytes")
        }
        for position in 0..<bytes.count - 100 {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var damaged = bytes
                damaged[position] = value
                _ = error { _ = try open(damaged) }
            }
        }
    }
}
