// Reads the tokenizer of a Hugging Face model directory: tokenizer.json and the files beside it.

public import Foundation
internal import UnlearnFormats

extension Tokenizer {
    /// Reads the tokenizer of a Hugging Face model directory.
    public init(huggingFace directory: URL) throws(TokenizerError) {
        try self.init(TokenizerDefinition(huggingFace: directory))
    }
}

extension TokenizerDefinition {
    /// Reads the tokenizer of a Hugging Face model directory.
    public init(huggingFace directory: URL) throws(TokenizerError) {
        let file = directory.appending(path: "tokenizer.json")
        let model = directory.appending(path: "tokenizer.model")
        let isThere = { FileManager.default.fileExists(atPath: ($0 as URL).path) }
        if !isThere(file), isThere(model) {
            // Saved anew as tokenizer.json, which every reader knows.
            self = try Self(sentencePiece: model)
            chatTemplate = try Self.template(
                in: directory, Self.jsonIfPresent(directory.appending(path: "tokenizer_config.json"))?["chat_template"])
            return
        }
        guard isThere(file) else {
            throw .file(
                .missing(
                    file, expected: "a file", otherForms: [["vocab.json", "merges.txt"]],
                    remedy: "Convert it with transformers: `AutoTokenizer.from_pretrained(FOLDER)"
                        + ".save_pretrained(FOLDER)`."))
        }
        let tokenizer = HuggingFaceTokenizer(file: file.path, json: try Self.json(file))
        self = try tokenizer.definition()
        try readSettings(in: directory)
        originalFiles = try Self.originalFiles(in: directory)
    }

    /// The special tokens and the chat template that files beside a tokenizer name; what they leave out stays.
    private mutating func readSettings(in directory: URL) throws(TokenizerError) {
        let configuration = try Self.jsonIfPresent(directory.appending(path: "tokenizer_config.json"))
        let names = try Self.jsonIfPresent(directory.appending(path: "special_tokens_map.json"))
        func namedToken(_ key: String, isUsed: Bool = true) throws(TokenizerError) -> Int32? {
            guard let value = configuration?[key] ?? names?[key], let token = value.string ?? value["content"]?.string
            else { return nil }
            guard let id = id(of: token) else {
                guard isUsed else { return nil }
                throw .unknownToken(token: token, place: "'\(key)' of tokenizer_config.json")
            }
            return id
        }
        addTokens(in: [configuration, names].compactMap(\.self))
        beginOfSequence = try namedToken("bos_token") ?? beginOfSequence
        endOfSequence = try namedToken("eos_token") ?? endOfSequence
        // Batches are not filled up with it here: one that the vocabulary lacks is none.
        padding = try namedToken("pad_token", isUsed: false) ?? padding
        if unknown == nil { unknown = try namedToken("unk_token") }
        markNamedTokensSpecial()
        chatTemplate = try Self.template(in: directory, configuration?["chat_template"]) ?? chatTemplate
    }

    /// Makes added tokens of those tokens of the vocabulary that settings list as such.
    private mutating func addTokens(in settings: [JSONValue]) {
        func add(_ token: AddedToken) {
            addedTokens.removeAll { $0.id == token.id }
            addedTokens.append(token)
        }
        for entries in settings.compactMap({ $0["added_tokens_decoder"]?.object }) {
            for (key, entry) in entries {
                guard let id = Int32(key), vocabulary.indices.contains(Int(id)),
                    vocabulary[Int(id)] == entry["content"]?.string
                else { continue }
                add(AddedToken(id: id, entry))
            }
        }
        for settings in settings {
            let lists = ["additional_special_tokens", "extra_special_tokens"].compactMap { settings[$0] }
            let listed = lists.flatMap { list in list.array ?? list.object?.map(\.value) ?? [] }
            let named = ["sep_token", "cls_token", "mask_token"].compactMap { settings[$0] }
            for entry in listed + named {
                guard let id = (entry.string ?? entry["content"]?.string).flatMap(id(of:)) else { continue }
                var token = addedTokens.first { $0.id == id } ?? AddedToken(id: id, isSpecial: true)
                token.isSpecial = true
                add(token)
            }
        }
    }

    /// This tokenizer, with what lies in the folder of an adapter in place of its own: a whole tokenizer, or the chat
    /// template and the names of the special tokens alone.
    public func overlaid(byFilesIn folder: URL) throws(TokenizerError) -> TokenizerDefinition {
        func isThere(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appending(path: name).path)
        }
        guard Self.fileNames.contains(where: isThere) else { return self }
        guard ["tokenizer.json", "tokenizer.model"].contains(where: isThere) else {
            var result = self
            try result.readSettings(in: folder)
            // What is saved comes from two folders, and is written anew.
            result.originalFiles = []
            return result
        }
        var result = try TokenizerDefinition(huggingFace: folder)
        let own = result
        func same(_ id: Int32?) -> Int32? { id.flatMap { own.id(of: vocabulary[Int($0)]) } }
        result.beginOfSequence = own.beginOfSequence ?? same(beginOfSequence)
        result.endOfSequence = own.endOfSequence ?? same(endOfSequence)
        result.padding = own.padding ?? same(padding)
        result.chatTemplate = own.chatTemplate ?? chatTemplate
        result.markNamedTokensSpecial()
        if result != own { result.originalFiles = [] }
        return result
    }

    /// The id of a token that is expected among the added ones.
    func id(of token: String) -> Int32? {
        func isToken(_ id: Int) -> Bool { vocabulary[id].utf8.elementsEqual(token.utf8) }
        return addedTokens.first { isToken(Int($0.id)) }?.id ?? vocabulary.indices.first(where: isToken).map(Int32.init)
    }

    /// The files that make up a tokenizer, as far as they exist.
    static let fileNames = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
        "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model",
    ]

    static func json(_ url: URL) throws(TokenizerError) -> JSONValue {
        do { return try JSONValue(contentsOf: url) } catch { throw .file(error) }
    }

    static func jsonIfPresent(_ url: URL) throws(TokenizerError) -> JSONValue? {
        FileManager.default.fileExists(atPath: url.path) ? try json(url) : nil
    }

    /// A template in a file of its own wins over one in tokenizer_config.json, which may be a list of named ones.
    private static func template(in directory: URL, _ entry: JSONValue?) throws(TokenizerError) -> String? {
        let file = directory.appending(path: "chat_template.jinja")
        if FileManager.default.fileExists(atPath: file.path) {
            do { return try TextFile.read(file) } catch { throw .file(error) }
        }
        let named = entry?.array?.first { $0["name"]?.string == "default" } ?? entry?[0]
        return entry?.string ?? named?["template"]?.string
    }

    private static func originalFiles(in directory: URL) throws(TokenizerError) -> [OriginalFile] {
        var files: [OriginalFile] = []
        for name in fileNames {
            guard let contents = try contents(of: directory.appending(path: name)) else { continue }
            files.append(OriginalFile(name: name, contents: contents))
        }
        return files
    }

    private static func contents(of url: URL) throws(TokenizerError) -> Data? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        do throws(FormatError) {
            let file = try MappedFile(url)
            return withExtendedLifetime(file) { Data(file.bytes) }
        } catch .empty { return Data() } catch { throw .file(error) }
    }
}

extension TokenizerDefinition.AddedToken {
    /// What `entry` says of a token, in tokenizer.json or in tokenizer_config.json.
    fileprivate init(id: Int32, _ entry: JSONValue) {
        self.init(id: id, isSpecial: entry["special"]?.bool ?? false)
        stripsLeft = entry["lstrip"]?.bool ?? false
        stripsRight = entry["rstrip"]?.bool ?? false
        isWholeWord = entry["single_word"]?.bool ?? false
        isNormalized = entry["normalized"]?.bool ?? !isSpecial
    }
}

/// The contents of tokenizer.json.
struct HuggingFaceTokenizer {
    let file: String
    let json: JSONValue

    /// No vocabulary comes near; a damaged id must not make the program reserve memory.
    private static let largestVocabulary = 1 << 22

    func malformed(_ what: String, expected: String) -> TokenizerError {
        .malformed(file: file, what: what, expected: expected)
    }

    func unsupported(_ what: String, _ supported: [String]) -> TokenizerError {
        .unsupported(file: file, what: what, supported: supported)
    }

    func definition() throws(TokenizerError) -> TokenizerDefinition {
        guard let model = json["model"] else { throw malformed("there is no 'model'", expected: "a BPE model") }
        guard model["type"]?.string ?? "BPE" == "BPE" else {
            throw unsupported("the model type '\(model["type"]?.string ?? "")'", ["BPE"])
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] where model[key]?.string ?? "" != "" {
            throw unsupported("'\(key)'", ["models without it"])
        }
        let ordinary = try vocabulary(model)
        let merges = try merges(model, TokenIndex(ordinary, file: file))
        var definition = TokenizerDefinition(
            vocabulary: ordinary, merges: merges, spelling: try spelling(model))
        definition.ignoresMerges = model["ignore_merges"]?.bool ?? false
        try addTokens(to: &definition)
        try HuggingFacePipeline(tokenizer: self).read(json, into: &definition)
        if let unknown = model["unk_token"]?.string {
            guard let id = definition.id(of: unknown) else {
                throw .unknownToken(token: unknown, place: "'unk_token' of '\(file)'")
            }
            definition.unknown = id
        }
        return definition
    }

    func vocabulary(_ model: JSONValue) throws(TokenizerError) -> [String] {
        guard let entries = model["vocab"]?.object else {
            throw malformed("'model.vocab' is missing", expected: "an object of tokens and ids")
        }
        var vocabulary = [String](repeating: "", count: entries.count)
        for (token, id) in entries {
            guard let id = id.int, (0..<Self.largestVocabulary).contains(id) else {
                throw malformed(
                    "the id of '\(token)' is no number that can be used",
                    expected: "an integer from 0 to \(Self.largestVocabulary - 1)")
            }
            try place(token, at: id, in: &vocabulary)
        }
        return vocabulary
    }

    private func place(_ token: String, at id: Int, in vocabulary: inout [String]) throws(TokenizerError) {
        while vocabulary.count <= id { vocabulary.append("") }
        guard vocabulary[id].isEmpty || vocabulary[id].utf8.elementsEqual(token.utf8) else {
            throw malformed(
                "'\(vocabulary[id])' and '\(token)' both have the id \(id)", expected: "one token for an id")
        }
        vocabulary[id] = token
    }

    /// Merges are lines, or pairs in newer files.
    private func merges(
        _ model: JSONValue, _ index: TokenIndex
    ) throws(TokenizerError) -> [TokenizerDefinition.Merge] {
        guard let entries = model["merges"]?.array else {
            throw malformed("'model.merges' is missing", expected: "a list of pairs of tokens")
        }
        if entries.first?.string != nil {
            let lines = entries.compactMap(\.string)
            guard lines.count == entries.count else {
                throw malformed("a merge is no text although the first is", expected: "all merges in one form")
            }
            return try index.merges(lines, file: file)
        }
        var merges: [TokenizerDefinition.Merge] = []
        merges.reserveCapacity(entries.count)
        for entry in entries {
            guard let left = entry[0]?.string, let right = entry[1]?.string, let leftID = index[left],
                let rightID = index[right], let result = index[left + right]
            else {
                throw malformed(
                    "merge \(merges.count) is no pair of tokens",
                    expected: "two tokens of the vocabulary whose union is a token too")
            }
            merges.append(.init(left: leftID, right: rightID, result: result))
        }
        return merges
    }

    func addTokens(to definition: inout TokenizerDefinition) throws(TokenizerError) {
        for entry in json["added_tokens"]?.array ?? [] {
            guard let content = entry["content"]?.string, let id = entry["id"]?.int,
                (0..<Self.largestVocabulary).contains(id)
            else { throw malformed("an added token is incomplete", expected: "'content' and a usable 'id'") }
            try place(content, at: id, in: &definition.vocabulary)
            definition.addedTokens.append(.init(id: Int32(id), entry))
        }
    }

    /// Byte-level if the decoder is; otherwise SentencePiece's.
    private func spelling(_ model: JSONValue) throws(TokenizerError) -> TokenizerDefinition.Spelling {
        let decoders = parts(of: json["decoder"], "decoders")
        if decoders.contains(where: { $0["type"]?.string == "ByteLevel" }) { return .byteLevel }
        let strips = decoders.contains {
            $0["type"]?.string == "Strip" && $0["content"]?.string == " " && $0["start"]?.int == 1
                || $0["type"]?.string == "Metaspace" && $0["prepend_scheme"]?.string != "never"
                    && $0["add_prefix_space"]?.bool != false
        }
        return .sentencePiece(
            byteFallback: model["byte_fallback"]?.bool ?? false, fusesUnknown: model["fuse_unk"]?.bool ?? false,
            stripsSpace: strips)
    }

    /// The parts of a sequence, or the one part that stands alone.
    func parts(of value: JSONValue?, _ key: String) -> [JSONValue] {
        guard let value, !value.isNull else { return [] }
        guard value["type"]?.string == "Sequence" else { return [value] }
        return (value[key]?.array ?? []).flatMap { parts(of: $0, key) }
    }
}

/// The steps of tokenizer.json around the model: normalizer, pre-tokenizer and post-processor.
struct HuggingFacePipeline {
    let tokenizer: HuggingFaceTokenizer

    func read(_ json: JSONValue, into definition: inout TokenizerDefinition) throws(TokenizerError) {
        for part in tokenizer.parts(of: json["normalizer"], "normalizers") {
            definition.normalizations.append(try normalization(part))
        }
        for part in tokenizer.parts(of: json["pre_tokenizer"], "pretokenizers") {
            try addPreTokenizer(part, to: &definition)
        }
        for part in tokenizer.parts(of: json["post_processor"], "processors") {
            try addPostProcessor(part, to: &definition)
        }
    }

    private func normalization(_ part: JSONValue) throws(TokenizerError) -> TokenizerDefinition.Normalization {
        switch (part["type"]?.string, part["pattern"]?["String"]?.string, part["content"]?.string) {
        case ("NFC", _, _): return .composed
        case ("NFD", _, _): return .decomposed
        case ("NFKC", _, _): return .compatiblyComposed
        case ("NFKD", _, _): return .compatiblyDecomposed
        case ("Prepend", _, _): return .prepend(part["prepend"]?.string ?? "")
        case ("Replace", let pattern?, let content?): return .replace(pattern, with: content)
        case (let type, _, _):
            throw tokenizer.unsupported(
                "the normalizer '\(type ?? "")'", ["NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace of a text"])
        }
    }

    private func addPreTokenizer(
        _ part: JSONValue, to definition: inout TokenizerDefinition
    ) throws(TokenizerError) {
        switch part["type"]?.string {
        case "ByteLevel":
            if part["add_prefix_space"]?.bool ?? true { definition.normalizations.append(.prependSpace) }
            if part["use_regex"]?.bool ?? true { definition.splits.append(.gpt2) }
        case "Digits":
            definition.splits.append(
                part["individual_digits"]?.bool ?? false ? .digits : .init(pattern: #"\p{N}+"#))
        case "Split": definition.splits.append(try split(part))
        case "Metaspace":
            let old = part["add_prefix_space"]?.bool ?? true ? "always" : "never"
            let scheme = part["prepend_scheme"]?.string ?? old
            guard let prepending = TokenizerDefinition.Prepending(rawValue: scheme) else {
                throw tokenizer.unsupported("the prepend_scheme '\(scheme)'", ["always", "first", "never"])
            }
            definition.normalizations.append(.metaspace(prepending: prepending))
            if part["split"]?.bool ?? true { definition.splits.append(.init(pattern: "▁[^▁]*")) }
        case let type:
            throw tokenizer.unsupported(
                "the pre-tokenizer '\(type ?? "")'", ["ByteLevel", "Digits", "Metaspace", "Split"])
        }
    }

    private func split(_ part: JSONValue) throws(TokenizerError) -> TokenizerDefinition.Split {
        let text = part["pattern"]?["String"]?.string
        guard let pattern = part["pattern"]?["Regex"]?.string ?? text.map(Pattern.quoted) else {
            throw tokenizer.malformed("a Split has no pattern", expected: "'Regex' or 'String'")
        }
        switch (part["behavior"]?.string, part["invert"]?.bool ?? false) {
        case ("Isolated", _): return .init(pattern: pattern, behavior: .isolated)
        case ("Removed", false): return .init(pattern: pattern, behavior: .matchesRemoved)
        case ("Removed", true): return .init(pattern: pattern, behavior: .matchesOnly)
        case (let behavior, _):
            throw tokenizer.unsupported("the Split behavior '\(behavior ?? "")'", ["Isolated", "Removed"])
        }
    }

    func addPostProcessor(
        _ part: JSONValue, to definition: inout TokenizerDefinition
    ) throws(TokenizerError) {
        func id(of token: String) throws(TokenizerError) -> Int32 {
            guard let id = definition.id(of: token) else {
                throw .unknownToken(token: token, place: "'post_processor' of '\(tokenizer.file)'")
            }
            return id
        }
        switch part["type"]?.string {
        case "ByteLevel": break
        case "BertProcessing", "RobertaProcessing":
            definition.prefix.append(try id(of: part["cls"]?[0]?.string ?? ""))
            definition.suffix.append(try id(of: part["sep"]?[0]?.string ?? ""))
        case "TemplateProcessing":
            var isBefore = true
            for item in part["single"]?.array ?? [] {
                guard let token = item["SpecialToken"]?["id"]?.string else {
                    isBefore = false
                    continue
                }
                let id = try id(of: token)
                if isBefore { definition.prefix.append(id) } else { definition.suffix.append(id) }
            }
        case let type:
            throw tokenizer.unsupported(
                "the post-processor '\(type ?? "")'",
                ["BertProcessing", "ByteLevel", "RobertaProcessing", "TemplateProcessing"])
        }
    }
}
