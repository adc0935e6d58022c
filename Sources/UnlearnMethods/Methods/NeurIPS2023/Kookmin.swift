// Second place of the NeurIPS 2023 challenge: weights that neither set cares about are drawn anew, the others nearly kept.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Gradients of CE on a part of retain as large as forget and of −CE on forget are added; in each convolution the weights
/// with the smallest sums are drawn anew. Then training on retain, in which the other convolution weights move little.
public struct Kookmin: ClassifierMethod {
    public static let card = Card(
        name: "kookmin", summary: "Draws the convolution weights with small gradients anew, then repairs on retain.",
        paper: "NeurIPS 2023 challenge, Triantafillou et al. 2024, arXiv 2406.09073",
        needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(
        learningRate: 1e-3, epochs: 5, schedule: Schedule(.linear, warmupSteps: 20))

    @Setting("The share of each convolution's weights that is drawn anew.", .notNegative) public var share = 0.3
    @Setting("The factor on the gradients of the weights that are not.", .notNegative) public var keptFactor = 0.1

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        var generator = session.generator("kookmin")
        let names = session.model.convolutionNames
        let sums = names.map { Tensor.zeros(session.model.parameters[$0].shape) }
        let part = Array(session.retain.shuffled(using: &generator).prefix(session.forget.count))
        for (examples, sign) in [(part, 1.0), (session.forget, -1.0)] {
            session.gradients(
                over: examples, of: names, { crossEntropy($0, $1) },
                each: { gradients, share in
                    for (sum, gradient) in zip(sums, gradients) {
                        if let gradient { sum.add(inPlace: gradient, scaledBy: sign * share) }
                    }
                })
        }
        var factors: [String: Tensor] = [:]
        for (name, sum) in zip(names, sums) {
            let magnitude = sum.abs()
            let isSmall = magnitude.isAtMost(Tensor([magnitude].quantile(share)))
            session.reinitialize(name, where: isSmall, session.initializer(of: name), using: &generator)
            factors[name] = isSmall * (1 - keptFactor) + keptFactor
        }
        let descent = try session.descent(session.phase, over: session.retain.count)
        descent.steps.onGradient = { name, gradient in
            if let factor = factors[name] { gradient.multiply(inPlace: factor) }
        }
        try descent.run("retain", [session.retain], count: descent.totalSteps) { step in
            [Term("retain-nll", crossEntropy(step.logits(), step.batches[0].labels))]
        }
    }
}
