// Encoding, decoding, saving and errors, on a vocabulary small enough to follow by hand.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnData

/// All bytes (the id of a byte is the byte), a few merges, and the control tokens of ChatML.
func smallDefinition() throws -> TokenizerDefinition {
    let letters = ByteLevelAlphabet.letters.map { String($0) }
    let vocabulary = letters + ["he", "ll", "hell", "hello", "Ġhe", "<|im_start|>", "<|im_end|>", "<end>", "<tool>"]
    let merges = try TokenIndex(vocabulary, file: "small").merges(
        ["h e", "l l", "he ll", "hell o", "Ġ he"], file: "small")
    var definition = TokenizerDefinition(vocabulary: vocabulary, merges: merges, spelling: .byteLevel)
    definition.splits = [.digits, .gpt2]
    definition.addedTokens = (261...263).map { .init(id: $0, isSpecial: true) } + [.init(id: 264, isSpecial: false)]
    definition.endOfSequence = 263
    return definition
}

struct TokenizerTests {
    let tokenizer: Tokenizer

    init() throws { tokenizer = try Tokenizer(smallDefinition()) }

    @Test func mergesApplyInTheOrderOfTheirRank() {
        #expect(tokenizer.encode("hello") == [259])
        // "hell" (rank 2) forms before " he" (rank 4) could, so that the space stays apart.
        #expect(tokenizer.encode(" hell") == [32, 258])
        #expect(tokenizer.encode("lll") == [257, 108])
    }

    @Test func wordInTheVocabularyIsTakenWholeIfMergesAreIgnored() throws {
        var definition = try smallDefinition()
        definition.merges = []
        #expect(try Tokenizer(definition).encode("hello").count == 5)
        definition.ignoresMerges = true
        #expect(try Tokenizer(definition).encode("hello") == [259])
    }

    @Test func controlTokensCountOnlyWhereTheyAreAllowed() {
        #expect(tokenizer.encode("<|im_end|>", parseSpecialTokens: true) == [262])
        let ids = tokenizer.encode("<|im_end|>hello", parseSpecialTokens: false)
        #expect(!ids.contains(262))
        #expect(tokenizer.decode(ids) == "<|im_end|>hello")
    }

    @Test func addedTokensThatAreNotSpecialAlwaysCount() {
        #expect(tokenizer.encode("<tool>hello") == [264, 259])
        #expect(tokenizer.decode([264, 259]) == "<tool>hello")
    }

    @Test func decodingSkipsSpecialTokensOnRequest() {
        #expect(tokenizer.decode([261, 259, 262]) == "hello")
        #expect(tokenizer.decode([261, 259, 262], skipSpecialTokens: false) == "<|im_start|>hello<|im_end|>")
    }

    @Test func idsOutsideTheVocabularyDecodeToNothing() {
        #expect(tokenizer.decode([-1, 259, 100_000]) == "hello")
        #expect(tokenizer.token(-1) == nil && tokenizer.token(265) == nil && tokenizer.token(259) == "hello")
    }

    @Test func brokenUTF8BecomesReplacementCharacters() {
        #expect(tokenizer.decode([0x61, 0xE2, 0x82, 0x62, 0xFF]) == "a\u{FFFD}b\u{FFFD}")
    }

    @Test func anyTextComesBackUnchanged() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
                if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) { scalars.append(scalar) }
            }
            let text = String(scalars)
            #expect(Array(tokenizer.decode(tokenizer.encode(text)).utf8) == Array(text.utf8))
        }
    }

    @Test func streamedPiecesJoinToTheDecodedText() {
        var random = SystemRandomNumberGenerator()
        let ids = (0..<5000).map { _ in Int32.random(in: 0..<265, using: &random) }
        for skips in [true, false] {
            var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: skips)
            var text = ids.map { decoder.append($0) }.joined()
            text += decoder.finish()
            #expect(Array(text.utf8) == Array(tokenizer.decode(ids, skipSpecialTokens: skips).utf8))
        }
    }

    @Test func streamingShowsACharacterOnlyWhenItIsComplete() {
        var decoder = StreamingDecoder(tokenizer)
        let pieces = Array("a🦙".utf8).map { decoder.append(Int32($0)) }
        #expect(pieces == ["a", "", "", "", "🦙"])
        #expect(decoder.append(0xE2) == "" && decoder.finish() == "\u{FFFD}" && decoder.finish() == "")
    }

    @Test func longWordsDoNotTakeQuadraticTime() {
        let text = String(repeating: "hello", count: 20_000)
        let start = ContinuousClock.now
        #expect(tokenizer.encode(text) == [Int32](repeating: 259, count: 20_000))
        // About 2 s without optimization; quadratic work would take hours.
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func savedTokenizerIsReadBackTheSame() throws {
        var definition = try smallDefinition()
        definition.chatTemplate = "{{ '<|im_start|>' }}"
        definition.prefix = [261]
        definition.normalizations = [.composed]
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        try Tokenizer(definition).save(to: directory)
        var found = try TokenizerDefinition(huggingFace: directory)
        let names = found.originalFiles.map(\.name)
        #expect(names == ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
        found.originalFiles = []
        #expect(found == definition)
    }

    @Test func filesFromHuggingFaceAreSavedByteForByte() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        try tokenizer.save(to: directory)
        let config = Data(#"{"eos_token": {"content": "<end>"},   "unknown_to_us": 1}"#.utf8)
        try config.write(to: directory.appending(path: "tokenizer_config.json"))
        let copy = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: copy) }
        let read = try Tokenizer(huggingFace: directory)
        #expect(read.endOfSequence == 263)
        try read.save(to: copy)
        #expect(try Data(contentsOf: copy.appending(path: "tokenizer_config.json")) == config)
    }

    @Test func splitsOnATextTakeItLiterally() throws {
        let pattern = try Pattern(Pattern.quoted(#"\s.(é"#))
        var (text, matches) = (#"xs. \s.(é"#, [Range<Int>]())
        text.withUTF8 { bytes in pattern.forEachMatch(in: bytes) { matches.append($0) } }
        #expect(matches == [4..<text.utf8.count])
    }

    @Test func unicodeNormalizationDoesNotMakeTokensEqual() throws {
        let index = try TokenIndex(["\u{e9}", "e\u{301}"], file: "small")
        #expect(index["\u{e9}"] == 0 && index["e\u{301}"] == 1)
    }
}

/// A new, empty directory.
func temporaryDirectory() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "unlearn-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
}
