// llama2.c checkpoints, the order of rotary rows, and the names of a Llama's tensors.
import Foundation
import Testing
import UnlearnFormats

struct LlamaTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// A checkpoint whose numbers count upwards: width 4, hidden width 6, 2 layers, 2 heads, 1 key-value head,
    /// vocabulary 3, context length 5.
    private func checkpoint(vocabulary: Int32 = 3, heads: Int32 = 2) -> [UInt8] {
        var file = Bytes()
        for number in [4, 6, 2, heads, 1, vocabulary, 5] { file.add(number) }
        let layer = 4 + 16 + 8 + 8 + 16 + 4 + 3 * 24
        let count = 12 + 2 * layer + 4 + 2 * 5 + (vocabulary < 0 ? 12 : 0)
        for number in 0..<count { file.add(Float(number).bitPattern) }
        return file.all
    }

    @Test func tensorsLieWhereTheFormatPutsThem() throws {
        let llama = try Llama2C(try folder.write(checkpoint()))
        #expect(llama.configuration.width == 4)
        #expect(llama.configuration.keyValueWidth == 2)
        #expect(llama.configuration.isTied)
        #expect(llama.tensors.count == 20)
        func first(_ name: String) throws -> Float? {
            llama.floats(of: try #require(llama.tensors.first { $0.name == name })).first
        }
        #expect(try first("model.embed_tokens.weight") == 0)
        #expect(try first("model.layers.1.input_layernorm.weight") == 12 + 4)
        #expect(try first("model.layers.0.self_attn.q_proj.weight") == 12 + 8)
        #expect(try first("model.layers.1.self_attn.k_proj.weight") == 12 + 8 + 32 + 8)
        #expect(try first("model.layers.0.mlp.gate_proj.weight") == 12 + 8 + 32 + 16 + 16 + 32 + 8)
        #expect(try first("model.layers.0.mlp.down_proj.weight") == 12 + 8 + 32 + 16 + 16 + 32 + 8 + 48)
        #expect(try first("model.norm.weight") == 12 + 2 * 128)
        #expect(llama.tensors.first { $0.name == "model.layers.0.mlp.down_proj.weight" }?.shape == [4, 6])
    }

    @Test func aNegativeVocabularyMeansAnOutputLayer() throws {
        let llama = try Llama2C(try folder.write(checkpoint(vocabulary: -3)))
        #expect(!llama.configuration.isTied)
        #expect(llama.tensors.last?.name == "lm_head.weight")
        let head = try #require(llama.tensors.last)
        #expect(llama.floats(of: head).first == 282)  // After 12 + 2 * 128 + 4 weights and 10 rotary numbers.
    }

    @Test func damagedCheckpointsAreExplained() throws {
        func failure(_ bytes: [UInt8]) -> String? {
            error { _ = try Llama2C(try folder.write(bytes)) }?.description
                .replacingOccurrences(of: folder.url.path + "/", with: "")
        }
        let start = "llama2.c checkpoint 'file' is malformed at"
        let advice = "Get the file again: it may be truncated or of another format."
        let whole = checkpoint()
        #expect(
            failure(whole + [0, 0, 0, 0])
                == "\(start) byte \(whole.count): 4 bytes follow the last tensor. \(advice)")
        #expect(
            failure(checkpoint(heads: 3))
                == "\(start) the header: width 4, 3 heads and 1 key-value heads do not fit together. \(advice)")
        #expect(
            failure(Array(whole.prefix(40)))
                == "\(start) tensor 'model.embed_tokens.weight': 12 bytes are too few for shape [3, 4]. \(advice)")
        for count in 1..<whole.count { #expect(failure(Array(whole.prefix(count))) != nil) }
        var layers = whole
        layers.replaceSubrange(8..<12, with: [0xFF, 0xFF, 0xFF, 0x7F])
        #expect(failure(layers) == "\(start) the header: 2147483647 layers do not fit into the file. \(advice)")
        layers.replaceSubrange(8..<12, with: [0, 0, 0, 0x80])
        #expect(failure(layers) == "\(start) the header: a number is not positive. \(advice)")
        #expect(
            failure(Array("24ka".utf8) + whole)
                == "'file' has a later version of the format at the header, which is not supported. "
                + "Use one of: version 0 (legacy).")
    }

    // Needs the real checkpoint, which is not part of the project.
    @Test(.enabled(if: hasTestData("lm/stories260K.bin"), "test data are absent"))
    func stories260KHasItsPublishedSizes() throws {
        let llama = try Llama2C(testData.appendingPathComponent("lm/stories260K.bin"))
        let c = llama.configuration
        let sizes = [c.width, c.hiddenWidth, c.layers, c.heads, c.keyValueHeads, c.vocabulary, c.contextLength]
        #expect(sizes.elementsEqual([64, 172, 5, 8, 4, 512, 512]))
        #expect(llama.tensors.reduce(0) { $0 + $1.range.count / 4 } == 260_032)
    }

    @Test func unpermutingInvertsTheConversion() {
        // Two heads of four rows, three columns. The conversion to GGUF is reshape(heads, 2, d / 2, columns) with the
        // middle axes exchanged; row r of the original is marked with the number r.
        let original: [Float] = (0..<8).flatMap { row in Array(repeating: Float(row), count: 3) }
        let interleaved: [Float] = [0, 2, 1, 3, 4, 6, 5, 7].flatMap { row in Array(repeating: Float(row), count: 3) }
        var buffer = interleaved
        buffer.withUnsafeMutableBufferPointer { RotaryLayout.unpermute($0, heads: 2, rows: 8, columns: 3) }
        #expect(buffer == original)
    }

    @Test func onlyQueriesAndKeysDependOnTheLayout() {
        #expect(RotaryLayout.applies(to: "model.layers.3.self_attn.q_proj.weight"))
        #expect(RotaryLayout.applies(to: "model.layers.3.self_attn.k_proj.bias"))
        #expect(!RotaryLayout.applies(to: "model.layers.3.self_attn.v_proj.weight"))
    }

    @Test(arguments: [
        ("token_embd.weight", "model.embed_tokens.weight"),
        ("blk.12.attn_q.weight", "model.layers.12.self_attn.q_proj.weight"),
        ("blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight"),
        ("blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight"),
        ("blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight"),
        ("blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight"),
        ("output_norm.weight", "model.norm.weight"),
        ("output.weight", "lm_head.weight"),
        ("rope_freqs.weight", nil),
        ("blk.x.attn_q.weight", nil),
        ("blk.0.attn_q", nil),
    ])
    func namesAreTranslated(gguf: String, huggingFace: String?) {
        #expect(LlamaNames.huggingFace(gguf: gguf) == huggingFace)
    }
}
