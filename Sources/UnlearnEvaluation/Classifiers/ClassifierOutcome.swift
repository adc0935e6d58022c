// What one classifier says about the images to be forgotten, and how often it is right.

public import UnlearnData
public import UnlearnModels

/// The figures of one model that a comparison of many models needs.
public struct ClassifierOutcome: Codable, Sendable, Equatable {
    /// Images of each split that a report may show.
    public static let shownImages = 48

    /// φ of each forget image.
    public let logits: [Double]
    /// Cross-entropy of each forget image, and of each image that the model never saw of the forgotten classes.
    public let forgetLosses: [Double]
    public let unseenLosses: [Double]
    /// Shares of right answers.
    public let forgetAccuracy: Double
    public let retainAccuracy: Double
    public let testAccuracy: Double
    /// How many forget images each class was chosen for.
    public let forgetChoices: [Int]
    /// What some images of forget, retain and test were taken for: always the same ones, from all over their splits.
    public let shown: [Prediction]

    public init(of model: any Classifier, on images: ImageSet, _ splits: ImageSplits) {
        let all = ClassifierEvaluation(of: model, on: images, splits)
        let (forget, retain, test) = (all.forget, all.retain, all.test)
        (logits, forgetLosses, unseenLosses) = (forget.logits, forget.losses, all.unseen.losses)
        (forgetAccuracy, retainAccuracy, testAccuracy) = (forget.accuracy, retain.accuracy, test.accuracy)
        var counts = [Int](repeating: 0, count: images.classNames.count)
        for choice in forget.choices { counts[choice] += 1 }
        forgetChoices = counts
        shown = [forget, retain, test].flatMap { answers in
            let count = answers.places.count
            let step = max(1, count / Self.shownImages)
            return answers.predictions(stride(from: 0, to: count, by: step).prefix(Self.shownImages))
        }
    }
}
