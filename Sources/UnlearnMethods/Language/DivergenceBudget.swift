// How far a model may get from the original, whatever the method: measured on examples to keep, it ends the training.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// Looks at a model in training now and then, and may end the training.
protocol Watch: AnyObject {
    /// Begins to watch these parameters.
    /// - Returns: what has to be kept with the state of the training, and how it is called.
    func begin(_ names: [String], _ parameters: [Tensor]) -> [NamedTensor]
    /// Measures, if it is time to after this many steps.
    func measure(after steps: Int) -> Look?
    /// Whether training is to end.
    var isOver: Bool { get }
    /// Called when no step is to follow on these.
    func finish(after steps: Int)
}

/// The state that a training with a limit came to.
public struct KeptState: Sendable, Equatable {
    /// After how many steps.
    public let steps: Int
    /// KL(original ‖ model) per token of examples to keep.
    public let divergence: Double
}

/// What was measured after a step.
enum Look {
    case validation(Double)
    case divergence(Double)

    var validation: Double? { if case .validation(let value) = self { value } else { nil } }
    var divergence: Double? { if case .divergence(let value) = self { value } else { nil } }
}

/// The divergence KL(original ‖ model), in nats per labelled token of examples to keep. Training ends when it was over
/// the limit as often in a row as patience allows, and the last state that was measured within it is the result: the
/// original itself, if none was.
final class DivergenceBudget: Watch {
    private let limit: Double
    private let interval: Int
    private let patience: Int
    private let examples: [TokenExample]
    private let model: any CausalLM
    private let original: Reference
    /// How many steps were done when it was last measured, how often in a row it was over the limit by then, after how
    /// many steps it was last within, and what it was there: a tensor, to be kept with the training's state.
    private let record = Tensor(DivergenceBudget.start)
    private static let start = [Float](repeating: 0, count: 4)
    /// Copies of the trained parameters as they last were within the limit.
    private var best: [Tensor] = []
    private var parameters: [Tensor] = []

    /// - Parameters:
    ///   - retain: groups of examples; from each as many are taken.
    ///   - model: the original as yet: it is read here.
    /// - Returns: nil without a limit, or if there are no examples to measure on.
    init?(_ options: StopOptions, _ retain: [[TokenExample]], of model: any CausalLM) {
        let groups = retain.map { $0.filter { !$0.targets.isEmpty } }.filter { !$0.isEmpty }
        guard let limit = options.divergence, !groups.isEmpty else { return nil }
        (self.limit, interval, patience, self.model) = (limit, options.every, options.patience, model)
        examples = groups.enumerated().flatMap { index, group in
            let wanted = options.examples * (index + 1) / groups.count - options.examples * index / groups.count
            let count = min(wanted, group.count)
            // Spread over the group: neighbours may be of one prompt.
            return (0..<count).map { group[$0 * group.count / count] }
        }
        original = Reference(examples, model, headIsTrained: true)
    }

    func begin(_ names: [String], _ parameters: [Tensor]) -> [NamedTensor] {
        self.parameters = parameters
        best = withoutRecording { parameters.map { $0 + 0 } }
        withoutRecording { record.copy(from: Tensor(Self.start)) }
        return [("budget", record)] + zip(names, best).map { ("within.\($0)", $1) }
    }

    var isOver: Bool { misses >= Float(patience) }

    private var misses: Float { record.scalars(Float.self)[1] }

    /// What the training came to.
    var kept: KeptState {
        let record = record.scalars(Float.self)
        return KeptState(steps: Int(record[2]), divergence: Double(record[3]))
    }

    func measure(after steps: Int) -> Look? {
        steps % interval == 0 ? .divergence(look(after: steps)) : nil
    }

    private func look(after steps: Int) -> Double {
        let value = divergence()
        // What is no number is not within the limit either.
        let isWithin = value <= limit
        let old = record.scalars(Float.self)
        withoutRecording {
            record.copy(
                from: Tensor(
                    isWithin
                        ? [Float(steps), 0, Float(steps), Float(value)] : [Float(steps), old[1] + 1, old[2], old[3]]))
            if isWithin { for (copy, parameter) in zip(best, parameters) { copy.copy(from: parameter) } }
        }
        return value
    }

    /// The mean over labelled tokens, which are read a few examples at a time.
    func divergence() -> Double {
        var (sum, count) = (0.0, 0)
        for indices in LanguageModel.batches(examples, tokens: 1024) {
            let part = indices.map { examples[$0] }
            let targets = part.reduce(0) { $0 + $1.targets.count }
            let mean = withoutRecording {
                original.divergence(part, to: model.finalHidden(TokenBatch(part)), model.parameters[model.headName])
            }
            sum += Double(mean.item) * Double(targets)
            count += targets
        }
        return sum / Double(count)
    }

    func finish(after steps: Int) {
        // The last steps may not have been measured yet.
        if !isOver, Float(steps) != record.scalars(Float.self)[0] { _ = look(after: steps) }
        guard misses > 0 else { return }
        withoutRecording { for (copy, parameter) in zip(best, parameters) { parameter.copy(from: copy) } }
    }
}
