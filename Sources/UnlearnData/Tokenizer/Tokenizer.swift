// From text to token ids and back.

/// A byte-pair tokenizer that is ready for use. Values are cheap to copy and can be used by several threads at once.
public struct Tokenizer: Sendable {
    public let definition: TokenizerDefinition
    private let encoder: BytePairEncoder
    private let index: TokenIndex
    private let splits: [(pattern: Pattern, behavior: TokenizerDefinition.Split.Behavior)]
    private let allTokens: AddedTokenPattern
    private let ordinaryTokens: AddedTokenPattern
    private let special: [Bool]
    /// What each token stands for, one after another.
    private let decodedBytes: [UInt8]
    private let decodedEnds: [Int]

    /// Cuts nest, so that a damaged file must not ask for too many.
    private static let mostSplits = 64

    public init(_ definition: TokenizerDefinition) throws(TokenizerError) {
        self.definition = definition
        try definition.checkIDs()
        index = try TokenIndex(definition.vocabulary, file: "in memory")
        encoder = BytePairEncoder(definition)
        guard definition.splits.count <= Self.mostSplits else {
            throw .malformed(
                file: "in memory", what: "text is cut \(definition.splits.count) times",
                expected: "at most \(Self.mostSplits) pre-tokenizers")
        }
        var splits: [(Pattern, TokenizerDefinition.Split.Behavior)] = []
        for split in definition.splits { splits.append((try Pattern(split.pattern), split.behavior)) }
        self.splits = splits
        var special = [Bool](repeating: false, count: definition.vocabulary.count)
        for token in definition.addedTokens where token.isSpecial { special[Int(token.id)] = true }
        let named = [
            definition.beginOfSequence, definition.endOfSequence, definition.padding, definition.unknown,
        ]
        for id in named.compactMap(\.self) { special[Int(id)] = true }
        self.special = special
        let ordinary = definition.addedTokens.filter { !special[Int($0.id)] }
        allTokens = try AddedTokenPattern(definition.addedTokens, definition)
        ordinaryTokens = try AddedTokenPattern(ordinary, definition)
        (decodedBytes, decodedEnds) = definition.decodedVocabulary()
    }

    // MARK: Tokens

    public var vocabularyCount: Int { definition.vocabulary.count }
    public var beginOfSequence: Int32? { definition.beginOfSequence }
    public var endOfSequence: Int32? { definition.endOfSequence }
    public var padding: Int32? { definition.padding }

    /// The token in the spelling of the vocabulary, in which a space may be Ġ or ▁.
    public func token(_ id: Int32) -> String? {
        guard definition.vocabulary.indices.contains(Int(id)) else { return nil }
        let token = definition.vocabulary[Int(id)]
        return token.isEmpty ? nil : token
    }

    public func id(of token: String) -> Int32? { index[token] }

    public func isSpecial(_ id: Int32) -> Bool { special.indices.contains(Int(id)) && special[Int(id)] }

    // MARK: Encoding

    /// - Parameters:
    ///   - addSpecialTokens: whether the tokens that the model expects around a text, such as the begin of sequence,
    ///     are added.
    ///   - parseSpecialTokens: whether control tokens spelled out in the text count as such. Leave it off for text
    ///     from outside, which could otherwise end its own message and begin another one.
    public func encode(_ text: String, addSpecialTokens: Bool = true, parseSpecialTokens: Bool = false) -> [Int32] {
        var ids = addSpecialTokens ? definition.prefix : []
        let tokens = parseSpecialTokens ? allTokens : ordinaryTokens
        var text = text
        text.withUTF8 { bytes in
            encoder.withWords { words in
                tokens.forEachPiece(of: bytes, normalized: false) { piece, range in
                    switch piece {
                    case .token(let id): ids.append(id)
                    case .text(let piece):
                        appendText(piece, isFirst: range.lowerBound == 0, tokens, &words, to: &ids)
                    }
                }
            }
        }
        if addSpecialTokens { ids.append(contentsOf: definition.suffix) }
        return ids
    }

    private func appendText(
        _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, _ tokens: AddedTokenPattern, _ words: inout Words,
        to ids: inout [Int32]
    ) {
        guard !definition.normalizations.isEmpty else {
            appendNormalized(text, tokens, &words, to: &ids)
            return
        }
        var normalized = definition.normalize(String(decoding: text, as: UTF8.self), isFirst: isFirst)
        normalized.withUTF8 { appendNormalized($0, tokens, &words, to: &ids) }
    }

    private func appendNormalized(
        _ text: UnsafeBufferPointer<UInt8>, _ tokens: AddedTokenPattern, _ words: inout Words, to ids: inout [Int32]
    ) {
        tokens.forEachPiece(of: text, normalized: true) { piece, _ in
            switch piece {
            case .token(let id): ids.append(id)
            case .text(let piece): appendWords(of: piece, stage: 0, &words, to: &ids)
            }
        }
    }

    /// Cuts by the splits from `stage` on, then encodes the words.
    private func appendWords(
        of text: UnsafeBufferPointer<UInt8>, stage: Int, _ words: inout Words, to ids: inout [Int32]
    ) {
        guard stage < splits.count else {
            encoder.encode(text, &words, into: &ids)
            return
        }
        let (pattern, behavior) = splits[stage]
        var start = 0
        pattern.forEachMatch(in: text) { match in
            if start < match.lowerBound, behavior != .matchesOnly {
                appendWords(of: .init(rebasing: text[start..<match.lowerBound]), stage: stage + 1, &words, to: &ids)
            }
            if behavior != .matchesRemoved {
                appendWords(of: .init(rebasing: text[match]), stage: stage + 1, &words, to: &ids)
            }
            start = match.upperBound
        }
        if start < text.count, behavior != .matchesOnly {
            appendWords(of: .init(rebasing: text[start...]), stage: stage + 1, &words, to: &ids)
        }
    }

    // MARK: Decoding

    /// The text of the ids; bytes that are not UTF-8 become U+FFFD, and ids outside the vocabulary nothing.
    public func decode(_ ids: some Sequence<Int32>, skipSpecialTokens: Bool = true) -> String {
        var bytes: [UInt8] = []
        var isAtStart = true
        for id in ids where !(skipSpecialTokens && isSpecial(id)) {
            appendBytes(of: id, isAtStart: &isAtStart, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what a token stands for, without the space that SentencePiece adds to the start of a text.
    func appendBytes(of id: Int32, isAtStart: inout Bool, to bytes: inout [UInt8]) {
        guard decodedEnds.indices.contains(Int(id)) else { return }
        let decoded = decodedBytes[(id == 0 ? 0 : decodedEnds[Int(id) - 1])..<decodedEnds[Int(id)]]
        guard !decoded.isEmpty else { return }
        let isPadded = isAtStart && definition.stripsSpace && decoded.first == 0x20
        bytes.append(contentsOf: isPadded ? decoded.dropFirst() : decoded)
        isAtStart = false
    }
}

extension TokenizerDefinition {
    var stripsSpace: Bool {
        if case .sentencePiece(_, _, let stripsSpace) = spelling { stripsSpace } else { false }
    }

    /// Refuses ids outside the vocabulary, so that the tables can be used without checks.
    fileprivate func checkIDs() throws(TokenizerError) {
        let named = [beginOfSequence, endOfSequence, padding, unknown].compactMap(\.self)
        for id in named + prefix + suffix + addedTokens.map(\.id) where !vocabulary.indices.contains(Int(id)) {
            throw .malformed(
                file: "in memory", what: "the special token \(id) is outside the vocabulary",
                expected: "an id from 0 to \(vocabulary.count - 1)")
        }
        for merge in merges {
            for id in [merge.left, merge.right, merge.result] where !vocabulary.indices.contains(Int(id)) {
                throw .malformed(
                    file: "in memory", what: "a merge names the token \(id), outside the vocabulary",
                    expected: "an id from 0 to \(vocabulary.count - 1)")
            }
        }
    }

    /// The bytes of all tokens, one after another, and where each ends.
    fileprivate func decodedVocabulary() -> (bytes: [UInt8], ends: [Int]) {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        ends.reserveCapacity(vocabulary.count)
        for token in vocabulary {
            switch spelling {
            case .byteLevel: bytes.append(contentsOf: ByteLevelAlphabet.bytes(of: token) ?? Array(token.utf8))
            case .sentencePiece: bytes.append(contentsOf: SentencePieceSpelling.bytes(of: token))
            }
            ends.append(bytes.count)
        }
        return (bytes, ends)
    }
}
