// A small classification problem and a small network that solves it in a second.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

/// Noisy 8 × 8 images of three classes, each bright in a channel of its own.
enum TinyImages {
    static let forget = Array(0..<12)
    static let retain = Array(12..<72)
    static let validation = Array(72..<90)
    static let test = Array(90..<120)

    /// The labels of the forget images are wrong on purpose, so that only a model that learnt them by heart is right.
    static let set: ImageSet = {
        var generator = Generator(seed: 5, purpose: "tiny images")
        var pixels: [UInt8] = []
        var labels: [Int] = []
        for index in 0..<120 {
            let shown = index % 3
            labels.append(forget.contains(index) ? (shown + 1) % 3 : shown)
            for _ in 0..<64 {
                for channel in 0..<3 {
                    pixels.append(UInt8(generator.next(upperBound: UInt64(120))) + (channel == shown ? 60 : 0))
                }
            }
        }
        return ImageSet(
            width: 8, height: 8, channels: 3, pixels: pixels, labels: labels, names: labels.indices.map(String.init),
            classNames: ["red", "green", "blue"])
    }()

    static func model(seed: UInt64 = 0) throws -> any Classifier {
        try ConvNet(
            ConvNetConfiguration(classNames: set.classNames, widths: [8, 16]),
            Weights(using: Generator(seed: seed, purpose: "parameters")))
    }

    /// A model that knows all training images by heart.
    static func trained() throws -> any Classifier {
        let model = try Self.model()
        model.parameters.restore(
            try zip(model.parameters.names, knowing.get()).map { Tensor($1, shape: model.parameters[$0].shape) })
        return model
    }

    /// Its parameters: trained once for all tests.
    private static let knowing = Result<[[Float]], any Error> {
        let model = try Self.model()
        var training = ClassifierTraining()
        training.augmentation = Augmentation()
        (training.epochs, training.batchSize, training.learningRate) = (50, 16, 0.1)
        try training.train(session(model, phase: training.phase, forget: [], retain: forget + retain))
        return model.parameters.names.map { model.parameters[$0].scalars(Float.self) }
    }

    static func session(
        _ model: any Classifier, phase: Phase, forget: [Int] = Self.forget, retain: [Int] = Self.retain,
        seed: UInt64 = 0, onStep: @escaping (StepEvent) -> Void = { _ in }
    ) -> ClassifierSession {
        ClassifierSession(
            model: model, images: set, forget: forget, retain: retain, validation: validation, phase: phase, seed: seed,
            onStep: onStep)
    }

    static func accuracy(_ model: any Classifier, _ indices: [Int]) -> Double {
        let choices = model.logits(of: set, indices).argmax(along: 1).scalars(Int64.self)
        return Double(zip(choices, indices).count { Int($0) == set.labels[$1] }) / Double(indices.count)
    }

    /// Mean cross-entropy of the images at `indices`.
    static func loss(_ model: any Classifier, _ indices: [Int]) -> Float {
        let batch = set.batch(indices)
        return withoutRecording { crossEntropy(model.logits(batch.inputs, training: false), batch.labels).item }
    }
}
