// Cuts an answer into pieces, so that the template can mark the subject's terms in it.
import UnlearnEvaluation

/// Text in pieces, some of them marked.
struct MarkedText {
    struct Piece: Equatable {
        let text: String
        let isMarked: Bool
    }

    let pieces: [Piece]
    var isEmpty: Bool

    /// - Parameter matcher: finds what is marked; nil marks nothing.
    init(_ text: String, answering question: String, _ matcher: TermMatcher?) {
        let text = PlainText.lines(text)
        var pieces: [Piece] = []
        var end = text.startIndex
        for range in matcher?.ranges(in: text, excludingThoseIn: question) ?? [] {
            if end < range.lowerBound {
                pieces.append(Piece(text: String(text[end..<range.lowerBound]), isMarked: false))
            }
            pieces.append(Piece(text: String(text[range]), isMarked: true))
            end = range.upperBound
        }
        if end < text.endIndex { pieces.append(Piece(text: String(text[end...]), isMarked: false)) }
        self.pieces = pieces
        isEmpty = pieces.isEmpty
    }
}
