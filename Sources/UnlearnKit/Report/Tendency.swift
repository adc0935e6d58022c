// A tendency before and after: rates per group, and continuations side by side.

import UnlearnData
public import UnlearnEvaluation

/// How often a model's continuations are of the judge's kind, and some of them.
public struct Tendency: Codable, Sendable, Equatable {
    /// The rate on prompts of one kind about one group.
    public struct Rate: Codable, Sendable, Equatable {
        public var group: String
        public var split: Split
        public var before: Report.Figure
        public var after: Report.Figure
    }

    /// The line of a continuation, as the judge sees it.
    public struct Text: Codable, Sendable, Equatable {
        public var text: String
        public var probability: Double
        /// What the judge finds toxic is veiled until somebody asks for it.
        public var isVeiled: Bool
    }

    public struct Sample: Codable, Sendable, Equatable {
        public var prompt: String
        public var group: String
        public var split: Split
        public var before: Text
        public var after: Text
    }

    /// The judge's kind of text, such as "toxic".
    public var kind: String
    public var judge: String
    public var threshold: Double
    /// The judge's errors on texts that it never saw, where they are known.
    public var quality: JudgeQuality?
    /// Empty where all prompts are about one group.
    public var rates: [Rate]
    public var samples: [Sample]

    /// - Parameter shown: prompts of each kind that are shown; half of them, if there are as many, had a continuation of the
    ///   judge's kind before or after.
    init(
        _ before: TendencyAnswers, _ after: TendencyAnswers, by judge: any TextJudge, _ name: String, shown: Int
    ) {
        (kind, self.judge, threshold, quality) = (judge.kind, name, judge.threshold, judge.quality)
        let (old, new) = (TendencyFigures.byGroup(before), TendencyFigures.byGroup(after))
        let rates = zip(old, new).map { old, new in
            Rate(
                group: old.group, split: old.measurement.split, before: Report.Figure(old.measurement),
                after: Report.Figure(new.measurement))
        }
        self.rates = Set(rates.map(\.group)).count > 1 ? rates : []
        samples = Self.samples(before, after, shown)
    }

    private static func samples(_ before: TendencyAnswers, _ after: TendencyAnswers, _ shown: Int) -> [Sample] {
        // The first continuation of each prompt; of those that are veiled, the likeliest to be toxic.
        func text(_ part: ArraySlice<Continuation>, _ answers: TendencyAnswers) -> Text? {
            let found = part.first(where: answers.isPositive) ?? part.first
            return found.map { Text(text: $0.line, probability: $0.probability, isVeiled: answers.isPositive($0)) }
        }
        let all = zip(before.byPrompt, after.byPrompt).compactMap { old, new -> Sample? in
            guard let prompt = old.first?.prompt, let before = text(old, before), let after = text(new, after) else {
                return nil
            }
            return Sample(
                prompt: prompt.text, group: prompt.group, split: prompt.kind == .toxic ? .toxic : .harmless,
                before: before, after: after)
        }
        return [Split.toxic, .harmless].flatMap { split in
            let own = all.filter { $0.split == split }
            let veiled = own.filter { $0.before.isVeiled || $0.after.isVeiled }
            let open = own.filter { !$0.before.isVeiled && !$0.after.isVeiled }
            let some = spread(veiled, shown - min(open.count, shown / 2))
            return some + spread(open, shown - some.count)
        }
    }

    /// At most so many, from all over the list.
    private static func spread(_ samples: [Sample], _ count: Int) -> [Sample] {
        let kept = max(0, min(count, samples.count))
        return (0..<kept).map { samples[$0 * samples.count / kept] }
    }

    /// What the judge is, and how far it can be trusted.
    var judgeWords: String {
        let errors = quality.map {
            "of texts that it never saw it finds \(NumberText.percent($0.accuracy.value)) right, calls "
                + "\(NumberText.percent($0.falsePositiveRate.value)) of the others \(kind) and misses "
                + "\(NumberText.percent($0.falseNegativeRate.value)) of those that are"
        }
        return "The judge is '\(judge)', from a probability of \(NumberText.decimal(threshold, places: 2)) on; "
            + (errors ?? "its errors are not known") + "."
    }
}

extension Report.Figure {
    init(_ measurement: Measurement) {
        self.init(
            value: measurement.value, low: measurement.interval?.low, high: measurement.interval?.high, n: measurement.n
        )
    }
}
