// Figures about token matches that need no model: extraction strength and exact memorization.

/// Extraction strength 1 − k/L (Carlini et al. 2021, as used for unlearning): k is the first index from which on every
/// most likely token equals the true one, L the number of tokens. 0 if the last token is missed, nil if there are none.
public func extractionStrength(argmaxMatches: some BidirectionalCollection<Bool>) -> Double? {
    share(argmaxMatches.reversed().prefix { $0 }.count, of: argmaxMatches.count)
}

/// Exact memorization: the share of positions whose most likely token equals the true one; nil if there are none.
public func exactMemorization(argmaxMatches: some Collection<Bool>) -> Double? {
    share(argmaxMatches.count { $0 }, of: argmaxMatches.count)
}

private func share(_ count: Int, of total: Int) -> Double? { total == 0 ? nil : Double(count) / Double(total) }
