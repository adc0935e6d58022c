// Figures about words and token matches that need no model: repetition, extraction strength, exact memorization.

/// The share of word triples that occurred before in the same text: 0 for varied prose, near 1 for a loop.
/// Fewer than three words repeat nothing.
public func repetition<Word: Hashable>(of words: some Collection<Word>) -> Double {
    guard words.count >= 3 else { return 0 }
    var numbers: [Word: Int] = [:]
    var ids: [Int] = []
    ids.reserveCapacity(words.count)
    for word in words {
        let next = numbers.count
        let id = numbers[word] ?? next
        if id == next { numbers[word] = next }
        ids.append(id)
    }
    let triples = ids.count - 2
    let distinct = Set((0..<triples).map { SIMD3(ids[$0], ids[$0 + 1], ids[$0 + 2]) }).count
    return Double(triples - distinct) / Double(triples)
}

/// Extraction strength 1 − k/L (Carlini et al. 2021, as used for unlearning): k is the first index from which on every
/// most likely token equals the true one, L the number of tokens. 0 if the last token is missed or there are none.
public func extractionStrength(argmaxMatches: [Bool]) -> Double {
    guard !argmaxMatches.isEmpty else { return 0 }
    let matchedEnd = argmaxMatches.reversed().prefix { $0 }.count
    return Double(matchedEnd) / Double(argmaxMatches.count)
}

/// Exact memorization: the share of positions whose most likely token equals the true one; 0 if there are none.
public func exactMemorization(argmaxMatches: [Bool]) -> Double {
    guard !argmaxMatches.isEmpty else { return 0 }
    return Double(argmaxMatches.count { $0 }) / Double(argmaxMatches.count)
}
