// SmolLM2 against the tokenizers library (Tools/reference/tokenizer_golden.py), and published ids of other models.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats

/// The model that the README's commands use, where `make setup` has put it or UNLEARN_TEST_SMOLLM2 says.
private let smolLM2: URL? = {
    let name = "SmolLM2-135M-Instruct.Q4_1.gguf"
    if let path = ProcessInfo.processInfo.environment["UNLEARN_TEST_SMOLLM2"] { return URL(filePath: path) }
    let models = packageDirectory.appending(path: ".models")
    let files = FileManager.default.enumerator(at: models, includingPropertiesForKeys: nil)
    return files?.compactMap { $0 as? URL }.first { $0.lastPathComponent == name }
}()

private let packageDirectory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private struct Golden: Decodable {
    struct Line: Decodable {
        let text: String
        let ids: [Int32]
        let plainIDs: [Int32]
        let decoded: String
    }
    struct Chat: Decodable {
        let messages: [ChatMessage]
        let addGenerationPrompt: Bool
        let ids: [Int32]
    }
    let lines: [Line]
    let chats: [Chat]
}

@Suite(.enabled(if: smolLM2 != nil, "needs SmolLM2-135M-Instruct in .models, which `make demo` fetches"))
struct TokenizerGoldenTests {
    private let golden: Golden
    private let tokenizer: Tokenizer

    init() throws {
        let file = packageDirectory.appending(path: "Tests/Golden/smollm2-tokenizer.json")
        golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
        tokenizer = try Tokenizer(gguf: GGUFFile(#require(smolLM2)))
    }

    private func check(_ tokenizer: Tokenizer) throws {
        for line in golden.lines {
            #expect(tokenizer.encode(line.text, parseSpecialTokens: true) == line.ids, "\(line.text.debugDescription)")
            #expect(tokenizer.encode(line.text) == line.plainIDs, "\(line.text.debugDescription)")
            #expect(Array(tokenizer.decode(line.ids).utf8) == Array(line.decoded.utf8))
        }
        for chat in golden.chats {
            let ids = try tokenizer.chatPrompt(
                chat.messages, .chatML, addGenerationPrompt: chat.addGenerationPrompt)
            #expect(ids == chat.ids)
        }
    }

    @Test func smolLM2EqualsTheReference() throws {
        #expect(tokenizer.encode("The capital of France is") == [504, 3575, 282, 4649, 314])
        #expect(tokenizer.chatFormat == .chatML)
        try check(tokenizer)
    }

    @Test func savedSmolLM2EqualsTheReference() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        try tokenizer.save(to: directory)
        let saved = try Tokenizer(huggingFace: directory)
        #expect(saved.definition.vocabulary == tokenizer.definition.vocabulary)
        #expect(saved.definition.merges == tokenizer.definition.merges)
        try check(saved)
    }
}

@Suite(.enabled(if: TokenizerTestData.hasVocabularies, "needs the vocabularies in UNLEARN_TEST_DATA"))
struct TokenizerPublishedIDsTests {
    private struct Case: Decodable {
        struct Encoded: Decodable {
            let ids: [Int32]
            enum CodingKeys: String, CodingKey { case ids = "input_ids" }
        }
        let input: String
        let encoded: Encoded
    }

    /// Models whose vocabulary is here under another name.
    @Test(arguments: [
        ("distilgpt2", "gpt-2"), ("pcuenq/Llama-3.2-1B-Instruct-tokenizer", "llama-bpe"),
        ("coreml-projects/Llama-2-7b-chat-coreml", "llama-spm"),
    ])
    func idsEqualThePublishedOnes(model: String, vocabulary: String) throws {
        let file = TokenizerTestData.url("tokenizers/swift-transformers_tokenizer_tests.json")
        let cases = try JSONDecoder().decode([String: [Case]].self, from: Data(contentsOf: file))[model] ?? []
        #expect(cases.count == 18)
        let tokenizer = try TokenizerTestData.vocabulary(vocabulary)
        for published in cases {
            #expect(tokenizer.encode(published.input) == published.encoded.ids)
        }
    }
}

@Suite(.enabled(if: TokenizerTestData.hasLlama2C, "needs llama2.c's tok512.bin in UNLEARN_TEST_DATA"))
struct TokenizerLlama2CTests {
    @Test func textWithCharactersOutsideTheVocabularyComesBack() throws {
        let tokenizer = try Tokenizer(TokenizerDefinition(llama2C: TokenizerTestData.url("lm/tok512.bin")))
        #expect(tokenizer.vocabularyCount == 512)
        #expect(tokenizer.definition.beginOfSequence == 1 && tokenizer.endOfSequence == 2)
        for text in ["Once upon a time, there was a little girl.", "é 🦙\n", " two  spaces "] {
            let ids = tokenizer.encode(text)
            #expect(ids.first == 1 && tokenizer.decode(ids) == text)
        }
    }
}
