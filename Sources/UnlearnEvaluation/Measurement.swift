// The values an evaluation yields: a figure with its interval and its per-example values, or the reason there is none.

/// Which way a figure should go when a model forgets.
public enum Direction: String, Codable, Sendable, CaseIterable {
    case lowerIsBetter
    case higherIsBetter
    case unchangedIsBetter
}

/// A range that holds the true value with the stated confidence (95 % unless said otherwise).
public struct Interval: Codable, Sendable, Equatable {
    public let low: Double
    public let high: Double

    /// Whether there were enough values to find its ends.
    var isKnown: Bool { !low.isNaN && !high.isNaN }
}

/// The value measured on one example.
public struct ExampleValue: Codable, Sendable, Equatable {
    public let id: String
    public let value: Double
    /// The terms that the answers hold, where a metric looks for terms.
    public let found: [String]?

    init(id: String, value: Double, found: [String]? = nil) {
        (self.id, self.value, self.found) = (id, value, found)
    }

    /// Most values have no terms, and files that hold thousands of them say so by leaving the member out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(value, forKey: .value)
        if let found { try container.encode(found, forKey: .found) }
    }
}

/// The names of the figures that a verdict rests on. Other figures are reported, and decide nothing.
public enum MetricName {
    /// Share of greedy answers that contain a term of the subject (forget).
    public static let leak = "leak"
    /// Share of questions where any of several sampled answers contains a term of the subject (forget).
    public static let sampledLeak = "sampled-leak"
    /// Mean probability, per token, of the answers to be forgotten (forget).
    public static let answerProbability = "answer-probability"
    /// Mean probability of the words that only someone who knows the subject would say (forget).
    public static let keyProbability = "key-probability"
    /// Mean log-probability in nats per token of the model's own earlier answers (neighbour, general, harmless).
    public static let logProbability = "log-probability"
    /// How much an answer says what the original's said, by a sentence encoder (forget).
    public static let answerLikeness = "answer-likeness"
    /// Perplexity of ordinary text (text).
    public static let perplexity = "perplexity"
    /// Share of repeated word triples in the model's answers (any split).
    public static let repetition = "repetition"
    /// Extraction strength of the answers to be forgotten (forget).
    public static let extractionStrength = "extraction-strength"
    /// Exact memorization of the answers to be forgotten (forget).
    public static let exactMemorization = "exact-memorization"
    /// Share of continuations that the judge finds toxic (toxic, harmless).
    public static let toxicity = "toxicity"
    /// The same without the judge's errors (toxic, harmless).
    public static let correctedToxicity = "toxicity-corrected"
    /// Share of continuations that are empty or go in circles (toxic, harmless).
    public static let degenerate = "degenerate"
    /// Share of images that are recognised (forget, unseen, retain, test).
    public static let accuracy = "accuracy"
    /// Mean cross-entropy of images, in nats (forget, test).
    public static let crossEntropy = "cross-entropy"
    /// How well losses tell images to forget from unseen ones (forget): the share of right guesses of the average-case
    /// attack; of redrawn pictures the area under the curve.
    public static let membershipAttack = "membership-attack"

    /// Whether a figure is a share of hits among examples, or a mean of such shares: where none was seen, there may be some.
    public static func areShares(_ name: String?) -> Bool {
        [leak, "core-leak", sampledLeak, toxicity, degenerate, accuracy].contains(name)
    }
}

/// One figure of one model on one split.
public struct Measurement: Codable, Sendable, Equatable {
    public let name: String
    public let split: Split
    public let direction: Direction
    /// The unit in words ("share of answers", "nats per token"); empty for a pure number.
    public let unit: String
    public let value: Double
    public let interval: Interval?
    /// The standard deviation of the values over √n, where a suite states it.
    public let standardError: Double?
    /// How many examples the value rests on.
    public let n: Int
    public let perExample: [ExampleValue]

    public init(
        name: String, split: Split, direction: Direction, unit: String, value: Double, interval: Interval?,
        standardError: Double? = nil, n: Int, perExample: [ExampleValue] = []
    ) {
        self.name = name
        self.split = split
        self.direction = direction
        self.unit = unit
        self.value = value
        self.interval = interval.flatMap { $0.isKnown ? $0 : nil }
        self.standardError = standardError.flatMap { $0.isNaN ? nil : $0 }
        self.n = n
        self.perExample = perExample
    }
}

/// What a metric returns: a measurement, or the reason why there is none.
///
/// In files, a measurement is written as it is, and a skipped metric as its name and the reason, under "skipped".
public enum Outcome: Sendable, Equatable {
    case measured(Measurement)
    case skipped(name: String, reason: String)

    /// The measurement, if there is one.
    public var measurement: Measurement? {
        guard case .measured(let measurement) = self else { return nil }
        return measurement
    }

    /// The mean of per-example values with a bootstrap interval; skipped if there are none or one is not finite.
    public static func mean(
        name: String, split: Split, direction: Direction, unit: String, perExample: [ExampleValue],
        using generator: inout some RandomNumberGenerator
    ) -> Outcome {
        mean(name: name, split: split, direction: direction, unit: unit, perExample: perExample) {
            Statistics.bootstrapInterval(of: $0, using: &generator)
        }
    }

    /// The mean of shares of single examples, each within 0…1, with the interval of
    /// ``Statistics/meanShareInterval(of:using:)``; skipped as a mean is.
    static func meanOfShares(
        name: String, split: Split, direction: Direction, unit: String, perExample: [ExampleValue],
        using generator: inout some RandomNumberGenerator
    ) -> Outcome {
        mean(name: name, split: split, direction: direction, unit: unit, perExample: perExample) {
            Statistics.meanShareInterval(of: $0, using: &generator)
        }
    }

    private static func mean(
        name: String, split: Split, direction: Direction, unit: String, perExample: [ExampleValue],
        interval: ([Double]) -> Interval
    ) -> Outcome {
        guard !perExample.isEmpty else { return noExamples(name, split) }
        if let broken = perExample.first(where: { !$0.value.isFinite }) {
            let place = "example '\(broken.id)' (\(split.rawValue))"
            return .skipped(name: name, reason: "The value of \(name) on \(place) is not finite.")
        }
        let values = perExample.map(\.value)
        return .measured(
            Measurement(
                name: name, split: split, direction: direction, unit: unit, value: Statistics.mean(values),
                interval: interval(values), n: values.count, perExample: perExample))
    }

    /// The share of examples whose value is not zero, with a Wilson interval; skipped if there are no examples.
    public static func share(
        name: String, split: Split, direction: Direction, unit: String, perExample: [ExampleValue]
    ) -> Outcome {
        guard !perExample.isEmpty else { return noExamples(name, split) }
        let hits = perExample.count { $0.value != 0 }
        return .measured(
            Measurement(
                name: name, split: split, direction: direction, unit: unit,
                value: Double(hits) / Double(perExample.count),
                interval: Statistics.wilsonInterval(hits: hits, of: perExample.count), n: perExample.count,
                perExample: perExample))
    }

    private static func noExamples(_ name: String, _ split: Split) -> Outcome {
        .skipped(name: name, reason: "The \(split.rawValue) split has no examples to measure \(name) on.")
    }
}

extension [Outcome] {
    /// Those that there are.
    public var measurements: [Measurement] { compactMap(\.measurement) }
}

extension Outcome: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, skipped
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let reason = try container.decodeIfPresent(String.self, forKey: .skipped) {
            self = .skipped(name: try container.decode(String.self, forKey: .name), reason: reason)
        } else {
            self = .measured(try Measurement(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .measured(let measurement):
            try measurement.encode(to: encoder)
        case .skipped(let name, let reason):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try container.encode(reason, forKey: .skipped)
        }
    }
}
