// Reads WordPiece tokenizers: from tokenizer.json, or from the vocab.txt of older models.

internal import Foundation
internal import UnlearnFormats

/// A WordPiece tokenizer as a value, as its files say it.
struct WordPieceDefinition {
    /// Where it comes from, for messages.
    let file: String
    /// The vocabulary, the added tokens, and the tokens around a text; it has no merges.
    var tokens: TokenizerDefinition
    var normalizer = BertNormalizer()
    /// What the vocabulary puts before a piece that goes on with a word.
    var continuationPrefix = "##"
    /// In characters.
    var longestWord = 100

    init(file: String, vocabulary: [String]) {
        self.file = file
        // A spelling is for decoding alone, which nobody asks of an encoder.
        tokens = TokenizerDefinition(
            vocabulary: vocabulary, merges: [],
            spelling: .sentencePiece(byteFallback: false, fusesUnknown: false, stripsSpace: false))
    }
}

extension WordPieceDefinition {
    /// Reads a tokenizer.json with a model of this kind.
    init(_ tokenizer: HuggingFaceTokenizer) throws(TokenizerError) {
        let model = tokenizer.json["model"] ?? [:]
        self.init(file: tokenizer.file, vocabulary: try tokenizer.vocabulary(model))
        continuationPrefix = model["continuing_subword_prefix"]?.string ?? continuationPrefix
        if let limit = model["max_input_chars_per_word"], !limit.isNull {
            guard let characters = limit.int, characters > 0 else {
                throw tokenizer.malformed(
                    "'max_input_chars_per_word' is no number of characters", expected: "a positive whole number")
            }
            longestWord = characters
        }
        try tokenizer.addTokens(to: &tokens)
        let unknown = model["unk_token"]?.string ?? "[UNK]"
        guard let id = tokens.id(of: unknown) else {
            throw .unknownToken(token: unknown, place: "'unk_token' of '\(file)'")
        }
        tokens.unknown = id
        normalizer = try Self.normalizer(tokenizer)
        for part in tokenizer.parts(of: tokenizer.json["pre_tokenizer"], "pretokenizers")
        where part["type"]?.string != "BertPreTokenizer" {
            throw tokenizer.unsupported(
                "the pre-tokenizer '\(part["type"]?.string ?? "")' of a WordPiece model", ["BertPreTokenizer"])
        }
        let pipeline = HuggingFacePipeline(tokenizer: tokenizer)
        for part in tokenizer.parts(of: tokenizer.json["post_processor"], "processors") {
            try pipeline.addPostProcessor(part, to: &tokens)
        }
    }

    private static func normalizer(_ tokenizer: HuggingFaceTokenizer) throws(TokenizerError) -> BertNormalizer {
        let parts = tokenizer.parts(of: tokenizer.json["normalizer"], "normalizers")
        guard let part = parts.first, parts.count == 1, part["type"]?.string == "BertNormalizer" else {
            let names = parts.map { "'\($0["type"]?.string ?? "")'" }.joined(separator: ", ")
            throw tokenizer.unsupported(
                "\(names.isEmpty ? "no normalizer" : "the normalizer \(names)") of a WordPiece model",
                ["BertNormalizer"])
        }
        return BertNormalizer(
            cleansText: part["clean_text"]?.bool, separatesChinese: part["handle_chinese_chars"]?.bool,
            stripsAccents: part["strip_accents"]?.bool, lowercases: part["lowercase"]?.bool)
    }
}

extension BertNormalizer {
    /// What files leave out is as for BERT's uncased models; accents go together with capitals.
    fileprivate init(cleansText: Bool? = nil, separatesChinese: Bool?, stripsAccents: Bool?, lowercases: Bool?) {
        let lowercases = lowercases ?? true
        self.init(
            cleansText: cleansText ?? true, separatesChinese: separatesChinese ?? true,
            stripsAccents: stripsAccents ?? lowercases, lowercases: lowercases)
    }
}

extension WordPieceDefinition {
    /// Reads the vocab.txt of a folder, a token a line, with what tokenizer_config.json says of it.
    init(vocabularyIn folder: URL) throws(TokenizerError) {
        let file = folder.appending(path: "vocab.txt")
        var lines: [String]
        do throws(FormatError) {
            lines = try TextFile.read(file).lines.map(String.init)
        } catch { throw .file(error) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.init(file: file.path, vocabulary: lines)
        let settings = try TokenizerDefinition.jsonIfPresent(folder.appending(path: "tokenizer_config.json")) ?? [:]
        normalizer = BertNormalizer(
            separatesChinese: settings["tokenize_chinese_chars"]?.bool,
            stripsAccents: settings["strip_accents"]?.bool, lowercases: settings["do_lower_case"]?.bool)
        func name(_ key: String, _ usual: String) -> String {
            settings[key]?.string ?? settings[key]?["content"]?.string ?? usual
        }
        func id(_ key: String, _ usual: String) throws(TokenizerError) -> Int32 {
            let token = name(key, usual)
            guard let id = tokens.id(of: token) else {
                throw .unknownToken(token: token, place: "'\(key)' of '\(folder.path)'")
            }
            return id
        }
        let unknown = try id("unk_token", "[UNK]")
        let (first, last) = (try id("cls_token", "[CLS]"), try id("sep_token", "[SEP]"))
        (tokens.unknown, tokens.prefix, tokens.suffix) = (unknown, [first], [last])
        let others = [("pad_token", "[PAD]"), ("mask_token", "[MASK]")].compactMap { tokens.id(of: name($0, $1)) }
        tokens.addedTokens = Set([unknown, first, last] + others).sorted().map { .init(id: $0, isSpecial: true) }
    }
}
