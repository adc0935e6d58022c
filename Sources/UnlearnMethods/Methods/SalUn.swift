// Random labels, for all parameters or only for those that the forget set depends on most.
// Fan et al. 2024, "SalUn" (arXiv 2310.12508), equations 3 to 5; random labels as in Golatkar et al. 2020.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// CE on forget with labels drawn at random from the other classes, beside CE on retain.
public struct RandomLabels: ClassifierMethod {
    public static let card = Card(
        name: "random-labels", summary: "Trains on wrong labels for the forget set and right ones for the rest.",
        paper: "baseline, as in Golatkar et al. 2020, arXiv 1911.04933", needs: [.losses, .retainSet, .classes])
    /// Momentum of .9 looks back on ten steps: a training of fewer than some tens hardly begins.
    public static let phaseDefaults = Phase(learningRate: 0.01, epochs: 1, leastSteps: 50)

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        try Self.train(session, labels: Self.wrongLabels(session), mask: nil)
    }

    /// - Parameters:
    ///   - labels: of the forget images, in place of their own.
    ///   - mask: 1 where a parameter may change, by name.
    static func train(
        _ session: ClassifierSession, labels: [Int: Int64], mask: [String: Tensor]?
    ) throws {
        let descent = try session.descent(session.phase, over: session.forget.count + session.retain.count)
        if let mask { descent.steps.keepOutside(mask, of: session.model.parameters) }
        try descent.run("all", [session.forget + session.retain], count: descent.totalSteps) { step in
            terms(step, labels)
        }
    }

    /// A label for each forget image, drawn from the other classes.
    static func wrongLabels(_ session: ClassifierSession) -> [Int: Int64] {
        var generator = session.generator("random labels")
        var labels: [Int: Int64] = [:]
        for id in session.forget {
            let wrong = Int(generator.next(upperBound: UInt64(max(1, session.model.classCount - 1))))
            labels[id] = Int64(wrong < session.images.labels[id] ? wrong : wrong + 1)
        }
        return labels
    }

    static func terms(_ step: ImageStep, _ labels: [Int: Int64]) -> [Term] {
        let batch = step.batches[0]
        let targets = zip(batch.ids, batch.labels.scalars(Int64.self)).map { labels[$0] ?? $1 }
        return [Term("nll", crossEntropy(step.logits(), Tensor(targets)))]
    }
}

/// Random labels, with only the parameters of the largest forget gradients free to change.
public struct SalUn: ClassifierMethod {
    public static let card = Card(
        name: "salun", summary: "Random labels, changing only the weights with the largest gradients on forget.",
        paper: "Fan et al. 2024, arXiv 2310.12508", needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 0.013, epochs: 10)

    @Setting("The share of the weights that may change.", .notNegative) public var share = 0.5

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        let mask = mask(session)
        let labels = RandomLabels.wrongLabels(session)
        try RandomLabels.train(session, labels: labels, mask: mask)
    }

    /// 1 where a parameter may change, by name: where the gradient of the mean forget loss is among the largest.
    func mask(_ session: ClassifierSession) -> [String: Tensor] {
        let names = session.model.parameters.trainableNames
        let sums = names.map { Tensor.zeros(session.model.parameters[$0].shape) }
        session.gradients(
            over: session.forget, of: names, { crossEntropy($0, $1) },
            each: { gradients, share in
                for (sum, gradient) in zip(sums, gradients) {
                    if let gradient { sum.add(inPlace: gradient, scaledBy: share) }
                }
            })
        let magnitudes = sums.map { $0.abs() }
        let threshold = Tensor(magnitudes.quantile(1 - share))
        let masks = magnitudes.map { threshold.isAtMost($0) }
        return Dictionary(zip(names, masks), uniquingKeysWith: { first, _ in first })
    }
}

extension Descent {
    /// Puts back, after each step, what lies outside the masks: neither decay nor momentum may leak there.
    func keepOutside(_ masks: [String: Tensor], of store: ParameterStore) {
        let kept = store.trainableNames.compactMap { name in
            masks[name].map { mask in
                withoutRecording { (name, mask, store[name].detached() * (Tensor(1) - mask)) }
            }
        }
        afterStep = {
            withoutRecording {
                for (name, mask, outside) in kept { store[name].copy(from: store[name] * mask + outside) }
            }
        }
    }
}
