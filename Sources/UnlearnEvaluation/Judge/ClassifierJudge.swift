// A text classifier as a judge.

internal import UnlearnEngine
public import UnlearnModels

/// A classifier as a judge: the probability of one of its classes, or, where texts can be of several, of the likeliest of
/// some.
public struct ClassifierJudge: TextJudge {
    public let kind: String
    public let threshold: Double
    public let quality: JudgeQuality?
    private let classifier: TextClassifier
    private let columns: [Int]

    /// - Parameter labels: the classes that are of the kind.
    /// - Throws: `JudgeError.unknownLabels` if the classifier does not know them.
    public init(
        _ classifier: TextClassifier, kind: String, labels: [String], threshold: Double = 0.5,
        quality: JudgeQuality? = nil
    ) throws(JudgeError) {
        let columns = labels.compactMap(classifier.labels.firstIndex)
        guard !labels.isEmpty, columns.count == labels.count else {
            throw .unknownLabels(labels.filter { !classifier.labels.contains($0) }, known: classifier.labels)
        }
        (self.classifier, self.columns, self.kind) = (classifier, columns, kind)
        (self.threshold, self.quality) = (threshold, quality)
    }

    /// One class or another is of the kind: their sum, where a text has one class.
    public func probabilities(of texts: [String]) -> [Double] {
        let width = classifier.labels.count
        let all = classifier.probabilities(of: texts).scalars(Float.self).map(Double.init)
        return texts.indices.map { row in
            let chosen = columns.map { all[row * width + $0] }
            return classifier.isMultiLabel ? chosen.max() ?? 0 : chosen.reduce(0, +)
        }
    }

    /// The same judge with its errors on labelled texts.
    public func measured(on texts: [LabelledText]) throws(JudgeError) -> ClassifierJudge {
        let quality = try JudgeQuality(
            probabilities: probabilities(of: texts.map(\.text)), isPositive: texts.map(\.isPositive),
            threshold: threshold)
        return try ClassifierJudge(
            classifier, kind: kind, labels: columns.map { classifier.labels[$0] }, threshold: threshold,
            quality: quality)
    }
}
