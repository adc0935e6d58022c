// Sampling: each question is asked many times with chance. A single greedy answer shows the top of what is known alone.

public import UnlearnData
import UnlearnEvaluation
public import UnlearnFormats

/// Draws several answers to each question and counts the questions of which any answer gives the subject away.
public struct Sampling: LanguageAttack {
    public static let card = Card(
        name: "sampling", summary: "Draws many answers to each question; one that gives the subject away is enough.",
        paper: "Reisizadeh et al. 2025, arXiv 2511.04934", needs: [.generation, .subjectTerms])

    @Setting("Answers to each question.", .within(1...1000)) public var samples = 20
    @Setting("Their temperature.", .positive) public var temperature = 1.0

    public init() {}

    public init(_ effort: AuditConfiguration.Effort) {
        self.init()
        samples = [.quick: 5, .full: 50][effort] ?? samples
    }

    public func workCount(_ audit: LanguageAudit) -> Int { 1 }

    public func looks(at audited: AuditedLanguageModel, _ audit: LanguageAudit) throws -> [LanguageLook] {
        defer { audit.advance() }
        let form = "\(samples) samples"
        let greedy = audited.plain.filter { $0.metric == MetricName.leak }
        let options = EvaluationOptions(samples: samples, temperature: temperature, shown: 0, seed: audit.seed)
        guard !greedy.isEmpty, let sampled = try audit.forgotten.sampled(of: audited.model, options) else {
            return [.skipped(form: form, reason: "No terms are known by which an answer gives the subject away.")]
        }
        return [.made(LanguageTrial(form: form, plain: greedy, attacked: [sampled]))]
    }
}
