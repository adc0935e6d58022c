// What an attack found: figures of the models before and after it, and how much of what was forgotten came back.

import UnlearnEngine
import UnlearnEvaluation

/// A figure of the models of an audit over the steps of an attack.
public struct AttackCurve: Codable, Sendable, Equatable {
    public struct Point: Codable, Sendable, Equatable {
        public var step: Int
        public var figure: Report.Figure
    }

    /// "before", "after" or "control".
    public var model: String
    public var points: [Point]

    /// After how many steps of so many the models are looked at.
    static func marks(_ steps: Int) -> [Int] { [0, 5, 10, 20].filter { $0 < steps } + [steps] }
}

/// What one form of an attack found.
public struct AttackResult: Codable, Sendable, Equatable {
    public var name: String
    /// What the attacker had and did: "10 pictures, encoder". Empty where there is one form alone.
    public var form: String
    /// What the figures are, by the name of a metric, where an attack has several: "key-probability".
    public var metric: String?
    /// Of the figures; a larger one is better known.
    public var unit: String
    /// The original, and what was made of it, both as they are.
    public var before: Report.Figure
    public var after: Report.Figure
    /// The same of the changed model after the attack.
    public var attacked: Report.Figure
    /// After the attack on a model that never learnt what is to be forgotten; nil: none was given.
    public var control: Report.Figure?
    /// After the attack on the original.
    public var attackedBefore: Report.Figure?
    /// (attacked − after) / (before − after); of membership |2 · area − 1|. Nil where nothing was forgotten.
    public var recovered: Report.Figure?
    /// How much more the attack gets out of the changed model than out of the control: attacked − control.
    public var excess: Report.Figure?
    /// The share of the changed model's answers under the attack that are empty or go in circles, where the figures are of
    /// answers: a blank is not forgetting.
    public var degenerate: Report.Figure?
    public var curves: [AttackCurve] = []
}

/// What came of an attack. In files, one that could not be made is written as its name and the reason, under "skipped".
public enum AttackOutcome: Sendable, Equatable {
    case made(AttackResult)
    case skipped(name: String, form: String, reason: String)

    public var result: AttackResult? {
        guard case .made(let result) = self else { return nil }
        return result
    }
}

extension AttackOutcome: Codable {
    private enum CodingKeys: String, CodingKey { case name, form, skipped }

    public init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: CodingKeys.self)
        if let reason = try row.decodeIfPresent(String.self, forKey: .skipped) {
            self = .skipped(
                name: try row.decode(String.self, forKey: .name), form: try row.decode(String.self, forKey: .form),
                reason: reason)
        } else {
            self = .made(try AttackResult(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .made(let result): try result.encode(to: encoder)
        case .skipped(let name, let form, let reason):
            var row = encoder.container(keyedBy: CodingKeys.self)
            try row.encode(name, forKey: .name)
            try row.encode(form, forKey: .form)
            try row.encode(reason, forKey: .skipped)
        }
    }
}

extension Report.Figure {
    init(_ value: Double, _ interval: Interval?, n: Int) {
        let known = interval.flatMap { $0.low.isNaN || $0.high.isNaN ? nil : $0 }
        self.init(value: value, low: known?.low, high: known?.high, n: n)
    }

    /// The mean of values of single examples.
    /// - Parameter metric: the name of what they are; of shares of hits the interval differs.
    init(meanOf values: [Double], _ metric: String? = nil) {
        var generator = Generator(seed: 0)
        let interval =
            MetricName.areShares(metric)
            ? Statistics.meanShareInterval(of: values, using: &generator)
            : Statistics.bootstrapInterval(of: values, using: &generator)
        self.init(Statistics.mean(values), interval, n: values.count)
    }
}

/// The values of the same examples by the models of an audit, as they are and after an attack.
struct AttackedValues {
    var before: [Double]
    var after: [Double]
    var attackedBefore: [Double]
    var attacked: [Double]
    var control: [Double]?

    /// The figures that follow, with intervals over examples.
    /// - Parameter metric: the name of what the values are, where an attack has several.
    func result(
        _ name: String, form: String = "", metric: String? = nil, unit: String, curves: [AttackCurve] = []
    ) -> AttackResult {
        let areShares = MetricName.areShares(metric)
        func mean(_ values: [Double]) -> Report.Figure { Report.Figure(meanOf: values, metric) }
        var generator = Generator(seed: 0)
        let recovered = Statistics.recoveredShare(
            before: before, after: after, attacked: attacked, ofHits: areShares, using: &generator)
        let excess = control.map { control in
            let interval =
                areShares
                ? Statistics.pairedShareDifferenceInterval(before: control, after: attacked)
                : Statistics.pairedDifferenceInterval(before: control, after: attacked, using: &generator)
            return Report.Figure(Statistics.mean(attacked) - Statistics.mean(control), interval, n: attacked.count)
        }
        return AttackResult(
            name: name, form: form, metric: metric, unit: unit, before: mean(before),
            after: mean(after), attacked: mean(attacked), control: control.map(mean),
            attackedBefore: mean(attackedBefore),
            recovered: recovered.map { Report.Figure($0.value, $0.interval, n: after.count) }, excess: excess,
            curves: curves)
    }
}
