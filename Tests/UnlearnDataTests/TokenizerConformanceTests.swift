// The ids of every conformance line of the published vocabularies.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats

/// Files that are not part of the project, as their licences differ.
enum TokenizerTestData {
    static let root: URL = {
        if let path = ProcessInfo.processInfo.environment["UNLEARN_TEST_DATA"] { return URL(filePath: path) }
        var package = URL(filePath: #filePath)
        for _ in 0..<3 { package.deleteLastPathComponent() }
        return package.deletingLastPathComponent().appending(path: "shared/data")
    }()

    static func url(_ path: String) -> URL { root.appending(path: path) }

    static let hasVocabularies = FileManager.default.fileExists(atPath: url("tokenizers/ggml-vocab-gpt-2.gguf").path)
    static let hasLlama2C = FileManager.default.fileExists(atPath: url("lm/tok512.bin").path)

    static func vocabulary(_ name: String) throws -> Tokenizer {
        try Tokenizer(gguf: GGUFFile(url("tokenizers/ggml-vocab-\(name).gguf")))
    }

    static let names = ["gpt-2", "llama-bpe", "qwen2", "llama-spm", "phi-3"]

    /// Texts and the ids that the original implementation gives them.
    static func pairs(_ name: String) throws -> [(text: String, ids: [Int32])] {
        let file = "tokenizers/ggml-vocab-\(name).gguf"
        let texts = try String(contentsOf: url(file + ".inp"), encoding: .utf8)
            .components(separatedBy: "\n__ggml_vocab_test__\n").dropLast()
        let lines = try String(contentsOf: url(file + ".out"), encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let ids = lines.map { $0.split(separator: " ").compactMap { Int32($0) } }
        return zip(texts, ids).map { (text: $0, ids: $1) }
    }
}

@Suite(.enabled(if: TokenizerTestData.hasVocabularies, "needs the vocabularies in UNLEARN_TEST_DATA"))
struct TokenizerConformanceTests {
    @Test(arguments: TokenizerTestData.names)
    func idsEqualTheReferenceOnEveryLine(name: String) throws {
        let tokenizer = try TokenizerTestData.vocabulary(name)
        let pairs = try TokenizerTestData.pairs(name)
        #expect(pairs.count == 46)
        for (text, ids) in pairs {
            #expect(tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
        }
    }

    @Test func theSentencePieceFileGivesTheSameIDsAndSoDoesWhatIsSavedOfIt() throws {
        let file = TokenizerTestData.url("tokenizers/llama2_tokenizer.model")
        let tokenizer = try Tokenizer(TokenizerDefinition(sentencePiece: file))
        let folder = FileManager.default.temporaryDirectory.appending(path: "unlearn-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try tokenizer.save(to: folder)
        let saved = try Tokenizer(huggingFace: folder)
        for (text, ids) in try TokenizerTestData.pairs("llama-spm") {
            #expect(tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
            #expect(saved.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
            #expect(tokenizer.encode(text) == [1] + ids)
            #expect(Array(tokenizer.decode(ids).utf8) == Array(text.utf8))
        }
        // A directory with this file alone is read the same way.
        let alone = folder.appending(path: "alone")
        try FileManager.default.createDirectory(at: alone, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: file, to: alone.appending(path: "tokenizer.model"))
        #expect(try Tokenizer(huggingFace: alone).encode("Hello world") == tokenizer.encode("Hello world"))
    }

    @Test(arguments: TokenizerTestData.names)
    func decodingTheIdsGivesTheTextBack(name: String) throws {
        let tokenizer = try TokenizerTestData.vocabulary(name)
        for (text, _) in try TokenizerTestData.pairs(name) {
            let expected = name == "qwen2" ? text.precomposedStringWithCanonicalMapping : text
            #expect(Array(tokenizer.decode(tokenizer.encode(text)).utf8) == Array(expected.utf8))
        }
    }
}
