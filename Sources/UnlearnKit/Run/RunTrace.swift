// What a run wrote down on its way and its report does not repeat: training steps, values of single examples, terms.
import Foundation
public import UnlearnEvaluation
import UnlearnFormats
public import UnlearnMethods

/// The record of a run from which charts are drawn and terms are marked. Whatever was not recorded is empty.
public struct RunTrace: Sendable, Equatable {
    public var steps: [StepEvent]
    /// What both evaluations yielded, with the values of single examples.
    public var before: [Outcome]
    public var after: [Outcome]
    /// The subject's terms.
    public var terms: [String]

    public init(steps: [StepEvent] = [], before: [Outcome] = [], after: [Outcome] = [], terms: [String] = []) {
        (self.steps, self.before, self.after, self.terms) = (steps, before, after, terms)
    }
}

extension RunTrace {
    /// How probable each example's answer is, in nats per token, before and after; nil without values of both.
    func logProbabilities(_ split: Split) -> (before: [Double], after: [Double])? {
        func values(_ outcomes: [Outcome]) -> [Double] {
            let measurements = outcomes.compactMap(\.measurement).filter { $0.split == split }
            for (name, logProbability) in Self.logProbabilities {
                guard let found = measurements.first(where: { $0.name == name }) else { continue }
                return found.perExample.map { logProbability($0.value) }.filter(\.isFinite)
            }
            return []
        }
        let (old, new) = (values(before), values(after))
        return old.isEmpty || new.isEmpty ? nil : (old, new)
    }

    /// The figures that say how probable an example is, and how its log-probability per token follows from them.
    private static let logProbabilities: [(name: String, logProbability: @Sendable (Double) -> Double)] = [
        (MetricName.logProbability, { $0 }),
        (MetricName.answerProbability, { log($0) }),
        (MetricName.perplexity, { -log($0) }),
        (MetricName.crossEntropy, { -$0 }),
    ]
}
