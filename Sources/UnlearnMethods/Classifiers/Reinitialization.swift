// Drawing parameters of a classifier anew, or disturbing them.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

extension ClassifierSession {
    /// The distribution that a parameter was drawn from at first.
    func initializer(of name: String) -> Initializer {
        let shape = model.parameters[name].shape
        if shape.count == 4 { return .normal(deviation: (2 / Float(shape[0] * shape[2] * shape[3])).squareRoot()) }
        if model.isHead(name) {
            let inputs = model.headNames.map { model.parameters[$0].shape }.first { $0.count == 2 }?[1] ?? 1
            return .uniform(bound: 1 / Float(inputs).squareRoot())
        }
        return name.hasSuffix("weight") ? .ones : .zeros
    }

    /// Draws whole parameters anew.
    func reinitialize(_ names: [String], using generator: inout Generator) {
        for name in names {
            let parameter = model.parameters[name]
            parameter.copy(from: .initial(parameter.shape, initializer(of: name), using: &generator))
        }
    }

    /// Draws anew the elements where `mask` is 1.
    func reinitialize(_ name: String, where mask: Tensor, _ initial: Initializer, using generator: inout Generator) {
        let parameter = model.parameters[name]
        let fresh = Tensor.initial(parameter.shape, initial, using: &generator)
        withoutRecording { parameter.copy(from: parameter + (fresh - parameter) * mask) }
    }

    /// θ ← (1 − s) · θ + s · fresh, with a share s of its own for each block, drawn evenly from `shares` and held in 0…1.
    func mixFresh(_ shares: ClosedRange<Double>, using generator: inout Generator) {
        var shareOfBlock: [String: Double] = [:]
        for name in model.parameters.trainableNames {
            let block = model.block(of: name)
            let share = shareOfBlock[block] ?? min(max(.random(in: shares, using: &generator), 0), 1)
            shareOfBlock[block] = share
            let parameter = model.parameters[name]
            let fresh = Tensor.initial(parameter.shape, initializer(of: name), using: &generator)
            withoutRecording { parameter.copy(from: parameter * (1 - share) + fresh * share) }
        }
    }

    /// Adds independent normal noise.
    func disturb(_ names: [String], deviation: Float, using generator: inout Generator) {
        for name in names {
            let parameter = model.parameters[name]
            parameter.add(inPlace: .normal(parameter.shape, deviation: deviation, using: &generator))
        }
    }

    /// Adds normal noise to the head's weights, with a deviation that is a share of their root mean square.
    func disturbHead(_ share: Double, using generator: inout Generator) {
        for name in model.headNames where model.parameters[name].rank > 1 {
            let weights = model.parameters[name]
            let meanSquare = withoutRecording { (weights * weights).mean().item }
            disturb([name], deviation: Float(share) * meanSquare.squareRoot(), using: &generator)
        }
    }

    /// The gradients of a mean loss over all `examples`, by batches, with the model in the state of evaluation.
    /// - Parameter each: called with the gradients of one batch and with the share of the examples that it holds.
    func gradients(
        over examples: [Int], of names: [String], batchSize: Int = 64,
        _ loss: (Tensor, Tensor) -> Tensor, each: ([Tensor?], Double) -> Void
    ) {
        let parameters = model.parameters.train(Set(names))
        defer { model.parameters.train([]) }
        for start in stride(from: 0, to: examples.count, by: batchSize) {
            let ids = Array(examples[start..<min(start + batchSize, examples.count)])
            let batch = images.batch(ids)
            let gradients = loss(model.logits(batch.inputs, training: false), batch.labels).gradients(of: parameters)
            each(gradients, Double(ids.count) / Double(examples.count))
        }
    }
}

extension [Tensor] {
    /// The value below which a share of all elements of all tensors lies.
    func quantile(_ share: Double) -> Float {
        let values = flatMap { $0.scalars(Float.self) }.sorted()
        return values[Swift.max(0, Swift.min(values.count - 1, Int(Double(values.count) * share)))]
    }
}
