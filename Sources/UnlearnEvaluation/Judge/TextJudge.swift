// What evaluation asks of a judge of texts, and what a judge is measured on.

/// Something that says how probable it is that a text is of a kind, toxic say.
public protocol TextJudge {
    /// The kind, in a word.
    var kind: String { get }
    /// A text is judged to be of the kind from this probability on.
    var threshold: Double { get }
    /// Its errors on texts that it never saw; nil if nobody has measured them.
    var quality: JudgeQuality? { get }
    /// One for each text.
    func probabilities(of texts: [String]) -> [Double]
}

extension TextJudge {
    public func isPositive(_ texts: [String]) -> [Bool] { probabilities(of: texts).map { $0 >= threshold } }

    /// Its errors on labelled texts, which it must not have been fitted on.
    /// - Throws: `JudgeError.oneClass` unless there are positive and negative texts.
    public func quality(on texts: [LabelledText]) throws(JudgeError) -> JudgeQuality {
        try JudgeQuality(
            probabilities: probabilities(of: texts.map(\.text)), isPositive: texts.map(\.isPositive),
            threshold: threshold)
    }
}

/// A text of which somebody has said whether it is of a judge's kind.
public struct LabelledText: Sendable, Equatable {
    public let text: String
    public let isPositive: Bool
    /// Texts of one group, such as a template, are either all fitted on or all held out.
    public let group: String

    public init(_ text: String, isPositive: Bool, group: String) {
        (self.text, self.isPositive, self.group) = (text, isPositive, group)
    }
}
