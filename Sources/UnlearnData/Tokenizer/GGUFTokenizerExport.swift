// A tokenizer as the metadata of a GGUF file.

public import UnlearnFormats

extension Tokenizer {
    /// The metadata from which ``init(gguf:)``, and llama.cpp, make this tokenizer.
    /// - Parameter rows: how many tokens the model has room for; GGUF wants a token for each.
    /// - Throws: ``TokenizerError/unsupported(file:what:supported:)`` for what GGUF cannot say.
    public func ggufMetadata(rows: Int) throws(TokenizerError) -> [(key: String, value: GGUFValue)] {
        try GGUFTokenizerWriter(definition: definition, rows: max(rows, vocabularyCount)).metadata()
    }
}

private struct GGUFTokenizerWriter {
    let definition: TokenizerDefinition
    let rows: Int

    private func unsupported(_ what: String, _ supported: String) -> TokenizerError {
        .unsupported(file: "in memory", what: what + " in GGUF", supported: [supported])
    }

    func metadata() throws(TokenizerError) -> [(key: String, value: GGUFValue)] {
        var pairs: [(key: String, value: GGUFValue)] = []
        func add(_ key: String, _ value: GGUFValue) { pairs.append(("tokenizer.ggml." + key, value)) }
        switch definition.spelling {
        case .byteLevel:
            add("model", .string("gpt2"))
            add("pre", .string(try preTokenizer()))
        case .sentencePiece:
            add("model", .string("llama"))
            add("pre", .string("default"))
            add("add_space_prefix", .bool(try addsSpace()))
        }
        add("tokens", .strings(tokens))
        add("token_type", .ints(types.map(\.rawValue)))
        switch definition.spelling {
        case .byteLevel: add("merges", .strings(merges))
        case .sentencePiece: add("scores", .floats(try scores()))
        }
        for (key, id) in [
            ("bos_token_id", definition.beginOfSequence), ("eos_token_id", definition.endOfSequence),
            ("unknown_token_id", definition.unknown), ("padding_token_id", definition.padding),
        ] {
            if let id { add(key, .int(Int(id))) }
        }
        add("add_bos_token", .bool(try isAdded(definition.prefix, definition.beginOfSequence, "before")))
        add("add_eos_token", .bool(try isAdded(definition.suffix, definition.endOfSequence, "after")))
        if let template = definition.chatTemplate { pairs.append(("tokenizer.chat_template", .string(template))) }
        return pairs
    }

    /// Whether the token stands at an end of each text; nothing else may.
    private func isAdded(_ ids: [Int32], _ token: Int32?, _ place: String) throws(TokenizerError) -> Bool {
        guard ids.isEmpty || ids == token.map({ [$0] }) else {
            throw unsupported("tokens \(ids) \(place) each text", "the begin or the end token")
        }
        return !ids.isEmpty
    }

    /// Every id has a token; those that no text becomes are called as llama.cpp calls them.
    private var tokens: [String] {
        (0..<rows).map { id in
            let token = id < definition.vocabulary.count ? definition.vocabulary[id] : ""
            return token.isEmpty ? "[PAD\(id)]" : token
        }
    }

    private var types: [TokenKind] {
        var types = definition.vocabulary.map { token in
            if token.isEmpty { return TokenKind.unused }
            if case .sentencePiece = definition.spelling, SentencePieceSpelling.byte(of: token) != nil { return .byte }
            return .normal
        }
        types += [TokenKind](repeating: .unused, count: rows - types.count)
        for token in definition.addedTokens { types[Int(token.id)] = token.isSpecial ? .control : .userDefined }
        if case .sentencePiece = definition.spelling, let unknown = definition.unknown {
            types[Int(unknown)] = .unknown
        }
        return types
    }

    // MARK: Byte-level

    /// The name under which GGUF knows the way in which texts are cut.
    private func preTokenizer() throws(TokenizerError) -> String {
        let name = ["gpt-2", "smollm", "llama-bpe", "qwen2"].first { name in
            guard let known = GGUFPreTokenizer(name: name) else { return false }
            return known.splits == definition.splits && known.normalizations == definition.normalizations
                && known.ignoresMerges == definition.ignoresMerges
        }
        guard let name else {
            throw unsupported(
                "this way to cut texts into words", "the ways of GPT-2, SmolLM2, Llama 3 and Qwen2")
        }
        return name
    }

    private var merges: [String] {
        definition.merges.map { definition.vocabulary[Int($0.left)] + " " + definition.vocabulary[Int($0.right)] }
    }

    // MARK: SentencePiece

    private func addsSpace() throws(TokenizerError) -> Bool {
        let space = SentencePieceSpelling.space
        guard definition.splits.isEmpty, definition.suffix.isEmpty else {
            throw unsupported("cutting texts into words", "SentencePiece without it")
        }
        switch definition.normalizations {
        case [.prepend(space), .replace(" ", with: space)], [.metaspace(prepending: .always)],
            [.metaspace(prepending: .first)]:
            return true
        case [.replace(" ", with: space)], [.metaspace(prepending: .never)]: return false
        default: throw unsupported("this change of texts", "SentencePiece's own")
        }
    }

    /// A score for each token in place of the list of merges: the earlier a merge makes a token, the higher its score.
    private func scores() throws(TokenizerError) -> [Float] {
        let types = types
        // From other tokens nothing is merged when the list is made anew.
        let merges = definition.merges.filter { merge in
            [merge.left, merge.right, merge.result].allSatisfy { types[Int($0)] == .normal }
        }
        // A Float tells whole numbers apart up to 2^24, far more than there are merges.
        var scores = [Float](repeating: -Float(merges.count), count: rows)
        for (rank, merge) in merges.enumerated().reversed() { scores[Int(merge.result)] = -Float(rank) }
        let again = try SentencePieceMerges.merges(tokens, scores, file: "in memory") { types[$0] == .normal }
        let pairs: ([TokenizerDefinition.Merge]) -> Set<[Int32]> = { Set($0.map { [$0.left, $0.right] }) }
        guard pairs(again) == pairs(merges) else {
            throw unsupported("a list of merges that does not follow from scores", "SentencePiece's own")
        }
        return scores
    }
}
