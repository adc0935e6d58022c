// A judge of texts that is fitted on labelled ones: logistic regression on embeddings, or on words.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// What a linear judge sees of a text.
public enum JudgeFeatures {
    case words(WordFeatures)
    /// The vectors of an encoder, and how its folder is found from the judge's.
    case embeddings(TextEncoder, path: String)

    func rows(of texts: [String]) -> FeatureRows {
        switch self {
        case .words(let words): words.rows(of: texts)
        case .embeddings(let encoder, _): FeatureRows(encoder.embeddings(of: texts))
        }
    }
}

public struct LinearJudge: TextJudge {
    public struct Options: Configurable {
        public var regression = LogisticRegression.Options()
        @Setting("The probability from which on a text is judged positive.", .within(0.001...0.999))
        public var threshold = 0.5
        @Setting(
            "How much of the labelled texts, in whole groups, is held out to measure the judge's errors on.",
            .within(0.01...0.9))
        public var heldOutShare = 0.25
        @Setting("The source of random numbers, by which groups are held out.") public var seed: UInt64 = 0

        public init() {}
    }

    public let kind: String
    public let features: JudgeFeatures
    public let regression: LogisticRegression
    public let threshold: Double
    public let quality: JudgeQuality?

    init(
        kind: String, features: JudgeFeatures, regression: LogisticRegression, threshold: Double,
        quality: JudgeQuality?
    ) {
        (self.kind, self.features, self.regression) = (kind, features, regression)
        (self.threshold, self.quality) = (threshold, quality)
    }

    /// Fits a judge on some of the texts, and measures it on the others.
    /// - Parameter features: what is to be seen of texts; makes it from those that are fitted on, so that no word of the
    ///   others is known.
    public init(
        kind: String, fitting texts: [LabelledText], _ options: Options = Options(),
        features: ([String]) throws(JudgeError) -> JudgeFeatures
    ) throws(JudgeError) {
        guard options.threshold > 0, options.threshold < 1 else {
            throw .option("threshold", expected: "a number between 0 and 1")
        }
        guard options.heldOutShare > 0, options.heldOutShare < 1 else {
            throw .option("heldOutShare", expected: "a number between 0 and 1")
        }
        let (fitted, heldOut) = Self.divided(texts, share: options.heldOutShare, seed: options.seed)
        let features = try features(fitted.map(\.text))
        let regression = try LogisticRegression(
            fitting: features.rows(of: fitted.map(\.text)), fitted.map(\.isPositive), options.regression)
        let quality = try JudgeQuality(
            probabilities: regression.probabilities(of: features.rows(of: heldOut.map(\.text))),
            isPositive: heldOut.map(\.isPositive), threshold: options.threshold)
        self.init(
            kind: kind, features: features, regression: regression, threshold: options.threshold, quality: quality)
    }

    public func probabilities(of texts: [String]) -> [Double] {
        texts.isEmpty ? [] : regression.probabilities(of: features.rows(of: texts))
    }

    /// Whole groups, drawn until the share of texts is reached.
    static func divided(
        _ texts: [LabelledText], share: Double, seed: UInt64
    ) -> (fitted: [LabelledText], heldOut: [LabelledText]) {
        var generator = Generator(seed: seed)
        var counts: [String: Int] = [:]
        for text in texts { counts[text.group, default: 0] += 1 }
        let groups = texts.map(\.group).distinct().shuffled(using: &generator)
        var chosen: Set<String> = []
        var room = Int((Double(texts.count) * share).rounded())
        for group in groups where room > 0 {
            chosen.insert(group)
            room -= counts[group, default: 0]
        }
        return (texts.filter { !chosen.contains($0.group) }, texts.filter { chosen.contains($0.group) })
    }
}
