// Draws the conclusion of a run from what was measured before and after, and says why in plain words.

public import UnlearnData

/// What a run showed, and the findings that led there, the deciding ones first.
public struct Verdict: Codable, Sendable, Equatable {
    public enum Conclusion: String, Codable, Sendable, CaseIterable {
        /// The answers leak no more than allowed, became improbable, and nothing else was harmed.
        case forgotten
        /// At least one requirement was clearly missed.
        case notForgotten = "not-forgotten"
        /// The measurements do not decide: too few examples, an interval across a limit, or a subject never known.
        case inconclusive
    }

    public let verdict: Conclusion
    public let reasons: [String]
}

extension Verdict {
    /// Judges a run. The same measurements and rule always give the same verdict.
    /// - Parameter forgetsWholeClasses: whether nothing of a forgotten kind is to stay.
    public init(
        before: [Measurement], after: [Measurement], control: [Measurement] = [], forgetsWholeClasses: Bool = false,
        rule: some VerdictRule = LanguageVerdictRule()
    ) {
        self.init(
            rule.findings(
                Evidence(
                    before: before, after: after, control: control, forgetsWholeClasses: forgetsWholeClasses)))
    }

    /// Draws the conclusion of findings.
    init(_ findings: [Finding]) {
        let severity: [Finding.Judgement] = [.unknownSubject, .failed, .unclear, .met]
        reasons = severity.flatMap { judgement in
            findings.filter { $0.judgement == judgement }.map(\.sentence)
        }
        let judgements = findings.map(\.judgement)
        if judgements.contains(.unknownSubject) {
            verdict = .inconclusive
        } else if judgements.contains(.failed) {
            verdict = .notForgotten
        } else {
            verdict = judgements.contains(.unclear) ? .inconclusive : .forgotten
        }
    }
}

/// The limits of a verdict, and what follows from them: one finding for each requirement. "Forgotten" needs all of them
/// kept; a limit that is clearly missed means "not forgotten". There is a rule for each family of models.
public protocol VerdictRule: Configurable {
    func findings(_ evidence: Evidence) -> [Finding]
}

/// One thing that was looked at, and how it stands.
public struct Finding: Sendable, Equatable {
    public enum Judgement: Sendable { case met, unclear, failed, unknownSubject }

    public let judgement: Judgement
    public let sentence: String

    public init(_ judgement: Judgement, _ sentence: String) {
        self.judgement = judgement
        self.sentence = sentence
    }
}
