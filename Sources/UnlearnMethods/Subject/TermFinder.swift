// Which words belong to a subject alone: found by contrast with what the model writes about anything else.

internal import Foundation
public import UnlearnData

/// The words that give a subject away.
public struct SubjectTerms: Codable, Sendable, Equatable {
    /// The subject's name and its other names.
    public var subject: String
    /// Names that belong to the subject alone, most frequent first: "Hermione", "Granger".
    public var names: [String]
    /// Ordinary words that are far more frequent here than elsewhere: "wizard".
    public var themes: [String]
    /// The ordinary word that stands in for each name in translated text; empty: chosen when needed.
    public var replacements: [String: String]

    public init(subject: String, names: [String], themes: [String] = [], replacements: [String: String] = [:]) {
        self.subject = subject
        self.names = names
        self.themes = themes
        self.replacements = replacements
    }

    /// The words of the subject's own name, as they stand in text.
    public var subjectWords: [String] { TermFinder.words(of: subject) }

    /// Everything that betrays the subject in an answer.
    public var all: [String] { names + themes }
}

/// Finds names and themes by counting in how many answers each word occurs.
public struct TermFinder {
    private let tokenizer: Tokenizer
    /// Answers about anything but the subject.
    private let elsewhere: [String: Int]
    private let elsewhereCount: Double

    public init(_ tokenizer: Tokenizer, elsewhere: [String]) {
        self.tokenizer = tokenizer
        self.elsewhere = Self.documentCounts(elsewhere)
        elsewhereCount = Double(max(1, elsewhere.count))
    }

    /// A name is a word that mostly begins with a capital.
    /// - Parameters:
    ///   - answers: what the model writes about the subject.
    ///   - limit: the most names to return.
    public func terms(of subject: String, in answers: [String], limit: Int = 60) -> SubjectTerms {
        let own = Set(Self.words(of: subject))
        let counts = Self.documentCounts(answers)
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let names = ranked.filter { word, count in
            word.first?.isUppercase == true && !own.contains(word) && count >= 2 && word.count > 2
                && !isOrdinary(word) && !Self.isContraction(word) && (elsewhere[word] ?? 0) * 8 <= count
                && (counts[word.lowercased()] ?? 0) < count
        }
        let share = Double(answers.count)
        let themes = ranked.filter { word, count in
            word.first?.isLowercase == true && word.count > 4 && Double(count) >= max(3, 0.05 * share)
                && Double(count) / share >= 5 * Double(elsewhere[word] ?? 0) / elsewhereCount
                && !own.contains(word.capitalized) && !isAmongTheCommonest(word)
        }
        return SubjectTerms(
            subject: subject, names: names.prefix(limit).map(\.key), themes: themes.prefix(12).map(\.key))
    }

    /// Whether the vocabulary itself shows the word to be common. A byte-pair vocabulary is ordered by frequency: a
    /// word whose lower-case form is one token is an ordinary word, a capitalised token of low rank a common name.
    func isOrdinary(_ word: String) -> Bool {
        let size = Double(tokenizer.vocabularyCount)
        if let rank = rank(word.lowercased()), Double(rank) < 0.9 * size { return true }
        if let rank = rank(word), Double(rank) < 0.17 * size { return true }
        return false
    }

    /// Whether the word is in the first tenth of the vocabulary: "series" and "created" say nothing of a subject, and
    /// answers to anything else need them.
    private func isAmongTheCommonest(_ word: String) -> Bool {
        rank(word).map { Double($0) < 0.1 * Double(tokenizer.vocabularyCount) } ?? false
    }

    private func rank(_ word: String) -> Int32? {
        let ids = tokenizer.encode(" " + word, following: ".")
        return ids.count == 1 ? ids[0] : nil
    }

    /// "I’ll" and "Don't" begin like names, and dialogue is full of them.
    static func isContraction(_ word: String) -> Bool {
        let word = word.replacing("’", with: "'").lowercased()
        return ["'m", "'ll", "'ve", "'d", "'re", "n't"].contains { word.hasSuffix($0) }
    }

    /// What occurrences are counted in: a whole answer, and of a text, which may be a chapter, each sentence.
    static func passages(of examples: [Example]) -> [String] {
        examples.flatMap { example in
            guard case .text(let text) = example else { return [example.answer] }
            return sentences(text)
        }
    }

    /// Cut at line ends and behind marks that end a sentence; those behind "Mr." and "J." do too, which costs no word.
    static func sentences(_ text: String) -> [String] {
        var sentences: [String] = []
        var current = ""
        var mayEnd = false
        for character in text {
            if character.isNewline || mayEnd && character.isWhitespace {
                sentences.append(current)
                (current, mayEnd) = ("", false)
                continue
            }
            current.append(character)
            // Quotation marks and brackets may close behind the mark.
            mayEnd = ".!?…".contains(character) || mayEnd && "\"'”’)»".contains(character)
        }
        return (sentences + [current]).filter { $0.contains { !$0.isWhitespace } }
    }

    /// In how many texts each word occurs.
    static func documentCounts(_ texts: [String]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for text in texts {
            for word in Set(Self.words(of: text)) { counts[word, default: 0] += 1 }
        }
        return counts
    }

    /// Letters with inner apostrophes or hyphens removed at possessive ends: "Rowling's" is "Rowling".
    static func words(of text: String) -> [String] {
        var words: [String] = []
        for piece in text.split(whereSeparator: { $0.isWhitespace || $0 == "/" || $0 == "—" }) {
            let core = piece.trimmingPrefix { !$0.isLetter && !$0.isNumber }
            var word = String(core.reversed().trimmingPrefix { !$0.isLetter && !$0.isNumber }.reversed())
            for ending in ["'s", "’s"] where word.hasSuffix(ending) { word.removeLast(2) }
            if !word.isEmpty { words.append(word) }
        }
        return words
    }
}
