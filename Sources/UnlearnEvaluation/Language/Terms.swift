// Finds a subject's terms in text, as whole words: the measure of what an answer still gives away.

/// The words of `text`: runs of letters, marks, digits and inner apostrophes, without a possessive ending.
/// Characters of scripts written without spaces are words of their own.
public func words(of text: String) -> [Substring] {
    let scalars = text.unicodeScalars
    var words: [Substring] = []
    var start: String.Index?
    var index = scalars.startIndex
    func finish(at end: String.Index) {
        guard let first = start else { return }
        words.append(withoutPossessive(text[first..<end]))
        start = nil
    }
    while index < scalars.endIndex {
        let scalar = scalars[index]
        let next = scalars.index(after: index)
        if scalar.isUnspaced {
            finish(at: index)
            words.append(text[index..<next])
        } else if scalar.isWordScalar {
            start = start ?? index
        } else if !(scalar.isApostrophe && start != nil && next < scalars.endIndex && scalars[next].isWordScalar) {
            finish(at: index)
        }
        index = next
    }
    finish(at: scalars.endIndex)
    return words
}

/// Terms prepared for looking through many texts: one pass over a text finds all of them.
///
/// A term matches as a sequence of whole words, whatever stands between them, with or without a possessive ending. Its
/// capitalised words match as they are written or in capitals only ("Stone" is not "stone"); its lower-case words match
/// in any case.
public struct TermMatcher: Sendable {
    public let terms: [String]
    private let patterns: [[String]]
    /// The terms that begin with a word, by that word in lower case.
    private let byFirstWord: [String: [Int]]

    public init(_ terms: [String]) {
        self.terms = terms
        patterns = terms.map { words(of: $0).map(Self.plain) }
        var byFirstWord: [String: [Int]] = [:]
        for (index, pattern) in patterns.enumerated() {
            guard let first = pattern.first else { continue }
            byFirstWord[first.lowercased(), default: []].append(index)
        }
        self.byFirstWord = byFirstWord
    }

    /// The terms that `answer` contains and `question` does not, in the order of `terms`.
    public func termsFound(in answer: String, excludingThoseIn question: String = "") -> [String] {
        let found = Set(occurrences(in: answer).map(\.term))
        guard !found.isEmpty else { return [] }
        return found.subtracting(occurrences(in: question).map(\.term)).sorted().map { terms[$0] }
    }

    /// Where in `answer` the first word stands that begins a term which `question` does not contain.
    public func firstWord(in answer: String, excludingThoseIn question: String = "") -> Substring? {
        let known = Set(occurrences(in: question).map(\.term))
        return occurrences(in: answer).first { !known.contains($0.term) }?.word
    }

    /// Where in `answer` the terms stand that `question` does not contain: in order, without overlap.
    public func ranges(in answer: String, excludingThoseIn question: String = "") -> [Range<String.Index>] {
        let known = Set(occurrences(in: question).map(\.term))
        return occurrences(in: answer).filter { !known.contains($0.term) }.map { $0.word.startIndex..<$0.end }
            .reduce(into: []) { ranges, range in
                guard let last = ranges.last, range.lowerBound < last.upperBound else { return ranges.append(range) }
                if range.upperBound > last.upperBound {
                    ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
                }
            }
    }

    /// The terms in the order in which they stand in the text, each with its first word and where it ends.
    private func occurrences(in text: String) -> [(term: Int, word: Substring, end: String.Index)] {
        guard !byFirstWord.isEmpty, !text.isEmpty else { return [] }
        let words = words(of: text)
        let texts = words.map(Self.plain)
        var found: [(term: Int, word: Substring, end: String.Index)] = []
        for (position, word) in texts.enumerated() {
            for candidate in byFirstWord[word.lowercased()] ?? [] {
                let pattern = patterns[candidate]
                guard pattern.count <= texts.count - position else { continue }
                let fits = zip(pattern, texts[position...]).allSatisfy { Self.matches(term: $0, word: $1) }
                if fits { found.append((candidate, words[position], words[position + pattern.count - 1].endIndex)) }
            }
        }
        return found
    }

    private static func matches(term: String, word: String) -> Bool {
        if term == word { return true }
        let lowered = term.lowercased()
        return lowered == term ? word.lowercased() == lowered : word == term.uppercased()
    }

    /// The word with straight apostrophes, so that both ways of writing one match.
    private static func plain(_ word: Substring) -> String {
        guard word.unicodeScalars.contains("\u{2019}") else { return String(word) }
        var plain = String.UnicodeScalarView()
        for scalar in word.unicodeScalars { plain.append(scalar == "\u{2019}" ? "'" : scalar) }
        return String(plain)
    }
}

private func withoutPossessive(_ word: Substring) -> Substring {
    let scalars = word.unicodeScalars
    guard scalars.count > 2, let last = scalars.last, last == "s" || last == "S" else { return word }
    let end = scalars.index(scalars.endIndex, offsetBy: -2)
    return scalars[end].isApostrophe ? word[..<end] : word
}

extension Unicode.Scalar {
    fileprivate var isApostrophe: Bool {
        self == "'" || self == "\u{2019}"
    }

    fileprivate var isWordScalar: Bool {
        if isASCII {
            return ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self)
        }
        if properties.isAlphabetic { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber: return true
        default: return false
        }
    }

    /// Whether the script writes no spaces between words: Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar.
    fileprivate var isUnspaced: Bool {
        guard value >= 0x0E00 else { return false }
        if properties.isIdeographic { return true }
        switch value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3041...0x30FF: return true
        default: return false
        }
    }
}
