// From text to token ids and back.

/// A byte-pair tokenizer that is ready for use. Values are cheap to copy and can be used by several threads at once.
public struct Tokenizer: Sendable {
    public let definition: TokenizerDefinition
    private let encoder: BytePairEncoder
    private let index: TokenIndex
    private let splits: [(pattern: Pattern, behavior: TokenizerDefinition.Split.Behavior)]
    private let stages: [Stage]
    private let special: [Bool]
    /// What each token stands for, one after another.
    private let decodedBytes: [UInt8]
    private let decodedEnds: [Int]

    /// The added tokens that are looked for in a text, and what is then done to the texts between them.
    private struct Stage {
        let tokens: AddedTokenSearch
        let changes: [TokenizerDefinition.Normalization]
    }

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
        for id in definition.namedIDs { special[Int(id)] = true }
        self.special = special
        let added = definition.addedTokens.map { token in
            var token = token
            token.isSpecial = special[Int(token.id)]
            return token
        }
        let normalizer = definition.normalizations.filter { !$0.isPreTokenizer }
        stages = [
            Stage(tokens: try AddedTokenSearch(added.filter { !$0.isNormalized }, definition), changes: normalizer),
            Stage(
                tokens: try AddedTokenSearch(added.filter(\.isNormalized), definition) {
                    normalizer.normalize($0, isFirst: true)
                }, changes: definition.normalizations.filter(\.isPreTokenizer)),
        ]
        (decodedBytes, decodedEnds) = definition.decodedVocabulary()
    }

    // MARK: Tokens

    public var vocabularyCount: Int { definition.vocabulary.count }
    public var endOfSequence: Int32? { definition.endOfSequence }

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
        var sourced = SourcedText()
        sourced.append(text.utf8, parseSpecialTokens ? .template : .message)
        let ids = encode(sourced).ids
        return addSpecialTokens ? definition.prefix + ids + definition.suffix : ids
    }

    /// The ids of a text that goes on after another one, with which it is encoded as one text. A token that reaches over
    /// the cut is the later text's.
    public func encode(_ text: String, following context: String) -> [Int32] {
        var sourced = SourcedText()
        sourced.append((context + text).utf8, .message)
        let (ids, counts) = encode(sourced, places: [context.utf8.count])
        return Array(ids[counts[0]...])
    }

    /// The ids of a text, and for each of some places in it how many of them end there or before.
    func encode(_ text: SourcedText, places: [Int] = []) -> (ids: [Int32], counts: [Int]) {
        var encoding = Encoding(counts: [Int](repeating: 0, count: places.count))
        text.bytes.withUnsafeBufferPointer { bytes in
            let stretch = Stretch(
                bytes: bytes, written: text.written, places: places.enumerated().map { ($0, $1) }, isFirst: true)
            encoder.withWords { append(stretch, stage: 0, &$0, to: &encoding) }
        }
        return (encoding.ids, encoding.counts)
    }

    /// Takes out the added tokens of `stage` and of those after it, then encodes what is left.
    private func append(_ stretch: Stretch, stage: Int, _ words: inout Words, to encoding: inout Encoding) {
        guard stage < stages.count else { return appendWords(of: stretch, split: 0, &words, to: &encoding) }
        stages[stage].tokens.forEachPiece(of: stretch.bytes, written: stretch.written) { piece, range in
            switch piece {
            case .token(let id): encoding.ids.append(id)
            case .text:
                let holdsSpecial = stage + 1 < stages.count && stages[stage + 1].tokens.holdsSpecial
                stretch[range].changed(by: stages[stage].changes, keepingWritten: holdsSpecial) {
                    append($0, stage: stage + 1, &words, to: &encoding)
                }
            }
            encoding.pass(range.upperBound, stretch.places)
        }
    }

    /// Cuts by the splits from `split` on, then encodes the words.
    private func appendWords(of stretch: Stretch, split: Int, _ words: inout Words, to encoding: inout Encoding) {
        guard split < splits.count else { return appendWord(stretch, &words, to: &encoding) }
        let (pattern, behavior) = splits[split]
        func append(_ range: Range<Int>) {
            appendWords(of: stretch[range], split: split + 1, &words, to: &encoding)
            encoding.pass(range.upperBound, stretch.places)
        }
        var start = 0
        pattern.forEachMatch(in: stretch.bytes) { match in
            if start < match.lowerBound, behavior != .matchesOnly { append(start..<match.lowerBound) }
            if behavior != .matchesRemoved { append(match) }
            start = match.upperBound
        }
        if start < stretch.bytes.count, behavior != .matchesOnly { append(start..<stretch.bytes.count) }
    }

    private func appendWord(_ word: Stretch, _ words: inout Words, to encoding: inout Encoding) {
        guard !word.places.isEmpty else { return encoder.encode(word.bytes, &words, into: &encoding.ids) }
        let before = encoding.ids.count
        let ends = encoder.encodeAnew(word.bytes, &words, into: &encoding.ids)
        for place in word.places {
            encoding.counts[place.index] = before + ends.prefix { $0 <= place.offset }.count
        }
    }

    // MARK: Decoding

    /// The text of the ids; bytes that are not UTF-8 become U+FFFD, and ids outside the vocabulary nothing.
    /// - Parameter context: the tokens that the ids go on after, with a space of their own if they begin with one.
    public func decode(
        _ ids: some Sequence<Int32>, following context: [Int32] = [], skipSpecialTokens: Bool = true
    ) -> String {
        var bytes: [UInt8] = []
        var isAtStart = addsSpace(after: context)
        for id in ids where !(skipSpecialTokens && isSpecial(id)) {
            appendBytes(of: id, isAtStart: &isAtStart, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a text that begins after these tokens is written with a space that is not its own.
    func addsSpace(after context: [Int32]) -> Bool {
        guard let last = context.last, context != definition.prefix else { return true }
        let isToken = definition.addedTokens.contains { $0.id == last }
        return isToken
            && definition.normalizations.contains {
                [.prepend(SentencePieceSpelling.space), .metaspace(prepending: .always)].contains($0)
            }
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

    /// The ids of the tokens that have a part of their own.
    var namedIDs: [Int32] { [beginOfSequence, endOfSequence, padding, unknown].compactMap(\.self) }

    /// Refuses ids outside the vocabulary, so that the tables can be used without checks.
    fileprivate func checkIDs() throws(TokenizerError) {
        for id in namedIDs + prefix + suffix + addedTokens.map(\.id) where !vocabulary.indices.contains(Int(id)) {
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
