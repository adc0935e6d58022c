// The one error of this target: what stops a method.

/// What stops a method.
public enum MethodError: Error, Equatable, CustomStringConvertible {
    case notFinite(step: Int, term: String, examples: [Int])
    case needsRetain(method: String)
    case needsTerms(method: String)
    case noTargets(split: String)
    case unknownSubject(name: String)
    case unknownMethod(String, known: [String])
    case layer(Int, method: String, option: String, layers: Int)
    case foreignState(name: String)
    /// A method that works on a part of the data that is not there, such as a validation set.
    case needsExamples(method: String, split: String)
    /// Answers that admit not knowing, and no questions to answer so.
    case needsQuestions
    /// A method that prefers another text to each one, and no example that has one.
    case needsAlternatives(method: String)
    /// A method for models of several networks.
    case needsShards(method: String)
    /// Whoever began the training wants no further step.
    case stopped(step: Int)
    /// A method that works on groups of the forget set, and examples without one.
    case needsGroups(method: String, column: String)
    /// No scale of a change forgets within the budget of what is to be kept.
    case noScale(method: String, largest: Double, budget: Double)
    /// A training at rounded weights of which none can be rounded.
    case nothingToRound
    /// A training that reads more examples than a plan can hold.
    case tooLong(steps: Int, perStep: Int, most: Int)

    public var description: String {
        switch self {
        case .notFinite(let step, let term, let examples):
            "The \(term) term is not a finite number at step \(step) (examples \(Self.list(examples))). The learning rate is "
                + "probably too high: lower it with --set learningRate=…"
        case .needsRetain(let method):
            "The method '\(method)' needs examples that must not change in each step. Give them with --retain FILE, "
                + "and let retainBatchSize be at least 1."
        case .needsTerms(let method):
            "The method '\(method)' found no terms that belong to the subject alone. Give them with --terms FILE, or "
                + "choose another method with --method."
        case .noTargets(let split): "The \(split) set holds no example with a token to learn from."
        case .unknownSubject(let name):
            "The model wrote nothing about '\(name)' that it does not write about others: it does not seem to know the "
                + "subject. Check the spelling, or give your own examples with --forget FILE."
        case .needsExamples(let method, let split):
            "The method '\(method)' needs a \(split) set, and there is none. Choose another method with --method."
        case .needsQuestions:
            "Not knowing is learnt as the answer to questions, and the forget set holds none, only texts. Give questions with "
                + "--forget FILE, or leave out --answer unknown."
        case .needsAlternatives(let method):
            "The method '\(method)' prefers another text to what is forgotten, and the forget set holds texts that are "
                + "continued, without one. Give rows with a member 'alternative' with --forget FILE.jsonl, or choose another "
                + "method with --method."
        case .needsShards(let method):
            "The method '\(method)' needs a model that was trained in shards. Train one with --set design.shards=4, or choose "
                + "another method with --method."
        case .unknownMethod(let name, let known):
            "There is no method '\(name)'. Methods are: \(known.joined(separator: ", "))."
        case .layer(let layer, let method, let option, let layers):
            "The method '\(method)' is to work on layer \(layer), but the model's \(layers) layers are counted from 0. "
                + "Choose one with --set \(option)=…, from 0 to \(layers - 1)."
        case .stopped(let step): "The training was stopped after \(step) steps."
        case .tooLong(let steps, let perStep, let most):
            "\(steps) steps of \(perStep) examples are more than a training can have, which reads at most \(most) examples in "
                + "all. Lower the steps, the epochs or the batch size with --set."
        case .needsGroups(let method, let column):
            "The method '\(method)' unlearns the forget set group by group, and some examples have no group. Give rows with "
                + "a member '\(column)' with --forget FILE.jsonl, or name another member with --set splitBy=…."
        case .nothingToRound:
            "None of what is trained can be rounded: that is done to matrices of linear layers whose rows are whole groups of "
                + "\(RoundedTraining.groupSize) numbers. Let the option parameters name some, or leave out --set rounding."
        case .noScale(let method, let largest, let budget):
            "The method '\(method)' found no scale up to \(largest) that makes the forget set less likely while the loss of "
                + "the retain set rises by at most \(budget) nats a token. Raise --set scale.budget=…, or give a scale with "
                + "--set scale.factor=…."
        case .foreignState(let name):
            "The kept state of the training does not fit the model at '\(name)'. Start the run anew with another --output."
        }
    }
}

extension MethodError {
    /// The first of some numbers, and how many others there are.
    private static func list(_ numbers: [Int]) -> String {
        let shown = numbers.prefix(8).map(String.init).joined(separator: ", ")
        return numbers.count > 8 ? "\(shown) and \(numbers.count - 8) more" : shown
    }

    /// That the plan of a training fits into memory: it holds a number for every example of every step.
    static func checkLength(steps: Int, perStep: Int) throws {
        let most = 1 << 28
        guard steps <= most / max(1, perStep) else {
            throw MethodError.tooLong(steps: steps, perStep: perStep, most: most)
        }
    }
}
