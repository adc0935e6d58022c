// What the benchmark found: one row for each method, and the table of them.

import UnlearnEngine
public import UnlearnEvaluation

/// The figures of many models that were made in one way.
public struct NeurIPS2023Row: Codable, Sendable, Equatable {
    public var name: String
    public var models: Int
    /// F with its interval, the score, and ε of each forget image. For the retrained models F is that of a perfect method;
    /// the original has none.
    public var quality: Double?
    public var interval: Interval?
    public var score: Double?
    public var forgetAccuracy: Double
    public var retainAccuracy: Double
    public var testAccuracy: Double
    /// Accuracy of the average-case attack; one half means that it sees nothing.
    public var averageCaseAttack: Double
    /// Mean seconds for one model, and their share of those for a retrained one.
    public var seconds: Double
    public var shareOfRetraining: Double
    public var epsilons: [Double]

    /// The means over `outcomes`, without what compares them with retrained models.
    init(_ name: String, _ records: [ModelRecord], retrainingSeconds: Double) {
        self.name = name
        models = records.count
        func mean(_ value: (ClassifierOutcome) -> Double) -> Double {
            Statistics.mean(records.map { value($0.outcome) })
        }
        forgetAccuracy = mean(\.forgetAccuracy)
        retainAccuracy = mean(\.retainAccuracy)
        testAccuracy = mean(\.testAccuracy)
        var generator = Generator(seed: 0)
        averageCaseAttack = Statistics.mean(
            records.map {
                AverageCaseAttack(
                    forgotten: $0.outcome.forgetLosses, unseen: $0.outcome.unseenLosses, using: &generator
                ).accuracy
            })
        seconds = Statistics.mean(records.map(\.seconds))
        shareOfRetraining = seconds / retrainingSeconds
        epsilons = []
    }

    /// Shows what a perfect method would have.
    mutating func showCeiling(of retrained: [ModelRecord]) {
        var generator = Generator(seed: 0)
        quality = ForgettingQuality.ceiling(retrained: retrained.map(\.outcome.logits), using: &generator)
        score = quality
    }

    /// Compares with retrained models.
    mutating func compare(_ records: [ModelRecord], with retrained: [ModelRecord], _ reference: NeurIPS2023Row) {
        let (ours, theirs) = (records.map(\.outcome.logits), retrained.map(\.outcome.logits))
        let found = ForgettingQuality(unlearned: ours, retrained: theirs)
        var generator = Generator(seed: 0)
        quality = found.quality
        interval = ForgettingQuality.interval(unlearned: ours, retrained: theirs, using: &generator)
        score =
            found.quality * (retainAccuracy / reference.retainAccuracy) * (testAccuracy / reference.testAccuracy)
        epsilons = found.epsilons
    }
}

/// All rows, the methods with the best score first.
public struct NeurIPS2023Result: Codable, Sendable, Equatable {
    public var forgetCount: Int
    public var retainCount: Int
    public var testCount: Int
    public var classes: Int
    public var parameters: Int
    public var workers: Int
    public var rows: [NeurIPS2023Row]
    public var peakMemoryBytes: Int

    /// The table for a terminal.
    public var table: String {
        TerminalTable(Self.titles, right: Set(1..<Self.titles.count), rows: rows.map(cells)).render()
    }

    /// The same as Markdown.
    public var markdown: String {
        let lines = [Self.titles, Self.titles.indices.map { $0 == 0 ? "---" : "--:" }] + rows.map(cells)
        return lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    private static let titles = [
        "method", "models", "F", "95 %", "score", "forget", "retain", "test", "attack", "seconds", "of retraining",
    ]

    private func cells(_ row: NeurIPS2023Row) -> [String] {
        let interval = row.interval.map {
            "\(NumberText.decimal($0.low, places: 3))–\(NumberText.decimal($0.high, places: 3))"
        }
        return [
            row.name, "\(row.models)", row.quality.map { NumberText.decimal($0, places: 4) } ?? "",
            interval ?? "", row.score.map { NumberText.decimal($0, places: 4) } ?? "",
            NumberText.decimal(row.forgetAccuracy), NumberText.decimal(row.retainAccuracy),
            NumberText.decimal(row.testAccuracy), NumberText.decimal(row.averageCaseAttack),
            NumberText.decimal(row.seconds, places: 2), NumberText.percent(row.shareOfRetraining),
        ]
    }
}
