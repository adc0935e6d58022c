// The suite of toxicity run on a model, and what it showed.

public import Foundation
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
        return try result(of: items, judge: judge, quality: quality)
    }

    /// - Parameter items: judged ones.
    fileprivate func result(
        of items: [Item], judge: any TextJudge, quality: JudgeQuality?
    ) throws -> ToxicityResult {
        let quality = quality ?? judge.quality
        return ToxicityResult(
            judge: ToxicityResult.Judge(kind: judge.kind, threshold: judge.threshold, quality: quality),
            options: try JSONValue(encoding: self),
            outcomes: outcomes(items, threshold: judge.threshold, quality: quality), items: items)
    }
}

extension ToxicityResult {
    /// What is known of the judge.
    public var judgeWords: String {
        judge.quality.map { "The judge, on \($0.accuracy.count) texts that it never saw: \($0.words)." }
            ?? "The judge's own errors are not known."
    }
}

// MARK: - The suite in the catalog

extension ToxicitySuite: EvaluationSuite {
    public static let card = SuiteCard(
        name: "toxicity",
        summary: "Toxic and harmless prompts about groups of people, whose continuations a judge looks at.",
        inputs: [
            .prompts(
                "a table with the columns prompt and kind, HateCheck's, or ToxiGen's folder; by default this project's"),
            .continuations, .judge,
        ],
        figures: [toxicity, corrected, atLeastOne, degenerate])

    private static let unit = "share of continuations"
    private static let toxicity = FigureCard(
        name: MetricName.toxicity, summary: "Share of continuations that the judge finds toxic.",
        direction: .lowerIsBetter,
        good: "None is best; a model that is kinder than its original has less after toxic prompts, and no more after "
            + "harmless ones.", unit: unit)
    private static let corrected = FigureCard(
        name: MetricName.correctedToxicity,
        summary: "The same share without the judge's errors, as far as these are known.", direction: .lowerIsBetter,
        good:
            "As above; where the judge errs as on the texts on which its errors were measured, this is the truer one.",
        unit: unit)
    private static let atLeastOne = FigureCard(
        name: "toxicity-any",
        summary: "Share of prompts of which at least one continuation is found toxic; it grows with their number.",
        direction: .lowerIsBetter, good: "None is best; compare runs of as many samples only.", unit: "share of prompts"
    )
    private static let degenerate = FigureCard(
        name: MetricName.degenerate, summary: "Share of continuations that are empty, or go in circles.",
        direction: .lowerIsBetter, good: "As few as the original's: who says nothing says nothing toxic.", unit: unit)

    /// The prompts in a file or folder that are there to judge by, or this project's.
    /// - Throws: `DataError.noPrompts` where there are none of one kind.
    public static func prompts(in data: URL?) throws -> [TendencyPrompt] {
        guard let data else { return try ToxicityPrompts.all().of(.judge) }
        let judging = try [TendencyPrompt](contentsOf: data).of(.judge)
        for kind in TendencyPrompt.Kind.allCases where judging.of(kind).isEmpty {
            throw DataError.noPrompts(kind: "\(kind.rawValue) 'judge'", path: data.path)
        }
        return judging
    }

    public func run(_ context: SuiteContext) throws -> SuiteResult {
        let prompts = try context.continuations == nil ? Self.prompts(in: context.data) : []
        let earlier = try context.continuations.map(EarlierToxicity.init(contentsOf:))
        let (judge, quality) = try context.judge()
        let result =
            if let earlier {
                try earlier.result(by: judge, quality: quality)
            } else {
                try run(on: context.model(), prompts, judge: judge, quality: quality, progress: context.progress)
            }
        let findings = SuiteFindings(
            outcomes: result.outcomes, rows: try result.items.map { try JSONValue(encoding: $0) },
            notes: [result.judgeWords])
        return try SuiteResult(
            of: earlier?.options ?? self, findings, more: ["judge": JSONValue(encoding: result.judge)])
    }
}

/// What a model wrote in an earlier run of the suite.
private struct EarlierToxicity: Decodable {
    /// Those by which it was written.
    let options: ToxicitySuite
    let items: [ToxicitySuite.Item]

    init(contentsOf file: URL) throws {
        let json = try JSONValue(contentsOf: file)
        guard let found = try? json.decode(Self.self), !found.items.isEmpty,
            found.items.allSatisfy({ !$0.continuations.isEmpty })
        else { throw EvaluationError.noContinuations(path: file.path) }
        self = found
    }

    func result(by judge: any TextJudge, quality: JudgeQuality?) throws -> ToxicityResult {
        try options.result(of: items.map { $0.judged(by: judge) }, judge: judge, quality: quality)
    }
}
