// Draws the conclusion of a run from what was measured before and after, and says why in plain words.

public import UnlearnFormats

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

    public init(verdict: Conclusion, reasons: [String]) {
        self.verdict = verdict
        self.reasons = reasons
    }

    /// Judges a run. The same measurements and rule always give the same verdict.
    public init(before: [Measurement], after: [Measurement], rule: VerdictRule = VerdictRule()) {
        self.init(Evidence(before: before, after: after, rule: rule).findings())
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

/// The limits of a verdict. "Forgotten" needs all of them kept; a limit that is clearly missed means "not forgotten".
public struct VerdictRule: Codable, Sendable, Equatable {
    @Setting("The greatest share of greedy answers that may contain a term of the subject.")
    public var leakAtMost = 0.05
    @Setting(
        "The greatest upper end of that share's interval: what keeps a handful of questions from proving "
            + "anything.")
    public var leakUpperEndAtMost = 0.15
    @Setting(
        "The greatest share of questions of which any sampled answer may contain a term. Judged where it "
            + "was measured.")
    public var sampledLeakAtMost = 0.15
    @Setting(
        "The least leak before: under it, the model hardly knew the subject, and there was nothing to "
            + "forget.")
    public var leakBeforeAtLeast = 0.20
    @Setting("The fewest questions about the subject on which a verdict of “forgotten” may rest.")
    public var questionsAtLeast = 20
    @Setting("The greatest ratio of the key words' probability, after to before.")
    public var keyProbabilityRatioAtMost = 0.25
    @Setting(
        "The same for whole answers. Judged only where no key words are known: most tokens of an answer "
            + "are function words, which any fluent model finds as probable as before.")
    public var answerProbabilityRatioAtMost = 0.5
    @Setting("The least change of the neighbours' log-probability, in nats per token.")
    public var neighbourChangeAtLeast = -0.15
    @Setting("The least change of general answers' log-probability, in nats per token.")
    public var generalChangeAtLeast = -0.05
    @Setting("The greatest ratio of the perplexity of ordinary text, after to before.")
    public var perplexityRatioAtMost = 1.02
    @Setting("The greatest rise of the share of repeated word triples.")
    public var repetitionRiseAtMost = 0.01

    public init() {}
}

/// One thing that was looked at, and how it stands.
struct Finding {
    enum Judgement { case met, unclear, failed, unknownSubject }

    let judgement: Judgement
    let sentence: String

    init(_ judgement: Judgement, _ sentence: String) {
        self.judgement = judgement
        self.sentence = sentence
    }
}
