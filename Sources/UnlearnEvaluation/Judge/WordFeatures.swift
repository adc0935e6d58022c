// Texts as counts of words and phrases, weighted by how rare these are.

internal import Foundation
public import UnlearnData
public import UnlearnFormats

/// Term frequency times inverse document frequency, as scikit-learn's TfidfVectorizer computes it with
/// `ngram_range=(1, longestPhrase)`, `min_df=minimumTexts`, `max_features=maximumTerms`, `sublinear_tf=usesLogarithm`, and
/// all else as it comes: words of two characters or more in lower case, smoothed frequencies, rows of length 1.
///
/// Two deviations: a capital sigma at the end of a word becomes σ, not ς; and where terms are as frequent as the last that
/// `maximumTerms` lets in, the first in the order of their code points stay.
public struct WordFeatures: Sendable, Equatable {
    public struct Options: Configurable {
        @Setting("The longest phrase that counts as a term, in words.", .within(1...10)) public var longestPhrase = 2
        @Setting("In how many texts a term must be found.", .positive) public var minimumTexts = 2
        @Setting("How many terms are kept, the most frequent ones.", .positive) public var maximumTerms = 50_000
        @Setting("Whether a count n becomes 1 + log n.") public var usesLogarithm = true

        public init() {}

        /// What is wrong with the numbers, if anything.
        func problem() -> JudgeError? {
            let numbers = [
                ("longestPhrase", longestPhrase), ("minimumTexts", minimumTexts), ("maximumTerms", maximumTerms),
            ]
            return numbers.first { $0.1 < 1 }.map { .option($0.0, expected: "a positive whole number") }
        }
    }

    public let options: Options
    /// In the order of their code points.
    public let terms: [String]
    /// For each term log((1 + texts) / (1 + texts with it)) + 1.
    public let rarity: [Double]
    private let columns: [[UInt8]: Int32]

    /// - Precondition: as many numbers as terms.
    init(options: Options, terms: [String], rarity: [Double]) {
        precondition(terms.count == rarity.count, "WordFeatures: one number for each term")
        (self.options, self.terms, self.rarity) = (options, terms, rarity)
        columns = Dictionary(zip(terms.map { Array($0.utf8) }, Int32(0)...)) { first, _ in first }
    }

    /// The terms of these texts.
    public init(fitting texts: [String], _ options: Options = Options()) throws(JudgeError) {
        if let problem = options.problem() { throw problem }
        var found: [[UInt8]: (texts: Int, total: Int)] = [:]
        for text in texts {
            for (term, count) in Self.counts(of: text, options.longestPhrase) {
                found[term, default: (0, 0)].texts += 1
                found[term, default: (0, 0)].total += count
            }
        }
        var kept = found.filter { $0.value.texts >= options.minimumTexts }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        guard !kept.isEmpty else { throw .noTerms(minimumTexts: options.minimumTexts) }
        if kept.count > options.maximumTerms {
            let order = kept.indices.sorted { (-kept[$0].value.total, $0) < (-kept[$1].value.total, $1) }
            kept = order.prefix(options.maximumTerms).sorted().map { kept[$0] }
        }
        let count = Double(texts.count)
        self.init(
            options: options, terms: kept.map { String(decoding: $0.key, as: UTF8.self) },
            rarity: kept.map { log((1 + count) / (1 + Double($0.value.texts))) + 1 })
    }

    /// A row for each text; one without any known term is all zero.
    public func rows(of texts: [String]) -> FeatureRows {
        FeatureRows(sparse: texts.map(row), width: terms.count)
    }

    private func row(of text: String) -> [(column: Int32, value: Double)] {
        var row: [(column: Int32, value: Double)] = []
        for (term, count) in Self.counts(of: text, options.longestPhrase) {
            guard let column = columns[term] else { continue }
            let frequency = options.usesLogarithm ? 1 + log(Double(count)) : Double(count)
            row.append((column, frequency * rarity[Int(column)]))
        }
        row.sort { $0.column < $1.column }
        let length = row.reduce(0) { $0 + $1.value * $1.value }.squareRoot()
        return row.map { ($0.column, $0.value / length) }
    }

    /// How often each word and phrase occurs.
    private static func counts(of text: String, _ longestPhrase: Int) -> [[UInt8]: Int] {
        let words = words(of: text)
        var counts: [[UInt8]: Int] = [:]
        for length in 1..<min(longestPhrase, words.count) + 1 {
            for start in 0...(words.count - length) {
                counts[Array(words[start..<start + length].joined(separator: [0x20])), default: 0] += 1
            }
        }
        return counts
    }

    /// Runs of two or more letters, digits and underscores, in lower case: `(?u)\b\w\w+\b` in Python, where marks are no
    /// part of words.
    static func words(of text: String) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var length = 0
        func finish() {
            if length > 1 { words.append(word) }
            word.removeAll()
            length = 0
        }
        for original in text.unicodeScalars {
            for scalar in original.properties.lowercaseMapping.unicodeScalars {
                if scalar.isPythonWord {
                    word.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
                    length += 1
                } else {
                    finish()
                }
            }
        }
        finish()
        return words
    }
}

extension Unicode.Scalar {
    fileprivate var isPythonWord: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: self == "_"
        }
    }
}
