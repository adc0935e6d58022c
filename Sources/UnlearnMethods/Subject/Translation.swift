// Texts about the subject read as if they were about somebody else, aligned token by token.

internal import Foundation
internal import UnlearnData

/// A word-for-word exchange of a subject's names for ordinary ones. Both readings have the same words, so that every
/// token of the one has its place in the other.
public struct Translation: Sendable {
    private let replacements: [String: String]

    /// - Parameter replacements: whole words, case-sensitive.
    public init(_ replacements: [String: String]) { self.replacements = replacements }

    public func callAsFunction(_ text: String) -> String { segments(text).map(\.translated).joined() }

    /// A stretch of text that stays, or one word that is exchanged.
    struct Segment {
        var original: String
        var translated: String
        var isExchanged: Bool { original != translated }
    }

    /// The text cut at exchanged words; each takes the space before it along, as byte-pair tokens do.
    func segments(_ text: String) -> [Segment] {
        var segments: [Segment] = []
        func append(_ original: Substring, _ translated: String, isWord: Bool) {
            if isWord {
                var space = ""
                if let last = segments.last, !last.isExchanged, last.original.last == " " {
                    segments[segments.count - 1].original.removeLast()
                    segments[segments.count - 1].translated.removeLast()
                    space = " "
                }
                segments.append(Segment(original: space + original, translated: space + translated))
            } else if let last = segments.last, !last.isExchanged {
                segments[segments.count - 1].original += original
                segments[segments.count - 1].translated += translated
            } else {
                segments.append(Segment(original: String(original), translated: translated))
            }
        }
        var rest = text[...]
        while let first = rest.first {
            let isLetter = first.isLetter || first.isNumber
            let run = rest.prefix { ($0.isLetter || $0.isNumber) == isLetter }
            let replacement = isLetter ? replacements[String(run)] : nil
            append(run, replacement ?? String(run), isWord: replacement != nil)
            rest = rest[run.endIndex...]
        }
        return segments.filter { !$0.original.isEmpty }
    }

    /// The two readings of an example as tokens, and which token of the one predicts alike in the other.
    struct Aligned {
        var original: [Int32]
        var translated: [Int32]
        /// Places (in the original, in the translation) of tokens that are to be predicted alike. Of an exchanged word, of
        /// which only the first token counts, also what stands in its place.
        var targets: [(original: Int, translated: Int, standIn: String?)] = []
    }

    /// - Parameter skipping: words of the original whose prediction does not count: the subject's own name.
    func align(
        _ example: Example, _ encoder: ExampleEncoder, skipping: Set<String>
    ) throws(TokenizerError) -> Aligned {
        let segments = segments(example.answer)
        let original = try encoder.read(example, parts: segments.map(\.original))
        let translated = try encoder.read(example.mapText { self($0) }, parts: segments.map(\.translated))
        var aligned = Aligned(original: original.tokens, translated: translated.tokens)
        // What stands between the prompt and the answer, the answer's segments, and what ends it.
        let cuts = zip(original.bounds + [original.tokens.count], translated.bounds + [translated.tokens.count])
        for (index, (start, end)) in zip(cuts, cuts.dropFirst()).enumerated() {
            let (own, foreign) = (start.0..<end.0, start.1..<end.1)
            if index > 0, index <= segments.count, segments[index - 1].isExchanged {
                let word = segments[index - 1].original.trimmingCharacters(in: .whitespaces)
                // Inside an exchanged word only its first token counts: the rest of it spells a name.
                guard !skipping.contains(word), !own.isEmpty, !foreign.isEmpty else { continue }
                let standIn = segments[index - 1].translated.trimmingCharacters(in: .whitespaces)
                aligned.targets.append((own.lowerBound, foreign.lowerBound, standIn))
            } else {
                let alike = zip(own.reversed(), foreign.reversed())
                    .prefix { original.tokens[$0] == translated.tokens[$1] }
                aligned.targets += alike.reversed().map { ($0, $1, nil) }
            }
        }
        return aligned
    }
}

/// Ordinary names to stand in for a subject's own.
enum OrdinaryNames {
    static let given = [
        "Daniel", "Emily", "Thomas", "Laura", "Michael", "Susan", "Peter", "Anna", "David", "Helen", "Robert", "Julia",
        "Andrew", "Karen", "Simon", "Alice", "Martin", "Claire", "Philip", "Nancy",
    ]
    static let family = [
        "Mercer", "Walker", "Bennett", "Collins", "Parker", "Foster", "Hughes", "Morgan", "Turner", "Cooper", "Reed",
        "Bailey", "Richardson", "Howard", "Ward", "Peterson", "Gray", "Watkins", "Brooks", "Kelly", "Sanders", "Price",
        "Bryant", "Russell", "Griffin", "Hayes", "Ford", "Hamilton", "Graham", "Sullivan", "Wallace", "Woods", "Cole",
        "West", "Jordan", "Owens", "Reynolds", "Fisher", "Ellis", "Harrison", "Gibson", "Cruz", "Marshall", "Ortiz",
        "Gomez", "Murray", "Freeman", "Wells", "Webb", "Simpson", "Stevens", "Tucker", "Porter", "Hunter", "Hicks",
        "Crawford", "Henry", "Boyd", "Mason", "Morales", "Kennedy", "Warren", "Dixon", "Ramos", "Burns", "Gordon",
    ]
    static let places = [
        "Ashford", "Milton", "Dover", "Preston", "Bristol", "Salem", "Clifton", "Burlington", "Aurora", "Hudson",
        "Lancaster", "Richmond", "Lincoln", "Madison", "Fairfield", "Oxford",
    ]
    /// Whole names for the subject itself, used in turn.
    static let people = [
        "Daniel Mercer", "Laura Bennett", "Thomas Walker", "Susan Collins", "Peter Hughes", "Anna Foster",
    ]
    /// Whole titles for a subject that is a work, a place or a thing.
    static let titles = ["Silver Harbor", "Green Valley", "Open Road", "North Bridge", "Quiet River", "Summer House"]
}
