// The sentences that users read when a tokenizer cannot be used.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnData

struct TokenizerErrorTests {
    /// What is said about a directory with this tokenizer.json.
    private func message(_ json: String, _ files: [String: String] = [:]) throws -> String {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(json.utf8).write(to: directory.appending(path: "tokenizer.json"))
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(huggingFace: directory) }
        return try #require(error).description.replacing(directory.path, with: "DIR")
    }

    private static let smallModel = #""type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]"#

    private func json(model: String = smallModel, _ rest: String = "") -> String {
        "{\"model\":{\(model)},\"decoder\":{\"type\":\"ByteLevel\"}\(rest)}"
    }

    @Test func missingDirectory() {
        let error = #expect(throws: TokenizerError.self) {
            try Tokenizer(huggingFace: URL(filePath: "/nowhere/model"))
        }
        #expect(
            error?.description == "'/nowhere/model/tokenizer.json' does not exist; expected a file. Check the path.")
    }

    @Test func otherModels() throws {
        #expect(
            try message(json(model: #""type":"Unigram""#))
                == "Tokenizer 'DIR/tokenizer.json': the model type 'Unigram' is not supported; supported are BPE.")
    }

    @Test func mergeOutsideTheVocabulary() throws {
        #expect(
            try message(json(model: #""vocab":{"a":0,"b":1},"merges":["a b"]"#))
                == "Tokenizer 'DIR/tokenizer.json': merge 0 is 'a b'; expected two tokens of the vocabulary, separated "
                + "by a space, whose union is a token too. Check that the file is complete and is a tokenizer.")
    }

    @Test func hugeID() throws {
        #expect(
            try message(json(model: #""vocab":{"a":4194304},"merges":[]"#))
                == "Tokenizer 'DIR/tokenizer.json': the id of 'a' is no number that can be used; expected an integer "
                + "from 0 to 4194303. Check that the file is complete and is a tokenizer.")
    }

    @Test func twoTokensWithOneID() throws {
        #expect(
            try message(json(model: #""vocab":{"a":0,"b":0},"merges":[]"#))
                == "Tokenizer 'DIR/tokenizer.json': 'a' and 'b' both have the id 0; expected one token for an id. "
                + "Check that the file is complete and is a tokenizer.")
    }

    @Test func brokenPattern() throws {
        let rest = #","pre_tokenizer":{"type":"Split","behavior":"Isolated","pattern":{"Regex":"a(b"}}"#
        #expect(
            try message(json(rest))
                == "The pre-tokenizer's regular expression 'a(b' is wrong at offset 3: missing closing parenthesis. "
                + "Check it in tokenizer.json.")
    }

    /// transformers loads such tokenizers; nothing is filled up with it here.
    @Test func unknownPaddingIsNone() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(json().utf8).write(to: directory.appending(path: "tokenizer.json"))
        for (file, token) in [
            ("tokenizer_config.json", #""[PAD]""#), ("tokenizer_config.json", #"{"content":"[PAD]"}"#),
            ("special_tokens_map.json", #""[PAD]""#),
        ] {
            try Data("{\"pad_token\":\(token)}".utf8).write(to: directory.appending(path: file))
            let tokenizer = try Tokenizer(huggingFace: directory)
            #expect(tokenizer.definition.padding == nil)
            #expect(tokenizer.encode("ab") == [2])
            try FileManager.default.removeItem(at: directory.appending(path: file))
        }
    }

    @Test func anOlderFormIsNamed() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        for name in ["vocab.json", "merges.txt"] { try Data().write(to: directory.appending(path: name)) }
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(huggingFace: directory) }
        #expect(
            error?.description.replacing(directory.path, with: "DIR")
                == "'DIR/tokenizer.json' does not exist; what is beside it, vocab.json and merges.txt, is of a form that is "
                + "not read. Convert it with transformers: `AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)`."
        )
    }

    @Test func unknownNamedToken() throws {
        #expect(
            try message(json(), ["tokenizer_config.json": #"{"eos_token":"</s>"}"#])
                == "The token '</s>' in 'eos_token' of tokenizer_config.json is not in the vocabulary; expected one of "
                + "its tokens. Check that all tokenizer files belong to the same model.")
    }

    @Test func unknownPreTokenizer() throws {
        let file = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: file) }
        let url = file.appending(path: "model.gguf")
        try gguf([("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "martian")]).write(to: url)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(gguf: GGUFFile(url)) }
        #expect(
            error?.description
                == "The GGUF file names the pre-tokenizer 'martian' in 'tokenizer.ggml.pre'; valid names are gpt-2, "
                + "smollm, starcoder, refact, command-r, llama-bpe, llama3, llama-v3, qwen2, deepseek-r1-qwen. "
                + "Convert from the model's Hugging Face directory instead.")
    }

    @Test func missingMetadata() throws {
        let file = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: file) }
        let url = file.appending(path: "model.gguf")
        try gguf([("tokenizer.ggml.model", "gpt2")]).write(to: url)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(gguf: GGUFFile(url)) }
        #expect(
            error?.description
                == "The GGUF file has no usable metadata 'tokenizer.ggml.pre', which its tokenizer needs. "
                + "Convert the model to GGUF again, vocabulary included.")
    }

    @Test func damagedLlama2CTokenizers() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let url = directory.appending(path: "tok.bin")
        let endless: [UInt8] = [4, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F]
        for (bytes, what) in [
            (endless, "token 0 has an impossible length"), (Array(endless.prefix(7)), "it ends inside token 0"),
            ([4], "it has 0 tokens, fewer than the 259 that stand for control and bytes"),
        ] {
            try Data(bytes).write(to: url)
            let error = #expect(throws: TokenizerError.self) { try Tokenizer(TokenizerDefinition(llama2C: url)) }
            #expect(
                error?.description
                    == "Tokenizer '\(url.path)': \(what); expected the tokenizer of a llama2.c model. "
                    + "Check that the file is complete and is a tokenizer.")
        }
    }

    /// A GGUF file of version 3 that holds texts only.
    private func gguf(_ pairs: [(String, String)]) -> Data {
        var data = Data("GGUF".utf8)
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
        }
        func append(text: String) {
            append(UInt64(text.utf8.count))
            data.append(contentsOf: text.utf8)
        }
        append(UInt32(3))
        append(UInt64(0))
        append(UInt64(pairs.count))
        for (key, value) in pairs {
            append(text: key)
            append(UInt32(8))
            append(text: value)
        }
        return data
    }
}
