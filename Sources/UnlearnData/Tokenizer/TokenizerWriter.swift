// Writes a tokenizer as the files that Hugging Face libraries read.

public import Foundation
internal import UnlearnFormats

extension Tokenizer {
    /// Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json into an existing directory. A tokenizer
    /// that came from such files writes these, byte for byte.
    public func save(to directory: URL) throws(TokenizerError) {
        for (name, contents) in definition.files() {
            let url = directory.appending(path: name)
            do {
                try contents.write(to: url, options: .atomic)
            } catch {
                throw .file(.refused("write", url.path, error))
            }
        }
    }
}

extension TokenizerDefinition {
    fileprivate func files() -> [(name: String, contents: Data)] {
        guard originalFiles.isEmpty else { return originalFiles.map { ($0.name, $0.contents) } }
        return [
            ("tokenizer.json", tokenizerJSON()),
            ("tokenizer_config.json", configuration().data(.pretty)),
            ("special_tokens_map.json", JSONValue.object(namedTokens()).data(.pretty)),
        ]
    }

    private func namedTokens() -> JSONObject {
        var names = JSONObject()
        let named = [
            ("bos_token", beginOfSequence), ("eos_token", endOfSequence), ("pad_token", padding),
            ("unk_token", unknown),
        ]
        for case (let key, let id?) in named { names[key] = .string(vocabulary[Int(id)]) }
        return names
    }

    private func configuration() -> JSONValue {
        var configuration = namedTokens()
        configuration["tokenizer_class"] = "PreTrainedTokenizerFast"
        configuration["clean_up_tokenization_spaces"] = false
        if let chatTemplate { configuration["chat_template"] = .string(chatTemplate) }
        return .object(configuration)
    }

    // MARK: tokenizer.json

    /// The vocabulary and the merges are written as text here: a JSON object would compare keys as Unicode does, and
    /// take different spellings of one letter for the same token.
    private func tokenizerJSON() -> Data {
        var text = #"{"version":"1.0","truncation":null,"padding":null,"added_tokens":"#
        text += JSONValue.array(addedTokens.map(json)).text()
        text += #","normalizer":"# + normalizer().text()
        text += #","pre_tokenizer":"# + preTokenizer().text()
        text += #","post_processor":"# + postProcessor().text()
        text += #","decoder":"# + decoder().text()
        text += #","model":{"type":"BPE","dropout":null,"unk_token":"#
        text += (unknown.map { JSONValue.string(vocabulary[Int($0)]) } ?? .null).text()
        var (fusesUnknown, byteFallback) = (false, false)
        if case .sentencePiece(let fallsBack, let fuses, _) = spelling {
            (fusesUnknown, byteFallback) = (fuses, fallsBack)
        }
        text += #","continuing_subword_prefix":null,"end_of_word_suffix":null"#
        text += #","fuse_unk":\#(fusesUnknown),"byte_fallback":\#(byteFallback),"ignore_merges":\#(ignoresMerges)"#
        let quoted = vocabulary.map { JSONValue.string($0).text() }
        text += #","vocab":{"#
        var separator = ""
        for (id, token) in quoted.enumerated() where !vocabulary[id].isEmpty {
            text += "\(separator)\n\(token):\(id)"
            separator = ","
        }
        text += #"},"merges":["#
        separator = ""
        for merge in merges {
            text += "\(separator)\n[\(quoted[Int(merge.left)]),\(quoted[Int(merge.right)])]"
            separator = ","
        }
        return Data((text + "]}}\n").utf8)
    }

    private func json(_ token: AddedToken) -> JSONValue {
        [
            "id": .int(Int(token.id)), "content": .string(vocabulary[Int(token.id)]),
            "single_word": .bool(token.isWholeWord), "lstrip": .bool(token.stripsLeft),
            "rstrip": .bool(token.stripsRight), "normalized": .bool(token.isNormalized),
            "special": .bool(token.isSpecial),
        ]
    }

    private func normalizer() -> JSONValue {
        let parts = normalizations.compactMap { normalization -> JSONValue? in
            switch normalization {
            case .composed: ["type": "NFC"]
            case .decomposed: ["type": "NFD"]
            case .compatiblyComposed: ["type": "NFKC"]
            case .compatiblyDecomposed: ["type": "NFKD"]
            case .prepend(let text): ["type": "Prepend", "prepend": .string(text)]
            case .replace(let old, let new):
                ["type": "Replace", "pattern": ["String": .string(old)], "content": .string(new)]
            case .prependSpace, .metaspace: nil
            }
        }
        return parts.isEmpty ? .null : ["type": "Sequence", "normalizers": .array(parts)]
    }

    private func preTokenizer() -> JSONValue {
        var parts: [JSONValue] = []
        for case .metaspace(let prepending) in normalizations {
            parts.append([
                "type": "Metaspace", "replacement": .string(SentencePieceSpelling.space),
                "prepend_scheme": .string(prepending.rawValue), "split": false,
            ])
        }
        parts += splits.map { split in
            [
                "type": "Split", "pattern": ["Regex": .string(split.pattern)],
                "behavior": split.behavior == .isolated ? "Isolated" : "Removed",
                "invert": .bool(split.behavior == .matchesOnly),
            ]
        }
        if spelling == .byteLevel {
            parts.append([
                "type": "ByteLevel", "add_prefix_space": .bool(normalizations.contains(.prependSpace)),
                "trim_offsets": true, "use_regex": false,
            ])
        }
        return parts.isEmpty ? .null : ["type": "Sequence", "pretokenizers": .array(parts)]
    }

    private func postProcessor() -> JSONValue {
        guard !prefix.isEmpty || !suffix.isEmpty else { return .null }
        func special(_ id: Int32) -> JSONValue {
            ["SpecialToken": ["id": .string(vocabulary[Int(id)]), "type_id": 0]]
        }
        func sequence(_ name: String) -> [JSONValue] {
            prefix.map(special) + [["Sequence": ["id": .string(name), "type_id": 0]]] + suffix.map(special)
        }
        var tokens = JSONObject()
        for id in prefix + suffix {
            let token = vocabulary[Int(id)]
            tokens[token] = ["id": .string(token), "ids": [.int(Int(id))], "tokens": [.string(token)]]
        }
        return [
            "type": "TemplateProcessing", "single": .array(sequence("A")),
            "pair": .array(sequence("A") + sequence("B")), "special_tokens": .object(tokens),
        ]
    }

    private func decoder() -> JSONValue {
        guard case .sentencePiece(_, _, let stripsSpace) = spelling else {
            return ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true]
        }
        let space = JSONValue.string(SentencePieceSpelling.space)
        var parts: [JSONValue] = [
            ["type": "Replace", "pattern": ["String": space], "content": " "], ["type": "ByteFallback"],
            ["type": "Fuse"],
        ]
        if stripsSpace { parts.append(["type": "Strip", "content": " ", "start": 1, "stop": 0]) }
        return ["type": "Sequence", "decoders": .array(parts)]
    }
}
