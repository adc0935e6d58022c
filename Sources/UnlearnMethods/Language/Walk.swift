// Changes of the weights whose direction is known before the first step.

internal import Foundation
internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

extension Session {
    /// The gradient of the mean log-probability of all labelled tokens of the examples, by the parameters of that name.
    func likelihoodGradients(_ examples: [TokenExample], of names: [String], _ stage: String) throws -> [Tensor] {
        let parameters = model.model.parameters.train(Set(names))
        defer { model.model.parameters.train([]) }
        let targets = examples.reduce(0) { $0 + $1.targets.count }
        var sums = [Tensor?](repeating: nil, count: names.count)
        var done = 0
        for indices in LanguageModel.batches(examples, tokens: 1024) {
            let batch = TokenBatch(indices.map { examples[$0] })
            let part = model.model.logProbabilities(batch).sum() * (1 / Double(targets))
            guard part.item.isFinite else {
                throw MethodError.notFinite(step: 0, term: "likelihood", examples: indices.map { examples[$0].id })
            }
            part.addGradients(of: parameters, to: &sums)
            done += indices.count
            note(stage, done, of: examples.count, "examples")
        }
        guard sums.allSatisfy({ $0?.isFinite ?? true }) else {
            throw MethodError.notFinite(step: 0, term: "likelihood", examples: examples.map(\.id))
        }
        return zip(sums, parameters).map { $0 ?? .zeros($1.shape) }
    }

    /// Goes along a change of the weights, each step as much farther as stands in `growth`, so that the last of the options'
    /// steps comes to the change times the learning rate; or until the divergence from the original ends it. How far a
    /// limit allows to go differs by orders of magnitude between models, and with it how long equal steps may be.
    func walk(along change: WeightChange, of names: [String], growth: Double) throws {
        let steps = options.steps(over: forget.count)
        _ = budget?.begin(names, names.map { model.model.parameters[$0] })
        var done = 0
        while done < steps, budget?.isOver != true {
            try recorder.checkGoesOn()
            done += 1
            change.move(to: options.learningRate * pow(growth, Double(done - steps)))
            _ = budget?.measure(after: done)
            note("Going along the filtered gradient", done, of: steps, "steps")
        }
        budget?.finish(after: done)
    }
}
