// How much a text repeats itself.

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
