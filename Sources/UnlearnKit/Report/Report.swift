// The report of a run: everything report.json holds, as a value.
public import UnlearnEvaluation

/// What a run did and showed. The JSON, Markdown and terminal forms are all rendered from it.
public struct Report: Codable, Sendable, Equatable {
    public var family: Family
    public var verdict: Verdict.Conclusion
    public var reasons: [String]
    public var metrics: [Metric]
    public var seconds: Seconds
    public var peakMemoryBytes: Int
    public var samples: [Sample]
    /// Images with what they are taken for, if the model is a classifier.
    public var pictures: Pictures?
    /// Pictures side by side, if the model redraws them.
    public var redrawn: Redrawn?
    /// A tendency before and after, if that was to be forgotten.
    public var tendency: Tendency?
    public var limits: [String]
    public var notMeasured: [NotMeasured]
    /// What a language model's training came to, where a limit or a rule decided that.
    public var training: Training?
    /// How much of the user's examples says something of its own, if the model is a language model.
    public var rows: Rows?
    public var provenance: Provenance

    /// A report straight from what both evaluations yielded, with the verdict that follows from it.
    /// - Parameters:
    ///   - control: the same of a model that never learnt what is to be forgotten; empty without one.
    ///   - limits: what these figures cannot show, beside what holds for the family.
    public init(
        _ family: Family, before: [Outcome], after: [Outcome], control: [Outcome] = [], verdict: Verdict,
        exhibits: [Exhibit] = [], limits: [String] = [], provenance: Provenance
    ) {
        self.family = family
        (self.verdict, reasons) = (verdict.verdict, verdict.reasons)
        metrics = Metric.all(
            before: before.measurements, after: after.measurements, control: control.measurements)
        (seconds, peakMemoryBytes, samples) = (Seconds(), 0, [])
        self.limits = []
        notMeasured = NotMeasured.all(in: before + after)
        self.provenance = provenance
        for exhibit in exhibits {
            switch exhibit {
            case .answers(let answers): samples += answers
            case .guesses(let guesses): pictures = guesses
            case .images(let pairs): redrawn = pairs
            case .tendency(let shown): tendency = shown
            case .training(let outcome): training = outcome.isEmpty ? nil : outcome
            case .rows(let counts):
                rows = counts
                reasons += counts.notices
            }
        }
        self.limits = words.limits + limits
    }
}

extension Report {
    /// One figure with its uncertainty.
    public struct Figure: Codable, Sendable, Equatable {
        public var value: Double
        /// The ends of the 95 % interval, where there is one.
        public var low: Double?
        public var high: Double?
        /// How many examples it rests on.
        public var n: Int
    }

    /// One metric on one split, before and after, and of a control where there is one.
    public struct Metric: Codable, Sendable, Equatable {
        public var name: String
        public var split: Split
        public var direction: Direction
        public var unit: String
        public var before: Figure?
        public var after: Figure?
        /// Of a model that never learnt what is to be forgotten.
        public var control: Figure?

        /// The metrics of all evaluations in the order in which they were measured.
        public static func all(
            before: [Measurement], after: [Measurement], control: [Measurement] = []
        ) -> [Metric] {
            func isSame(_ one: Measurement, _ other: Measurement) -> Bool {
                one.name == other.name && one.split == other.split
            }
            let onlyAfter = after.filter { new in !before.contains { isSame($0, new) } }
            func figure(_ measurements: [Measurement], like wanted: Measurement) -> Figure? {
                measurements.first { isSame($0, wanted) }.map {
                    Figure(value: $0.value, low: $0.interval?.low, high: $0.interval?.high, n: $0.n)
                }
            }
            return (before + onlyAfter).map { measurement in
                Metric(
                    name: measurement.name, split: measurement.split, direction: measurement.direction,
                    unit: measurement.unit, before: figure(before, like: measurement),
                    after: figure(after, like: measurement), control: figure(control, like: measurement))
            }
        }
    }

    /// The examples of the user's files.
    public struct Rows: Codable, Sendable, Equatable {
        public var forget: RowCount?
        public var retain: RowCount?
        /// How many of the examples to keep are to be forgotten as well.
        public var both: Int

        var notices: [String] {
            var notices = (forget?.notice("examples to forget") ?? []) + (retain?.notice("examples to keep") ?? [])
            if let retain, both > 0 {
                notices.append(
                    "Of the \(retain.count) examples to keep, \(both) \(both == 1 ? "is" : "are") to be forgotten as well: the two "
                        + "cancel out. Remove them from one of the files.")
            }
            return notices
        }
    }

    /// How long each stage took, in seconds of wall-clock time.
    public struct Seconds: Codable, Sendable, Equatable {
        public var load = 0.0
        public var prepare = 0.0
        public var evaluateBefore = 0.0
        public var forget = 0.0
        public var evaluateAfter = 0.0
        public var save = 0.0

        public var total: Double { load + prepare + evaluateBefore + forget + evaluateAfter + save }
    }

    /// A question with the model's answers before and after.
    public struct Sample: Codable, Sendable, Equatable {
        public enum Kind: String, Codable, Sendable, CaseIterable {
            case forget, neighbour, general
        }

        public var prompt: String
        public var before: String
        public var after: String
        public var kind: Kind
    }

    /// A figure that could not be measured, and why.
    public struct NotMeasured: Codable, Sendable, Equatable {
        public var name: String
        public var reason: String

        /// What was skipped, each once.
        static func all(in outcomes: [Outcome]) -> [NotMeasured] {
            var skipped: [NotMeasured] = []
            for case .skipped(let name, let reason) in outcomes {
                let entry = NotMeasured(name: name, reason: reason)
                if !skipped.contains(entry) { skipped.append(entry) }
            }
            return skipped
        }
    }
}
