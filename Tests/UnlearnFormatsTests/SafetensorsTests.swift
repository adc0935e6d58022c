// Safetensors: what is written is read again, and damaged headers are refused with a reason.
import Foundation
import Testing
import UnlearnFormats

struct SafetensorsTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func write(_ name: String, _ tensors: [(String, [Float])]) throws {
        var writer = try SafetensorsWriter(
            folder.file(name), tensors.map { SafetensorsWriter.Tensor($0.0, .float32, [$0.1.count]) })
        for (_, values) in tensors {
            var copy = values
            try copy.withUnsafeMutableBytes { try writer.append(UnsafeRawBufferPointer($0)) }
        }
        try writer.commit()
    }

    private func failure(_ header: String, data: Int = 8) -> String? {
        var file = Bytes()
        file.add(header)
        file.all += Array(repeating: 0, count: data)
        return error { _ = try SafetensorsFile(try folder.write(file.all)) }?.description
            .replacingOccurrences(of: folder.url.path + "/", with: "")
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        try write("model.safetensors", [("b", [1, 2]), ("a", [-3]), ("empty", [])])
        let file = try SafetensorsFile(folder.file("model.safetensors"))
        #expect(file.names == ["b", "a", "empty"] || file.names == ["b", "empty", "a"])
        #expect(file.metadata == ["format": "pt"])
        #expect(file.entries["b"]?.shape == [2])
        #expect(file.entries["b"]?.type == .float32)
        #expect(Array(try file.bytes(of: "b").bindMemory(to: Float.self)) == [1, 2])
        #expect(Array(try file.bytes(of: "a").bindMemory(to: Float.self)) == [-3])
        #expect(try file.bytes(of: "empty").isEmpty)
        #expect(error { _ = try file.bytes(of: "c") } == .missingEntry(name: "c", path: file.file.path))
        #expect(file.entries["b"]?.range.lowerBound.isMultiple(of: 8) == true)
        #expect(try folder.names == ["model.safetensors"])
    }

    @Test func anAbandonedWriterLeavesNothing() throws {
        do { _ = try SafetensorsWriter(folder.file("x"), [.init("a", .bool, [1])]) }
        #expect(try folder.names.isEmpty)
    }

    @Test func impossibleTensorsAreNotWritten() throws {
        #expect(
            error { _ = try SafetensorsWriter(folder.file("x"), [.init("a", .bool, [1]), .init("a", .bool, [1])]) }?
                .description == "The value at tensor 'a' cannot be used: the name is reserved or appears twice.")
        #expect(
            error { _ = try SafetensorsWriter(folder.file("x"), [.init("a", .float64, [1 << 61])]) }?.description
                == "The value at tensor 'a' cannot be used: the bytes of shape [2305843009213693952] cannot be counted."
        )
    }

    @Test func aRefusalOfTheSystemIsReported() {
        let url = folder.file("gone/x.safetensors")
        #expect(
            error { _ = try SafetensorsWriter(url, [.init("a", .bool, [1])]) }?.description
                == "Cannot create '\(url.path)': No such file or directory.")
    }

    @Test func damagedHeadersAreExplained() throws {
        let start = "Safetensors file 'file' is malformed at"
        let advice = "Get the file again: it may be truncated or of another format."
        #expect(failure("[]") == "\(start) the header: it is not a JSON object. \(advice)")
        #expect(failure("{\"a\"") == "\(start) line 1, column 5: ':' is expected. \(advice)")
        #expect(
            failure(#"{"a":{"dtype":"F32","shape":[2]}}"#)
                == "\(start) tensor 'a': dtype, shape or data_offsets is missing or of the wrong kind. \(advice)")
        #expect(
            failure(#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#)
                == "\(start) tensor 'a': shape [3] of F32 does not take the 8 bytes given. \(advice)")
        #expect(
            failure(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#)
                == "\(start) tensor 'a': bytes 8 to 16 are not within the 8 bytes of data. \(advice)")
        #expect(
            failure(#"{"a":{"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#)
                == "\(start) tensor 'a': the shape is not a list of sizes whose product can be counted. \(advice)")
        #expect(
            failure(#"{"a":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}"#)
                == "\(start) tensor 'a': the shape is not a list of sizes whose product can be counted. \(advice)")
        #expect(
            failure(
                #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#
            ) == "\(start) tensor 'b': it overlaps the tensor before it. \(advice)")
        #expect(
            failure(#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#)
                == "\(start) tensor 'a': it leaves a gap before it. \(advice)")
        #expect(
            failure(#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#)
                == "\(start) byte 65: 4 bytes follow the last tensor. \(advice)")
        #expect(
            failure(#"{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,8]}}"#)
                == "'file' has type F4 at tensor 'a', which is not supported. "
                + "Use one of: F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL.")
        #expect(
            failure(#"{"__metadata__":{"a":1}}"#, data: 0)
                == "\(start) key '__metadata__': it is not an object of strings. \(advice)")
    }

    /// The reference takes null metadata for none; a null among them is an error there too.
    @Test func nullMetadataIsNone() throws {
        #expect(failure(#"{"__metadata__":null,"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#) == nil)
        #expect(failure(#"{"__metadata__":{"a":null}}"#, data: 0)?.contains("it is not an object of strings") == true)
    }

    @Test func aHugeHeaderLengthIsNotBelieved() throws {
        let url = try folder.write(Array(repeating: 0xFF, count: 16))
        #expect(
            error { _ = try SafetensorsFile(url) }?.description
                == "Safetensors file '\(url.path)' is malformed at byte 0: the file claims 18446744073709551615 bytes "
                + "of header, more than its size allows. Get the file again: it may be truncated or of another format.")
    }

    @Test func shardsAreReadThroughTheIndex() throws {
        try write("one.safetensors", [("a", [1])])
        try write("two.safetensors", [("b", [2])])
        let index: JSONValue = ["weight_map": ["b": "two.safetensors", "a": "one.safetensors"]]
        try index.write(to: folder.file("model.safetensors.index.json"))
        let checkpoint = try SafetensorsCheckpoint(directory: folder.url)
        #expect(checkpoint.names == ["b", "a"])
        #expect(checkpoint["a"]?.shape == [1])
        #expect(checkpoint["c"] == nil)
        #expect(Array(try checkpoint.bytes(of: "b").bindMemory(to: Float.self)) == [2])
    }

    @Test func aBrokenIndexIsExplained() throws {
        func failure(_ map: JSONValue) throws -> String? {
            let index: JSONValue = ["weight_map": map]
            try index.write(to: folder.file("model.safetensors.index.json"))
            return error { _ = try SafetensorsCheckpoint(directory: folder.url) }?.description
                .replacingOccurrences(of: folder.url.path + "/", with: "")
        }
        let advice = "Get the file again: it may be truncated or of another format."
        try write("one.safetensors", [("a", [1])])
        #expect(
            try failure(["b": "one.safetensors"])
                == "'one.safetensors' has no entry 'b'. Check that the files belong to one model.")
        #expect(
            try failure(["a": "gone.safetensors"])
                == "'gone.safetensors' does not exist; expected a file. Check the path.")
        #expect(
            try failure(["a": "../one.safetensors"])
                == "Safetensors index 'model.safetensors.index.json' is malformed at tensor 'a': "
                + "the file is not named by a plain name without folders. \(advice)")
        #expect(
            try failure("x")
                == "Safetensors index 'model.safetensors.index.json' is malformed at key 'weight_map': "
                + "it is not an object. \(advice)")
    }

    @Test func aFolderWithoutWeightsIsExplained() throws {
        let path = folder.file("model.safetensors").path
        #expect(
            error { _ = try SafetensorsCheckpoint(directory: folder.url) }?.description
                == "'\(path)' does not exist; expected this file or model.safetensors.index.json beside it. "
                + "Check the path.")
    }

    @Test func noTruncationOrFlippedByteCrashes() throws {
        try write("whole", [("a", [1, 2]), ("b", [3])])
        let bytes = [UInt8](try Data(contentsOf: folder.file("whole")))
        for count in 1..<bytes.count {
            #expect(error { _ = try SafetensorsFile(try folder.write(Array(bytes.prefix(count)))) } != nil)
        }
        for position in bytes.indices {
            for value: UInt8 in [0, 0x22, 0x39, 0x7D, 0xFF] {
                var damaged = bytes
                damaged[position] = value
                _ = error { _ = try SafetensorsFile(try folder.write(damaged)) }
            }
        }
    }
}
