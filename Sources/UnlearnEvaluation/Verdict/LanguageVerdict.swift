// The verdict of a language model's run: is the subject gone, and is the rest kept?

internal import UnlearnData
public import UnlearnFormats

/// The limits of a language model's verdict.
public struct LanguageVerdictRule: VerdictRule {
    @Setting("The greatest share of greedy answers that may contain a term of the subject.")
    public var leakAtMost = 0.05
    @Setting(
        "The greatest upper end of that share's interval, for a greater limit: what keeps a handful of questions from "
            + "proving anything.")
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

    public func findings(_ evidence: Evidence) -> [Finding] {
        LanguageFindings(evidence: evidence, rule: self).findings()
    }
}

/// One finding for each requirement.
private struct LanguageFindings {
    let evidence: Evidence
    let rule: LanguageVerdictRule

    func findings() -> [Finding] {
        knownBefore() + leak() + sampledLeak() + [
            probability(),
            evidence.kept(
                MetricName.logProbability, .neighbour, "the log-probability of answers about neighbouring subjects",
                atLeast: rule.neighbourChangeAtLeast, " nats per token"),
            evidence.kept(
                MetricName.logProbability, .general, "the log-probability of answers to general questions",
                atLeast: rule.generalChangeAtLeast, " nats per token"),
            evidence.perplexity(ratioAtMost: rule.perplexityRatioAtMost),
        ] + repetitions()
    }

    // MARK: - Is it gone?

    private func knownBefore() -> [Finding] {
        guard let leak = evidence.measured(MetricName.leak, .forget, in: evidence.before) else {
            return [evidence.missing("how many answers contained a term of the subject before")]
        }
        // A share that is no number is not known to be high enough either.
        guard !(leak.value >= rule.leakBeforeAtLeast) else { return [] }
        return [
            Finding(
                .unknownSubject,
                "The model hardly knew the subject before: only \(evidence.share(leak)) contained a term of it, and at least "
                    + "\(NumberText.percent(rule.leakBeforeAtLeast)) are needed to show that anything was forgotten.")
        ]
    }

    private func leak() -> [Finding] {
        guard let leak = evidence.measured(MetricName.leak, .forget, in: evidence.after) else {
            return [evidence.missing("how many answers contain a term of the subject after forgetting")]
        }
        let limit = rule.leakAtMost
        var tooFew: [Finding] = []
        if leak.n < rule.questionsAtLeast {
            tooFew.append(
                Finding(
                    .unclear,
                    "Only \(leak.n) question\(leak.n == 1 ? " asks" : "s ask") about the subject; at least "
                        + "\(rule.questionsAtLeast) are needed."))
        }
        let sentence = "After forgetting, \(evidence.share(leak)) contain a term of the subject\(givenAway(leak)); "
        let finding = evidence.finding(
            sentence, JudgedFigure(share: leak), atMost: limit, NumberText.percent(limit), "question")
        if finding.judgement == .met, let high = leak.interval?.high, high > rule.leakUpperEndAtMost {
            let ending = "too few questions to exclude a share over \(NumberText.percent(rule.leakUpperEndAtMost))."
            return [Finding(.unclear, sentence + ending)] + tooFew
        }
        return [finding] + tooFew
    }

    private func sampledLeak() -> [Finding] {
        guard let leak = evidence.measured(MetricName.sampledLeak, .forget, in: evidence.after) else { return [] }
        let limit = NumberText.percent(rule.sampledLeakAtMost)
        let share = evidence.share(leak, "question")
        let sentence =
            "With sampling, a term of the subject appears in at least one answer to \(share)\(givenAway(leak)); "
        return [
            evidence.finding(sentence, JudgedFigure(share: leak), atMost: rule.sampledLeakAtMost, limit, "question")
        ]
    }

    /// Which words keep giving the subject away, those found in most places first: ", most often “Nobel” (3), …".
    private func givenAway(_ leak: Measurement, limit: Int = 6) -> String {
        let counts = Dictionary(leak.perExample.flatMap { $0.found ?? [] }.map { ($0, 1) }, uniquingKeysWith: +)
        guard !counts.isEmpty else { return "" }
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let words = ranked.prefix(limit).map { "“\($0.key)” (\($0.value))" }.joined(separator: ", ")
        let more = max(0, ranked.count - limit)
        return ", most often \(words)" + (more == 0 ? "" : " and \(more) other\(more == 1 ? "" : "s")")
    }

    /// Of the words that only someone who knows the subject would say; without such words, of whole answers.
    private func probability() -> Finding {
        if let (old, new) = evidence.both(MetricName.keyProbability, .forget) {
            return fall("The key words of the subject", old, new, ratioAtMost: rule.keyProbabilityRatioAtMost)
        }
        if let (old, new) = evidence.both(MetricName.answerProbability, .forget) {
            return fall("The answers to be forgotten", old, new, ratioAtMost: rule.answerProbabilityRatioAtMost)
        }
        return evidence.missing("the probability of the answers to be forgotten, before and after")
    }

    private func fall(_ what: String, _ old: Measurement, _ new: Measurement, ratioAtMost limit: Double) -> Finding {
        let ratio = evidence.ratio(old, new)
        var sentence = "\(what) have \(NumberText.percent(ratio.value, places: 0)) of their earlier probability "
        sentence += "(\(NumberText.decimal(old.value)) before, \(NumberText.decimal(new.value)) after"
        sentence += evidence.words(ratio.interval) { NumberText.percent($0, places: 0) } + "); "
        return evidence.finding(sentence, ratio, atMost: limit, NumberText.percent(limit, places: 0), "question")
    }

    // MARK: - Is the rest kept?

    private func repetitions() -> [Finding] {
        let findings = Split.all.compactMap { split -> Finding? in
            guard let (old, new) = evidence.both(MetricName.repetition, split) else { return nil }
            let change = evidence.change(old, new)
            return evidence.finding(
                "The share of repeated word triples in \(split.rawValue) answers changed by \(evidence.describe(change)); ",
                change, atMost: rule.repetitionRiseAtMost, NumberText.decimal(rule.repetitionRiseAtMost), "question")
        }
        return findings.isEmpty ? [evidence.missing("repetition in the answers, before and after")] : findings
    }
}
