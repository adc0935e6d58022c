// Tokenizers as GGUF metadata: the same ids when they are read back, and sentences for what GGUF cannot say.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnData

@Suite struct GGUFTokenizerExportTests {
    private func exported(_ tokenizer: Tokenizer, rows: Int) throws -> (tokenizer: Tokenizer, file: GGUFFile) {
        let url = FileManager.default.temporaryDirectory.appending(path: "unlearn-\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: url) }
        var writer = try GGUFWriter(url, metadata: try tokenizer.ggufMetadata(rows: rows), [])
        try writer.commit()
        let file = try GGUFFile(url)
        return (try Tokenizer(gguf: file), file)
    }

    @Test(
        .enabled(if: TokenizerTestData.hasVocabularies, "needs the vocabularies in UNLEARN_TEST_DATA"),
        arguments: TokenizerTestData.names)
    func writtenVocabulariesGiveTheSameIDs(name: String) throws {
        let tokenizer = try TokenizerTestData.vocabulary(name)
        let again = try exported(tokenizer, rows: tokenizer.vocabularyCount).tokenizer
        #expect(again.definition == tokenizer.definition)
        for (text, ids) in try TokenizerTestData.pairs(name) {
            #expect(again.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
            #expect(again.encode(text) == tokenizer.encode(text))
        }
    }

    @Test(.enabled(if: TokenizerTestData.hasLlama2C, "needs the vocabularies in UNLEARN_TEST_DATA"))
    func scoresThatAreMadeOfMergesGiveTheMergesBack() throws {
        let tokenizer = try Tokenizer(TokenizerDefinition(llama2C: TokenizerTestData.url("lm/tok512.bin")))
        let again = try exported(tokenizer, rows: 512).tokenizer
        #expect(again.definition.merges == tokenizer.definition.merges)
        for text in ["Once upon a time, Lily saw a dog.", "  two  spaces\n", "naïve 🙂"] {
            #expect(again.encode(text) == tokenizer.encode(text))
            #expect(again.decode(again.encode(text)) == text)
        }
    }

    private func definition() -> TokenizerDefinition {
        var definition = TokenizerDefinition(
            vocabulary: ["<s>", "</s>", "a", "b", "", "ab"], merges: [.init(left: 2, right: 3, result: 5)],
            spelling: .byteLevel)
        definition.splits = [.gpt2]
        (definition.beginOfSequence, definition.endOfSequence, definition.prefix) = (0, 1, [0])
        definition.chatTemplate = "{{ messages }}"
        definition.markNamedTokensSpecial()
        return definition
    }

    @Test func everyRowOfTheModelHasAToken() throws {
        let (tokenizer, file) = try exported(Tokenizer(definition()), rows: 8)
        #expect(
            file["tokenizer.ggml.tokens"]?.strings == ["<s>", "</s>", "a", "b", "[PAD4]", "ab", "[PAD6]", "[PAD7]"])
        #expect(file["tokenizer.ggml.token_type"]?.ints == [3, 3, 1, 1, 5, 1, 5, 5])
        #expect(file["tokenizer.ggml.add_bos_token"]?.bool == true)
        #expect(file["tokenizer.ggml.add_eos_token"]?.bool == false)
        #expect(tokenizer.encode("ab") == [0, 5] && tokenizer.definition.chatTemplate == "{{ messages }}")
    }

    @Test func whatGGUFCannotSayIsNamed() throws {
        func sentence(_ change: (inout TokenizerDefinition) -> Void) throws -> String {
            var definition = definition()
            change(&definition)
            do {
                _ = try Tokenizer(definition).ggufMetadata(rows: 6)
                return "no error"
            } catch { return "\(error)" }
        }
        #expect(
            try sentence { $0.splits = [] }
                == "Tokenizer 'in memory': this way to cut texts into words in GGUF is not supported; supported are the "
                + "ways of GPT-2, SmolLM2, Llama 3 and Qwen2.")
        #expect(
            try sentence { $0.prefix = [0, 1] }
                == "Tokenizer 'in memory': tokens [0, 1] before each text in GGUF is not supported; supported are the "
                + "begin or the end token.")
    }
}
