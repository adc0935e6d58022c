// Cuts a text that is longer than a model reads. What counts is tokens: not every script has spaces to count words by.

public import Foundation

extension ExampleReader {
    /// Whether the examples of a file are pieces that this program cut a text into. A row is its author's, and stays whole.
    public static func isText(_ url: URL) -> Bool { url.pathExtension.lowercased() == "txt" }

    /// The examples of the file at `url`, pieces of a text cut further where they have more tokens than a model reads.
    /// - Parameter context: the most tokens that the model reads.
    public static func fitted(
        _ examples: [Example], of url: URL, to encoder: ExampleEncoder, context: Int
    ) -> [Example] {
        guard isText(url) else { return examples }
        let pieces = TextPieces { encoder.count(ofText: $0) <= context }
        return examples.flatMap { pieces.cut($0.answer).map(Example.text) }
    }
}

/// Cuts a text into pieces that fit, as long as possible and where it reads best: at the end of a line, else of a
/// sentence, else at a space, else between two characters. Only white space at the cuts is left out.
struct TextPieces {
    let fits: (String) -> Bool

    /// A text that fits is one piece, as it stands.
    func cut(_ text: String) -> [String] {
        guard !fits(text) else { return [text] }
        var pieces: [String] = []
        var places = Array(text.indices) + [text.endIndex]
        var start = 0
        while let first = places[start...].firstIndex(where: { $0 < text.endIndex && !text[$0].isWhitespace }) {
            start = first
            let longest = longestFit(from: start, places, in: text)
            let scalars = text[places[start]..<places[start + 1]].unicodeScalars
            if longest == start, scalars.count > 1 {
                // A character that is too long alone, of marks without end, is cut too.
                places.insert(contentsOf: scalars.indices.dropFirst(), at: start + 1)
                continue
            }
            let end = longest == start ? start + 1 : bestEnd(from: start, upTo: longest, places, in: text)
            pieces.append(piece(start..<end, places, in: text))
            start = end
        }
        return pieces
    }

    /// The text between two places, without white space behind it.
    private func piece(_ range: Range<Int>, _ places: [String.Index], in text: String) -> String {
        let whole = text[places[range.lowerBound]..<places[range.upperBound]]
        return String(
            whole.prefix(upTo: whole.lastIndex { !$0.isWhitespace }.map(whole.index(after:)) ?? whole.endIndex))
    }

    /// The last place up to which a piece fits; `start` if not even one character does.
    private func longestFit(from start: Int, _ places: [String.Index], in text: String) -> Int {
        var (fitting, beyond) = (start, places.count)
        var step = 64
        while fitting + 1 < beyond {
            // Steps grow until a piece is too long; then the gap is halved.
            let next = beyond == places.count ? min(fitting + step, beyond - 1) : (fitting + beyond) / 2
            if fits(piece(start..<next, places, in: text)) { fitting = next } else { beyond = next }
            step *= 2
        }
        return fitting
    }

    /// The best place to end a piece, in the second half of what fits; of equally good ones the last.
    private func bestEnd(from start: Int, upTo longest: Int, _ places: [String.Index], in text: String) -> Int {
        guard longest + 1 < places.count else { return longest }
        let candidates = (start + (longest - start + 1) / 2...longest).map {
            (place: $0, rank: rank(places[$0], in: text))
        }
        let ordered = candidates.sorted { ($0.rank, $0.place) > ($1.rank, $1.place) }
        // A shorter piece can have more tokens than a longer one, where the cut goes through a token.
        return ordered.first { fits(piece(start..<$0.place, places, in: text)) }?.place ?? longest
    }

    /// How well a text can be cut at a place within it: 3 at the end of a line, 2 of a sentence, 1 at a space or after
    /// punctuation that needs none.
    private func rank(_ place: String.Index, in text: String) -> Int {
        let (before, after) = (text[..<place], text[place...])
        let neighbours = [before.last, after.first].compactMap(\.self)
        if neighbours.contains(where: \.isNewline) { return 3 }
        let isSpaced = neighbours.contains(where: \.isWhitespace)
        // What closes a quotation or a bracket belongs to the sentence before it.
        let last = before.unicodeScalars.last { !$0.isClosing && !$0.properties.isWhitespace }?.properties
        let goesOn = after.unicodeScalars.first.map { $0.isClosing || $0.properties.isTerminalPunctuation } ?? false
        guard let last, !goesOn else { return isSpaced ? 1 : 0 }
        // A full stop without a space behind it may stand in a number or in an address; "。" ends a sentence.
        let isClear = isSpaced || !(before.unicodeScalars.last?.isASCII ?? true)
        if last.isSentenceTerminal, isClear { return 2 }
        return isSpaced || last.isTerminalPunctuation && isClear ? 1 : 0
    }
}

extension Unicode.Scalar {
    fileprivate var isClosing: Bool {
        switch properties.generalCategory {
        case .closePunctuation, .finalPunctuation: true
        default: self == "\"" || self == "'"
        }
    }
}
