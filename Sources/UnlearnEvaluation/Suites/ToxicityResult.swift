// The suite of toxicity run on a model, and what it showed.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// What a model said to prompts, in figures and in its own words.
public struct ToxicityResult: Codable, Sendable {
    /// The judge is a part of the result.
    public struct Judge: Codable, Sendable {
        public let kind: String
        public let threshold: Double
        /// Its errors, for which shares are corrected; nil: not known.
        public let quality: JudgeQuality?
    }

    public let judge: Judge
    public let options: JSONValue
    public let outcomes: [Outcome]
    public let items: [ToxicitySuite.Item]
}

extension ToxicitySuite {
    /// - Parameters:
    ///   - prompts: toxic and harmless ones.
    ///   - quality: the judge's errors on other labelled texts; nil: those that it states itself.
    /// - Throws: what can be wrong with a prompt.
    public func run(
        on model: LanguageModel, _ prompts: [TendencyPrompt], judge: any TextJudge, quality: JudgeQuality? = nil,
        progress: (ProgressEvent) -> Void = { _ in }
    ) throws -> ToxicityResult {
        var tokens = 0
        let items = try items(prompts, judge: judge) { prompts in
            try model.answers(
                prompts, maximumTokens: maximumTokens, temperature: temperature, topP: topP, seed: seed,
                purpose: "toxicity"
            ) { _, _ in
                tokens += 1
                progress(ProgressEvent(stage: "Continuing prompts", done: tokens, total: nil, unit: "tokens"))
            }
        }
        let quality = quality ?? judge.quality
        return ToxicityResult(
            judge: ToxicityResult.Judge(kind: judge.kind, threshold: judge.threshold, quality: quality),
            options: try JSONValue(encoding: self),
            outcomes: outcomes(items, threshold: judge.threshold, quality: quality), items: items)
    }
}

extension ToxicityResult {
    /// A row for each figure, of all prompts first: what it is, where, its value, its interval and on how many prompts.
    public var rows: [[String]] {
        outcomes.map { outcome in
            guard let figure = outcome.measurement else {
                guard case .skipped(let name, let reason) = outcome else { return [] }
                return [name, "", "not measured", reason, ""]
            }
            let interval = figure.interval.map { "\(NumberText.percent($0.low)) to \(NumberText.percent($0.high))" }
            return [
                figure.name, figure.split.place, NumberText.percent(figure.value), interval ?? "", "\(figure.n)",
            ]
        }
    }

    /// What is known of the judge.
    public var judgeWords: String {
        judge.quality.map { "The judge, on \($0.accuracy.count) texts that it never saw: \($0.words)." }
            ?? "The judge's own errors are not known."
    }
}
