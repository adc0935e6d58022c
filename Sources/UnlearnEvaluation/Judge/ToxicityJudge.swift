// This project's own judge of toxicity: a linear head on the sentence encoder all-MiniLM-L6-v2.

internal import Foundation
public import UnlearnFormats
public import UnlearnModels

/// What toxicity-judge.json says beside the weights; `Tools/judge/fit.py` writes it.
public struct ToxicityJudgeFacts: Codable, Sendable, Equatable {
    /// The encoder that the head belongs to, and its licence.
    public let encoder: String
    /// What it was fitted on, with licences.
    public let fittedOn: [String]
    /// Its errors on texts that were held out, and on sets that nothing was fitted on or chosen by.
    public let quality: JudgeQuality
    public let tests: [Test]

    public struct Test: Codable, Sendable, Equatable {
        public let name: String
        public let quality: JudgeQuality
    }
}

private struct Head: Decodable {
    let threshold: Double
    let bias: Double
    let weights: [Double]
    let checks: [JudgeCheck]
}

extension LinearJudge {
    /// The kind of texts that it finds.
    public static let toxic = "toxic"

    /// Where the encoder of this project's judge is found: the name by which it is fetched.
    public static let toxicityEncoder = "sentence-transformers/all-MiniLM-L6-v2"

    private static func toxicityFile() throws(FormatError) -> JSONValue {
        try JSONValue(parsing: Data(PackageResources.toxicity_judge_json), path: "toxicity-judge.json")
    }

    /// What is known of this project's judge.
    public static func toxicityFacts() throws(FormatError) -> ToxicityJudgeFacts { try toxicityFile().decode() }

    /// This project's judge of toxicity.
    /// - Throws: `JudgeError.unreadable` if the encoder is not the one that its head was fitted on.
    public init(ofToxicityThrough encoder: TextEncoder) throws {
        let file = try Self.toxicityFile()
        let (head, facts) = (try file.decode(Head.self), try file.decode(ToxicityJudgeFacts.self))
        func broken(_ problem: String) -> JudgeError { .unreadable(path: Self.toxicityEncoder, problem: problem) }
        guard encoder.width == head.weights.count else {
            throw broken("the encoder makes vectors of \(encoder.width) numbers, not \(head.weights.count)")
        }
        self.init(
            kind: Self.toxic, features: .embeddings(encoder, path: Self.toxicityEncoder),
            regression: LogisticRegression(weights: head.weights, bias: head.bias), threshold: head.threshold,
            quality: facts.quality)
        if let problem = JudgeCheck.problem(self, head.checks) { throw broken(problem) }
    }
}
