// Turns words into token ids by merging neighbours, and remembers the words it has seen.

internal import Synchronization

/// The immutable tables of byte-pair encoding.
struct BytePairEncoder: Sendable {
    /// The bytes of every ordinary token, as they appear in the text to encode.
    private let tokens: ByteTable
    private let tokenIDs: [Int32]
    /// From a pair of ids to the rank of its merge (high half) and the resulting id (low half).
    private let merges: [UInt64: UInt64]
    /// The token of each single byte, −1 if there is none.
    private let byteIDs: [Int32]
    private let isByteLevel: Bool
    private let ignoresMerges: Bool
    private let unknown: Int32?
    private let fusesUnknown: Bool
    private let memory = WordMemory()

    init(_ definition: TokenizerDefinition) {
        isByteLevel = definition.spelling == .byteLevel
        var tokens = ByteTable(minimumCapacity: definition.vocabulary.count)
        var tokenIDs: [Int32] = []
        tokenIDs.reserveCapacity(definition.vocabulary.count)
        for (id, token) in definition.vocabulary.enumerated() where !token.isEmpty {
            let bytes = isByteLevel ? ByteLevelAlphabet.bytes(of: token) ?? Array(token.utf8) : Array(token.utf8)
            if bytes.withUnsafeBufferPointer({ tokens.insert($0).isNew }) { tokenIDs.append(Int32(id)) }
        }
        var merges: [UInt64: UInt64] = [:]
        merges.reserveCapacity(definition.merges.count)
        for (rank, merge) in definition.merges.enumerated() {
            merges[Self.key(merge.left, merge.right)] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: merge.result))
        }
        func id(_ bytes: [UInt8]) -> Int32 {
            bytes.withUnsafeBufferPointer { tokens.index(of: $0) }.map { tokenIDs[$0] } ?? -1
        }
        switch definition.spelling {
        case .byteLevel:
            byteIDs = (0...255).map { id([$0]) }
            fusesUnknown = false
        case .sentencePiece(let byteFallback, let fuses, _):
            byteIDs = (0...255).map { byteFallback ? id(Array(SentencePieceSpelling.token(ofByte: $0).utf8)) : -1 }
            fusesUnknown = fuses
        }
        self.tokens = tokens
        self.tokenIDs = tokenIDs
        self.merges = merges
        ignoresMerges = definition.ignoresMerges
        unknown = definition.unknown
    }

    /// Lends the memory of known words to `body`; a caller that comes while it is lent starts with an empty one.
    func withWords(_ body: (inout Words) -> Void) {
        let done: Void? = memory.words.withLockIfAvailable { body(&$0) }
        if done == nil {
            var words = Words()
            body(&words)
        }
    }

    /// Appends the ids of a word.
    func encode(_ word: UnsafeBufferPointer<UInt8>, _ words: inout Words, into ids: inout [Int32]) {
        guard !word.isEmpty else { return }
        if words.recall(word, into: &ids) { return }
        let start = ids.count
        _ = encodeAnew(word, &words, into: &ids)
        words.remember(word, ids[start...])
    }

    /// Appends the ids of a word without looking whether it is known.
    /// - Returns: where in the word each token ends.
    func encodeAnew(_ word: UnsafeBufferPointer<UInt8>, _ words: inout Words, into ids: inout [Int32]) -> [Int] {
        if ignoresMerges, let index = tokens.index(of: word) {
            ids.append(tokenIDs[index])
            return [word.count]
        }
        let (symbols, ends) = symbols(of: word)
        words.merging.merge(symbols, with: merges, into: &ids)
        return words.merging.lastSymbols.map { ends[$0] }
    }

    /// The tokens of the single bytes or characters of a word, and where each ends.
    private func symbols(of word: UnsafeBufferPointer<UInt8>) -> (ids: [Int32], ends: [Int]) {
        var symbols: [Int32] = []
        var ends: [Int] = []
        symbols.reserveCapacity(word.count)
        ends.reserveCapacity(word.count)
        var position = 0
        while position < word.count {
            let length = isByteLevel ? 1 : min(UTF8Sequence.length(lead: word[position]), word.count - position)
            let character = UnsafeBufferPointer(rebasing: word[position..<position + length])
            position += length
            if !isByteLevel, let index = tokens.index(of: character) {
                symbols.append(tokenIDs[index])
            } else if character.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                symbols.append(contentsOf: character.lazy.map { byteIDs[Int($0)] })
            } else if let unknown, fusesUnknown, symbols.last == unknown {
                ends[ends.count - 1] = position
            } else if let unknown {
                symbols.append(unknown)
            }
            while ends.count < symbols.count { ends.append(position) }
        }
        return (symbols, ends)
    }

    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}

/// Merges the neighbours of lowest rank first, the leftmost among equals, in O(n log n).
struct Merging {
    private var next: [Int32] = []
    private var previous: [Int32] = []
    /// For each position: rank and result of the merge with its right neighbour, or `none`.
    private var candidates: [UInt64] = []
    /// Rank (high half) and position (low half); entries that no longer hold are skipped when they come up.
    private var queue = MinimumHeap()

    private static let none = UInt64.max

    /// For each token of the last word the place of its last symbol.
    var lastSymbols: [Int] {
        var places: [Int] = []
        var position = 0
        while next.indices.contains(position) {
            let following = next[position] < 0 ? next.count : Int(next[position])
            places.append(following - 1)
            position = following
        }
        return places
    }

    mutating func merge(_ symbols: [Int32], with merges: [UInt64: UInt64], into ids: inout [Int32]) {
        var symbols = symbols
        prepare(symbols, merges)
        while let entry = queue.removeMinimum() {
            let position = Int(entry & 0xFFFF_FFFF)
            let candidate = candidates[position]
            guard candidate != Self.none, candidate >> 32 == entry >> 32 else { continue }
            let right = Int(next[position])
            symbols[position] = Int32(truncatingIfNeeded: candidate)
            symbols[right] = -1
            candidates[right] = Self.none
            next[position] = next[right]
            if next[position] >= 0 { previous[Int(next[position])] = Int32(position) }
            consider(position, symbols, merges)
            if previous[position] >= 0 { consider(Int(previous[position]), symbols, merges) }
        }
        for symbol in symbols where symbol >= 0 { ids.append(symbol) }
    }

    private mutating func prepare(_ symbols: [Int32], _ merges: [UInt64: UInt64]) {
        let count = symbols.count
        next.removeAll(keepingCapacity: true)
        previous.removeAll(keepingCapacity: true)
        candidates.removeAll(keepingCapacity: true)
        queue.removeAll()
        for position in 0..<count {
            next.append(position + 1 < count ? Int32(position + 1) : -1)
            previous.append(Int32(position) - 1)
            candidates.append(Self.none)
        }
        for position in 0..<count { consider(position, symbols, merges) }
    }

    private mutating func consider(_ position: Int, _ symbols: [Int32], _ merges: [UInt64: UInt64]) {
        candidates[position] = Self.none
        guard next[position] >= 0 else { return }
        let key = BytePairEncoder.key(symbols[position], symbols[Int(next[position])])
        guard let candidate = merges[key] else { return }
        candidates[position] = candidate
        queue.insert((candidate & ~0xFFFF_FFFF) | UInt64(position))
    }
}

/// A binary heap.
struct MinimumHeap {
    private var entries: [UInt64] = []

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    mutating func insert(_ entry: UInt64) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if entries[parent] <= entries[child] { return }
            entries.swapAt(parent, child)
            child = parent
        }
    }

    mutating func removeMinimum() -> UInt64? {
        guard let minimum = entries.first, let last = entries.popLast() else { return nil }
        if entries.isEmpty { return minimum }
        entries[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { return minimum }
            if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
            if entries[parent] <= entries[child] { return minimum }
            entries.swapAt(parent, child)
            parent = child
        }
    }
}

/// Words met before with their ids, and working space.
struct Words {
    private var known = ByteTable()
    private var ids: [Int32] = []
    private var ends: [Int32] = []
    var merging = Merging()

    /// Longer words are rare and would fill the memory; a full memory starts anew.
    private static let longestWord = 64
    private static let capacityInBytes = 1 << 21

    func recall(_ word: UnsafeBufferPointer<UInt8>, into result: inout [Int32]) -> Bool {
        guard word.count <= Self.longestWord, let index = known.index(of: word) else { return false }
        let start = index == 0 ? 0 : Int(ends[index - 1])
        result.append(contentsOf: ids[start..<Int(ends[index])])
        return true
    }

    mutating func remember(_ word: UnsafeBufferPointer<UInt8>, _ wordIDs: ArraySlice<Int32>) {
        guard word.count <= Self.longestWord else { return }
        if known.bytes.count > Self.capacityInBytes {
            known.removeAll()
            ids.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
        }
        known.insert(word)
        ids.append(contentsOf: wordIDs)
        ends.append(Int32(ids.count))
    }
}

/// A reference, because copies of a tokenizer share what was learned.
private final class WordMemory: Sendable {
    let words = Mutex(Words())
}
