// What one classifier says about images: scores, losses and choices, image by image.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnModels

/// The answers of a model about the images at `places`, in their order, in double precision.
public struct ClassifierAnswers: Sendable {
    /// Places in the set.
    public let places: [Int]
    public let labels: [Int]
    /// The class that the model finds most probable, and how probable it finds it.
    public let choices: [Int]
    public let confidences: [Double]
    /// φ = log p_y − log Σ p_k over the other classes.
    public let logits: [Double]
    /// Cross-entropy, in nats.
    public let losses: [Double]

    public init(_ model: any Classifier, _ images: ImageSet, _ places: [Int]) {
        let scores = model.logits(of: images, places)
        let labels = places.map { images.labels[$0] }
        let (values, width) = (scores.scalars(Float.self), scores.shape[1])
        let all = Tensor(labels.map(Int64.init), shape: [labels.count, 1])
        let logProbabilities = withoutRecording { scores.logSoftmax() }
        (self.places, self.labels) = (places, labels)
        logits = labels.enumerated().map { place, label in
            ForgettingQuality.logit(values[place * width..<(place + 1) * width].map(Double.init), label: label)
        }
        losses = withoutRecording { (-logProbabilities.gather(all, along: 1)).scalars(Float.self).map(Double.init) }
        let choices = scores.argmax(along: 1)
        self.choices = choices.scalars(Int64.self).map(Int.init)
        confidences = withoutRecording {
            logProbabilities.gather(choices.reshape([labels.count, 1]), along: 1).exp().scalars(Float.self)
                .map(Double.init)
        }
    }

    private init(_ answers: [ClassifierAnswers], at indices: [(source: Int, index: Int)]) {
        func gather<Value>(_ list: (ClassifierAnswers) -> [Value]) -> [Value] {
            let lists = answers.map(list)
            return indices.map { lists[$0.source][$0.index] }
        }
        (places, labels, choices) = (gather(\.places), gather(\.labels), gather(\.choices))
        (confidences, logits, losses) = (gather(\.confidences), gather(\.logits), gather(\.losses))
    }

    /// The answers about the images at `places`; only those that are not here already are asked of the model.
    public func extended(to places: [Int], _ model: any Classifier, _ images: ImageSet) -> ClassifierAnswers {
        let known = Dictionary(zip(self.places, self.places.indices), uniquingKeysWith: { first, _ in first })
        let missing = places.filter { known[$0] == nil }
        let rest = ClassifierAnswers(model, images, missing)
        let added = Dictionary(zip(missing, missing.indices), uniquingKeysWith: { first, _ in first })
        return ClassifierAnswers(
            [self, rest],
            at: places.compactMap { place in
                known[place].map { (0, $0) } ?? added[place].map { (1, $0) }
            })
    }

    public func isRight(_ index: Int) -> Bool { choices[index] == labels[index] }

    /// The share of right answers; 0 for no images.
    public var accuracy: Double {
        Double(places.indices.count(where: isRight)) / Double(max(1, places.count))
    }

    /// The answers at `indices`, places in this value's lists.
    public func predictions(_ indices: some Sequence<Int>) -> [Prediction] {
        indices.map { Prediction(place: places[$0], choice: choices[$0], confidence: confidences[$0]) }
    }
}

/// What a model took one image for.
public struct Prediction: Codable, Sendable, Equatable {
    /// The image's place in its set.
    public let place: Int
    public let choice: Int
    public let confidence: Double
}
