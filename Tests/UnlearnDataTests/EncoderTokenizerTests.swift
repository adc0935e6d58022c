// The tokenizers of encoders against transformers (Tools/reference/encoder_text_golden.py), and what bad ones are told.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnData

private let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/encoder-text")

struct EncoderTokenizerGoldenTests {
    private static func ids(_ value: JSONValue?) throws -> [Int32] {
        try #require(value?.array).map { Int32(try #require($0.int)) }
    }

    @Test(arguments: [
        "uncased", "cased", "stripped", "accented", "roberta", "roberta-spaced", "bare", "bare-cased",
    ])
    func idsEqualTheReference(name: String) throws {
        let tokenizer = try EncoderTokenizer(huggingFace: golden.appending(path: name))
        let file = try JSONValue(contentsOf: golden.appending(path: "encodings.json"))
        let (texts, rows) = (try #require(file["texts"]?.array), try #require(file[name]?.array))
        let limit = try #require(file["limit"]?.int)
        #expect(rows.count >= 250 && rows.count == texts.count)
        for (text, row) in zip(texts, rows) {
            let text = try #require(text.string)
            let plain = try Self.ids(row[0])
            #expect(tokenizer.encode(text) == plain, "\(text.debugDescription)")
            let parsed = try row[1].map(Self.ids) ?? plain
            #expect(tokenizer.encode(text, parseSpecialTokens: true) == parsed, "\(text.debugDescription)")
            let cut = plain.count <= limit ? plain : plain.prefix(limit - 1) + plain.suffix(1)
            #expect(tokenizer.encode(text, limit: limit) == cut)
        }
        #expect(tokenizer.specialCount == 2)
    }

    /// Also characters that came into Unicode after the library's tables were made, and those that changed since.
    @Test func everyCharacterIsWhatTheReferenceTakesItFor() throws {
        let file = try JSONValue(contentsOf: golden.appending(path: "characters.json"))
        func members(_ key: String) throws -> Set<Int> {
            try #require(file[key]?.array).reduce(into: []) { result, range in
                result.formUnion(try #require(range[0]?.int)...(try #require(range[1]?.int)))
            }
        }
        let off = BertNormalizer(cleansText: false, separatesChinese: false, stripsAccents: false, lowercases: false)
        var (clean, accents, chinese) = (off, off, off)
        (clean.cleansText, accents.stripsAccents, chinese.separatesChinese) = (true, true, true)
        var found: [String: Set<Int>] = [:]
        // The planes from 4 to 13 have no characters.
        for value in [0..<0x40000, 0xE0000..<0x110000].joined() {
            guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
            let text = String(scalar)
            if clean(text) == "" { found["removed", default: []].insert(value) }
            if clean(text) == " " { found["spaces", default: []].insert(value) }
            if accents(text) == "" { found["accents", default: []].insert(value) }
            if chinese(text).unicodeScalars.count > 1 { found["chinese", default: []].insert(value) }
            var count = 0
            BertWords.forEachWord(of: "a" + text + "b") { _ in count += 1 }
            if count == 3 { found["punctuation", default: []].insert(value) }
        }
        for key in ["removed", "spaces", "accents", "chinese", "punctuation"] {
            let difference = try members(key).symmetricDifference(found[key] ?? []).sorted()
            #expect(difference == [], "\(key)")
        }
    }
}

struct EncoderTokenizerErrorTests {
    /// What is said about a folder with these files.
    private func message(_ files: [String: String]) throws -> String {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        let error = #expect(throws: TokenizerError.self) { try EncoderTokenizer(huggingFace: directory) }
        return try #require(error).description.replacing(directory.path, with: "DIR")
    }

    private func json(
        vocabulary: String = "{\"[UNK]\":0,\"a\":1,\"##b\":2}", model: String = "", rest: String? = nil
    ) -> [String: String] {
        let rest = rest ?? #""normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"}"#
        let model = #"{"type":"WordPiece","vocab":\#(vocabulary)\#(model)}"#
        return ["tokenizer.json": "{\"model\":\(model),\(rest)}"]
    }

    @Test func aSmallOneIsRead() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(try #require(json()["tokenizer.json"]).utf8).write(to: directory.appending(path: "tokenizer.json"))
        let tokenizer = try EncoderTokenizer(huggingFace: directory)
        #expect(tokenizer.encode("ABB abba bab") == [1, 2, 2, 0, 0])
        #expect(tokenizer.vocabularyCount == 3)
    }

    @Test func unknownTokenMissing() throws {
        #expect(
            try message(json(vocabulary: #"{"a":0}"#))
                == "The token '[UNK]' in 'unk_token' of 'DIR/tokenizer.json' is not in the vocabulary; expected one of its "
                + "tokens. Check that all tokenizer files belong to the same model.")
        #expect(
            try message(["vocab.txt": "[UNK]\na\n"])
                == "The token '[CLS]' in 'cls_token' of 'DIR' is not in the vocabulary; expected one of its "
                + "tokens. Check that all tokenizer files belong to the same model.")
    }

    @Test func twoTokensOfOneSpelling() throws {
        #expect(
            try message(["vocab.txt": "[UNK]\n[CLS]\n[SEP]\na\nb\na\n"])
                == "The token 'a' has two ids in the vocabulary, 3 and 5; expected one. Check that the file is complete and "
                + "is a tokenizer.")
    }

    @Test func vocabulariesThatAreNone() throws {
        #expect(
            try message(json(vocabulary: #"["[UNK]"]"#))
                == "Tokenizer 'DIR/tokenizer.json': 'model.vocab' is missing; expected an object of tokens and ids. Check "
                + "that the file is complete and is a tokenizer.")
        #expect(
            try message(json(vocabulary: #"{"[UNK]":-1}"#))
                == "Tokenizer 'DIR/tokenizer.json': the id of '[UNK]' is no number that can be used; expected an integer "
                + "from 0 to 4194303. Check that the file is complete and is a tokenizer.")
        #expect(try message(["vocab.txt": ""]) == "'DIR/vocab.txt' is empty. Get the file again.")
        #expect(
            try message(json(model: #","max_input_chars_per_word":0"#))
                == "Tokenizer 'DIR/tokenizer.json': 'max_input_chars_per_word' is no number of characters; expected a "
                + "positive whole number. Check that the file is complete and is a tokenizer.")
    }

    @Test func stepsThatAreNotBerts() throws {
        #expect(
            try message(json(rest: #""normalizer":{"type":"Lowercase"}"#))
                == "Tokenizer 'DIR/tokenizer.json': the normalizer 'Lowercase' of a WordPiece model is not supported; "
                + "supported are BertNormalizer.")
        #expect(
            try message(json(rest: #""normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"Whitespace"}"#))
                == "Tokenizer 'DIR/tokenizer.json': the pre-tokenizer 'Whitespace' of a WordPiece model is not supported; "
                + "supported are BertPreTokenizer.")
        let post = #""post_processor":{"type":"BertProcessing","cls":["[CLS]",1]}"#
        let rest = #""normalizer":{"type":"BertNormalizer"},"# + post
        #expect(
            try message(json(rest: rest))
                == "The token '[CLS]' in 'post_processor' of 'DIR/tokenizer.json' is not in the vocabulary; expected one of "
                + "its tokens. Check that all tokenizer files belong to the same model.")
    }

    @Test func otherModels() throws {
        #expect(
            try message(["tokenizer.json": #"{"model":{"type":"Unigram"}}"#])
                == "Tokenizer 'DIR/tokenizer.json': the model type 'Unigram' is not supported; supported are BPE.")
    }

    /// A word of many characters is unknown, and costs no time.
    @Test func longWordsEndQuickly() throws {
        let tokenizer = try EncoderTokenizer(huggingFace: golden.appending(path: "uncased"))
        // [CLS] [UNK] [SEP].
        #expect(tokenizer.encode(String(repeating: "a", count: 1_000_000)) == [2, 1, 3])
    }
}
