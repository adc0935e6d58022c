// What one classifier says about the images to be forgotten, and how often it is right.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnModels

/// The figures of one model that a comparison of many models needs.
public struct ClassifierOutcome: Codable, Sendable, Equatable {
    /// φ of each forget image.
    public let logits: [Double]
    /// Cross-entropy of each forget image, and of each test image, which the model never saw.
    public let forgetLosses: [Double]
    public let unseenLosses: [Double]
    /// Shares of right answers.
    public let forgetAccuracy: Double
    public let retainAccuracy: Double
    public let testAccuracy: Double

    public init(of model: any Classifier, on images: ImageSet, _ splits: ImageSplits) {
        let forget = Answers(model, images, splits.forget)
        let test = Answers(model, images, splits.test)
        logits = forget.logits
        forgetLosses = forget.losses
        unseenLosses = test.losses
        forgetAccuracy = forget.accuracy
        testAccuracy = test.accuracy
        retainAccuracy = Answers(model, images, splits.retain).accuracy
    }

    /// Scores of a split in double precision.
    private struct Answers {
        let logits: [Double]
        let losses: [Double]
        let accuracy: Double

        init(_ model: any Classifier, _ images: ImageSet, _ indices: [Int]) {
            let scores = model.logits(of: images, indices)
            let labels = indices.map { images.labels[$0] }
            let values = scores.scalars(Float.self)
            let width = scores.shape[1]
            logits = labels.enumerated().map { place, label in
                ForgettingQuality.logit(
                    values[place * width..<(place + 1) * width].map(Double.init), label: label)
            }
            let all = Tensor(labels.map(Int64.init), shape: [labels.count, 1])
            losses = withoutRecording {
                (-scores.logSoftmax().gather(all, along: 1)).scalars(Float.self).map(Double.init)
            }
            let choices = scores.argmax(along: 1).scalars(Int64.self)
            accuracy = Double(zip(choices, labels).count { $0 == Int64($1) }) / Double(max(1, labels.count))
        }
    }
}
