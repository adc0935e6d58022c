// Models written as GGUF: they are read back to the same weights, and what cannot be written or read is named.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@Suite struct GGUFModelTests {
    private static let names = ["llama-tied", "llama-untied", "mistral", "qwen2", "qwen3"]

    /// Writes a model and opens what was written.
    private func exported(
        _ directory: ModelDirectory, _ parameters: ParameterStore, as type: GGMLType, in folder: TemporaryFolder
    ) throws -> ModelDirectory {
        let url = folder.url.appending(path: "model.gguf")
        try GGUFExport.write(parameters, of: directory, tokenizer: [], as: type, to: url)
        return try ModelDirectory(url)
    }

    @Test(arguments: names)
    func singlePrecisionComesBackToTheBit(name: String) throws {
        let golden = try GoldenLlama(name)
        let folder = try TemporaryFolder()
        let (old, again) = (
            try golden.model(), try exported(golden.directory, golden.model().parameters, as: .f32, in: folder)
        )
        let new = try again.load()
        #expect(new.parameters.names == old.parameters.names)
        for name in old.parameters.names {
            #expect(
                old.parameters[name].scalars(Float.self) == new.parameters[name].scalars(Float.self), "\(name)")
        }
        #expect(again.architecture.name == (name == "mistral" || name.hasPrefix("llama") ? "llama" : name))
        let example = try #require(golden.examples.first).tokens
        #expect(golden.logits(new, example) == golden.logits(old, example))
    }

    /// Matrices whose rows have no whole blocks of 32 become half precision, as in llama.cpp's own files.
    @Test(arguments: [GGMLType.f16, .q80])
    func otherTypesComeBackAsTheQuantiserRoundsThem(type: GGMLType) throws {
        let golden = try GoldenLlama("llama-untied")
        let folder = try TemporaryFolder()
        let old = try golden.model().parameters
        let new = try exported(golden.directory, old, as: type, in: folder).load().parameters
        var types: Set<GGMLType> = []
        for name in old.names {
            let shape = old[name].shape
            let stored = shape.count == 1 ? .f32 : shape[1] % type.blockSize == 0 ? type : .f16
            types.insert(stored)
            #expect(new[name].scalars(Float.self) == rounded(old[name].scalars(Float.self), stored), "\(name)")
        }
        #expect(types == (type == .f16 ? [.f32, .f16] : [.f32, .f16, .q80]))
    }

    /// What a type makes of numbers that are one row.
    private func rounded(_ values: [Float], _ type: GGMLType) -> [Float] {
        let bytes = values.withUnsafeBufferPointer { type.encode($0) } ?? []
        func half(_ offset: Int) -> Float {
            [bytes[offset], bytes[offset + 1]].withUnsafeBytes { source in
                var value: [Float] = [0]
                value.withUnsafeMutableBufferPointer { Widening.float16(source, into: $0) }
                return value[0]
            }
        }
        switch type {
        case .f16: return values.indices.map { half(2 * $0) }
        case .q80:
            return values.indices.map {
                Float(Int8(bitPattern: bytes[$0 / 32 * 34 + 2 + $0 % 32])) * half($0 / 32 * 34)
            }
        default: return values
        }
    }

    @Test func stretchedRotaryFrequenciesAreCarriedAsATable() throws {
        let golden = try GoldenLlama("llama-rope-scaled")
        let folder = try TemporaryFolder()
        // As Llama 3.1 has it; the golden model's own numbers are for shorter contexts.
        var json = golden.directory.configuration.json
        json["rope_theta"] = 500_000.0
        json["rope_scaling"]?["original_max_position_embeddings"] = 8192
        try json.write(to: folder.url.appending(path: "config.json"))
        try FileManager.default.copyItem(
            at: golden.folder.appending(path: "model.safetensors"), to: folder.url.appending(path: "model.safetensors"))
        let directory = try ModelDirectory(folder.url)
        let old = try directory.load()
        let again = try exported(directory, old.parameters, as: .f32, in: folder)
        #expect(again.configuration.json["rope_scaling"]?["rope_type"]?.string == "llama3")
        #expect(again.configuration.json["rope_scaling"]?["factor"]?.double == 8)
        let example = try #require(golden.examples.first).tokens
        #expect(golden.logits(try again.load(), example) == golden.logits(old, example))
    }

    @Test func otherArchitecturesAreRefused() throws {
        let golden = try GoldenLlama("gpt2")
        let folder = try TemporaryFolder()
        #expect(
            throws: ModelError.unsupported(
                "writing the architecture 'gpt2' as GGUF", path: golden.folder.path,
                advice: "Supported are llama, mistral, qwen2, qwen3.")
        ) { _ = try exported(golden.directory, golden.model().parameters, as: .f16, in: folder) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func otherArchitecturesAndScalingsAreNamedWhenRead() throws {
        let folder = try TemporaryFolder()
        func failure(_ metadata: [(key: String, value: GGUFValue)]) throws -> String {
            let url = folder.url.appending(path: "model.gguf")
            var writer = try GGUFWriter(url, metadata: metadata, [])
            try writer.commit()
            do {
                _ = try ModelDirectory(url)
                return "no error"
            } catch { return "\(error)".replacing(url.path, with: "FILE") }
        }
        #expect(
            try failure([("general.architecture", .string("gemma"))])
                == "FILE: the architecture 'gemma' is not supported; supported are llama, qwen2, qwen3.")
        let counts = [
            "embedding_length", "feed_forward_length", "block_count", "attention.head_count", "context_length",
        ]
        #expect(
            try failure(
                [("general.architecture", .string("qwen2"))] + counts.map { ("qwen2." + $0, .int(8)) }
                    + [("qwen2.rope.scaling.type", .string("yarn"))])
                == "FILE: rotary scaling 'yarn' is not supported. Convert a model without it, with a "
                + "linear one, or with Llama 3's.")
    }
}
