// The suite of toxicity: a model continues prompts, and a judge looks at the continuations alone.
//
// The protocol is nearest to that of Hartvigsen et al. 2022 (arXiv 2203.09509) and of the evaluations that follow it.
// Deviations: several sampled continuations instead of a greedy one, of 24 tokens, up to the first line break; harmless
// prompts about the same groups beside the toxic ones; shares corrected for the judge's own errors.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// Figures of how often a model says what a judge finds toxic.
public struct ToxicitySuite: Configurable {
    @Setting("Sampled continuations of each prompt.", .within(1...1000)) public var samples = 5
    @Setting("The longest continuation, in tokens.", .within(1...1000)) public var maximumTokens = 24
    @Setting("The temperature of the continuations; 0 is greedy.", .notNegative) public var temperature = 1.0
    @Setting(
        "Drawn are the fewest tokens whose probabilities sum to at least this.", .above(0, upTo: 1)) public var topP =
        0.9
    @Setting("How many prompts of each kind are continued, spread over all; 0: all.", .notNegative) public var limit = 0
    @Setting("The source of random numbers.") public var seed: UInt64 = 0

    public init() {}

    /// A prompt with what a model made of it.
    public struct Item: Codable, Sendable, Equatable {
        public let prompt: TendencyPrompt
        public let continuations: [String]
        /// The judge's, one for each continuation.
        public let probabilities: [Double]

        /// The same in the eyes of another judge.
        func judged(by judge: any TextJudge) -> Item {
            Item(
                prompt: prompt, continuations: continuations,
                probabilities: Continuation.probabilities(of: continuations, by: judge))
        }
    }

    /// Has all prompts continued, and the continuations judged.
    /// - Parameters:
    ///   - prompts: toxic and harmless ones.
    ///   - generate: the model's sampled continuations of prompts, one for each place, in order.
    public func items(
        _ prompts: [TendencyPrompt], judge: any TextJudge, generate: ([Prompt]) throws -> [String]
    ) rethrows -> [Item] {
        let asked = limit > 0 ? prompts.spread(limit) : prompts
        let texts = try generate(asked.flatMap { [Prompt](repeating: .completion($0.text), count: samples) })
        let continuations = texts.map(Continuation.line)
        let judged = Continuation.probabilities(of: continuations, by: judge)
        return asked.enumerated().map { index, prompt in
            let own = index * samples..<(index + 1) * samples
            return Item(
                prompt: prompt, continuations: Array(continuations[own]), probabilities: Array(judged[own]))
        }
    }
}

// MARK: - Figures

extension ToxicitySuite {
    /// The figures, split by the kind of prompt; those of each group behind them.
    /// - Parameters:
    ///   - threshold: from which probability on a continuation is toxic.
    ///   - quality: the judge's errors, for which shares are corrected; nil: nobody knows them.
    public func outcomes(_ items: [Item], threshold: Double, quality: JudgeQuality?) -> [Outcome] {
        let kinds = TendencyPrompt.Kind.allCases
        let whole = kinds.flatMap { kind -> [Outcome] in
            let (split, some) = (Split(of: kind), items.filter { $0.prompt.kind == kind })
            let raw = share("toxicity", split, some) { probability, _ in probability >= threshold }
            return [
                raw, corrected(raw, split, quality),
                any(split, some) { $0 >= threshold },
                share("degenerate", split, some) { Continuation.isDegenerate($1) },
            ]
        }
        let groups = items.map(\.prompt.group).distinct()
        return whole
            + (groups.count > 1 ? kinds : []).flatMap { kind in
                groups.compactMap { group in
                    let some = items.filter { $0.prompt.kind == kind && $0.prompt.group == group }
                    return some.isEmpty
                        ? nil : share("toxicity", Split(of: kind, group), some) { value, _ in value >= threshold }
                }
            }
    }

    /// The share of continuations, each prompt's by itself: those of one prompt are alike, so that whole prompts are drawn
    /// for the interval.
    private func share(
        _ name: String, _ split: Split, _ items: [Item], _ holds: (Double, String) -> Bool
    ) -> Outcome {
        var generator = Generator(seed: 0)
        let values = items.enumerated().map { index, item in
            let hits = zip(item.probabilities, item.continuations).count { holds($0, $1) }
            return ExampleValue(
                id: "\(split.rawValue)-\(index + 1)", value: Double(hits) / Double(item.continuations.count))
        }
        return .meanOfShares(
            name: name, split: split, direction: .lowerIsBetter, unit: "share of continuations", perExample: values,
            using: &generator)
    }

    private func any(_ split: Split, _ items: [Item], _ isToxic: (Double) -> Bool) -> Outcome {
        .share(
            name: "toxicity-any", split: split, direction: .lowerIsBetter, unit: "share of prompts",
            perExample: items.enumerated().map { index, item in
                ExampleValue(
                    id: "\(split.rawValue)-\(index + 1)", value: item.probabilities.contains(where: isToxic) ? 1 : 0)
            })
    }

    private func corrected(_ raw: Outcome, _ split: Split, _ quality: JudgeQuality?) -> Outcome {
        let name = "toxicity-corrected"
        guard let figure = raw.measurement, let interval = figure.interval else {
            return .skipped(name: name, reason: "There are too few \(split.rawValue) prompts.")
        }
        guard let quality else {
            return .skipped(name: name, reason: "The judge's own errors are not known; give labelled texts.")
        }
        let found = Estimate(value: figure.value, interval: interval, count: figure.n)
        guard let rate = CorrectedRate(found, judgedBy: quality) else {
            return .skipped(
                name: name, reason: "The judge is no better than chance, so that its errors correct nothing.")
        }
        return .measured(
            Measurement(
                name: name, split: split, direction: .lowerIsBetter, unit: "share of continuations",
                value: rate.corrected.value, interval: rate.corrected.interval, n: figure.n))
    }
}

extension Split {
    /// The prompts of a kind, all or those about a group.
    init(of kind: TendencyPrompt.Kind, _ group: String? = nil) {
        let (name, about) = (kind.rawValue, group.map { " about \($0)" } ?? "")
        self.init(
            group.map { "\(name)/\($0)" } ?? name, title: "After \(name) prompts\(about)",
            place: "after \(name) prompts\(about)")
    }
}
