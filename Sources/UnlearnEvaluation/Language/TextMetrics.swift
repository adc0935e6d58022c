// Figures about token matches that need no model: extraction strength and exact memorization.

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
