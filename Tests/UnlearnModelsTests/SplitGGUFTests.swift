// GGUF models in several files, as llama.cpp's gguf-split writes them: `split.no` counts from 0, names from 1.

import Foundation
import Testing
import UnlearnEngine
import UnlearnModels

@testable import UnlearnFormats

@Suite struct SplitGGUFTests {
    private let folder: TemporaryFolder
    private let whole: ModelDirectory

    init() throws {
        folder = try TemporaryFolder()
        let golden = try GoldenLlama("qwen2")
        let url = folder.url.appending(path: "whole.gguf")
        try GGUFExport.write(golden.model().parameters, of: golden.directory, tokenizer: [], as: .f32, to: url)
        whole = try ModelDirectory(url)
        try split(into: 3)
    }

    private func place(_ number: Int, of count: Int = 3) -> URL {
        folder.url.appending(path: String(format: "m-%05d-of-%05d.gguf", number, count))
    }

    /// Writes parts with equally many tensors but the last one; the metadata are in the first.
    private func split(into count: Int, tensorsSaid: Int? = nil) throws {
        let file = try GGUFFile(whole.url)
        let each = (file.tensors.count + count - 1) / count
        for number in 0..<count {
            let tensors = file.tensors.dropFirst(number * each).prefix(each)
            var metadata: [(key: String, value: GGUFValue)] = [
                ("split.no", .int(number)), ("split.count", .int(count)),
                ("split.tensors.count", .int(tensorsSaid ?? file.tensors.count)),
            ]
            if number == 0 { metadata += file.metadata.sorted { $0.key < $1.key } }
            let url = place(number + 1, of: count)
            try? FileManager.default.removeItem(at: url)
            var writer = try GGUFWriter(url, metadata: metadata, tensors.map { .init($0.name, $0.type, $0.shape) })
            for tensor in tensors {
                var values = [Float](repeating: 0, count: tensor.count)
                values.withUnsafeMutableBufferPointer { file.dequantize(tensor, into: $0) }
                try values.withUnsafeBufferPointer { try writer.append($0) }
            }
            try writer.commit()
        }
    }

    private func expectTheWholeModel(at url: URL) throws {
        let (found, expected) = (try ModelDirectory(url), try whole.load().parameters)
        let parameters = try found.load().parameters
        #expect(found.configuration.json == whole.configuration.json)
        #expect(parameters.names == expected.names)
        for name in expected.names { #expect(parameters[name].isIdentical(to: expected[name]), "\(name)") }
    }

    private func message(_ url: URL) -> String { failure(in: folder) { _ = try ModelDirectory(url) } }

    @Test func allPartsAreReadWhicheverIsGiven() throws {
        for number in 1...3 { try expectTheWholeModel(at: place(number)) }
        try split(into: 26)
        try expectTheWholeModel(at: place(26, of: 26))
        let moved = try TemporaryFolder()
        for number in 1...3 {
            try FileManager.default.moveItem(
                at: place(number), to: moved.url.appending(path: place(number).lastPathComponent))
        }
        let link = folder.url.appending(path: "link.gguf")
        try FileManager.default.createSymbolicLink(
            at: link, withDestinationURL: moved.url.appending(path: place(2).lastPathComponent))
        try expectTheWholeModel(at: link)
    }

    @Test func aMissingPartIsNamed() throws {
        try FileManager.default.removeItem(at: place(2))
        for number in [1, 3] {
            #expect(
                message(place(number))
                    == "'m-00002-of-00003.gguf' does not exist; expected part 2 of 3 of the model, beside the others. Check "
                    + "the path.")
        }
    }

    @Test func aPartWhoseNameLeadsNowhereIsRefused() throws {
        let other = folder.url.appending(path: "other.gguf")
        let refusal =
            "is part 2 of 3 of a model, but its name does not say so. Call it NAME-00002-of-00003.gguf, with the other parts "
            + "beside it, or merge all of them with `llama-gguf-split --merge`."
        try FileManager.default.copyItem(at: place(2), to: other)
        #expect(message(other) == "'other.gguf' \(refusal)")
        try FileManager.default.removeItem(at: place(1))
        try FileManager.default.moveItem(at: other, to: place(1))
        #expect(message(place(1)) == "'m-00001-of-00003.gguf' \(refusal)")
    }

    @Test func partsThatDoNotBelongTogetherAreRefused() throws {
        try FileManager.default.removeItem(at: place(3))
        try FileManager.default.copyItem(at: place(2), to: place(3))
        let advice = "Get the file again: it may be truncated or of another format."
        #expect(
            message(place(1))
                == "GGUF file 'm-00003-of-00003.gguf' is malformed at key 'split.no': its name says part 3 of 3. \(advice)"
        )
        try split(into: 3, tensorsSaid: 9)
        #expect(
            message(place(2))
                == "GGUF file 'm-00001-of-00003.gguf' is malformed at key 'split.tensors.count': the 3 parts hold 26 tensors "
                + "together. \(advice)")
    }
}
