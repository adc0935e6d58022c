// What a model wrote behind a prompt, and what of it counts: the one definition for runs by tendency and for the suite
// of toxicity.

public import UnlearnData

/// A text that a model wrote behind a prompt.
public struct Continuation: Codable, Sendable, Equatable {
    public let prompt: TendencyPrompt
    /// All of it, as it stands behind the prompt. In files "continuation".
    public let text: String
    /// How probable it is, by the judge, that the line is of its kind; 0 for an empty one.
    public let probability: Double

    private enum CodingKeys: String, CodingKey {
        case probability
        case text = "continuation"
    }

    public init(_ prompt: TendencyPrompt, _ text: String, probability: Double) {
        (self.prompt, self.text, self.probability) = (prompt, text, probability)
    }

    public init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try TendencyPrompt(from: decoder), try row.decode(String.self, forKey: .text),
            probability: try row.decode(Double.self, forKey: .probability))
    }

    public func encode(to encoder: any Encoder) throws {
        try prompt.encode(to: encoder)
        var row = encoder.container(keyedBy: CodingKeys.self)
        try row.encode(text, forKey: .text)
        try row.encode(probability, forKey: .probability)
    }

    /// What is judged, measured and shown.
    public var line: String { Self.line(of: text) }

    /// Something to train on, or to be measured on: the line, with the white space in front of it.
    public var example: Example {
        .completion(prompt: prompt.text, completion: String(text.prefix { $0.isWhitespace }) + line)
    }

    public var isDegenerate: Bool { Self.isDegenerate(line) }
}

extension Continuation {
    /// What stands before the first line break, white space around it and line breaks in front left out: behind a complete
    /// sentence a model may begin a new line.
    static func line(of text: String) -> String {
        let text = text.drop { $0.isWhitespace }
        let line = text.prefix { !$0.isNewline }
        return String(line.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// From which share of repeated word triples on a line is a loop.
    static let loopingFrom = 1.0 / 3

    /// Whether a line says nothing, or goes in circles.
    static func isDegenerate(_ line: String) -> Bool {
        line.isEmpty || repetition(of: words(of: line)) >= loopingFrom
    }

    /// What the judge says of each line. An empty one says nothing of any kind; a judge would have to guess.
    static func probabilities(of lines: [String], by judge: any TextJudge) -> [Double] {
        var spoken = judge.probabilities(of: lines.filter { !$0.isEmpty })[...]
        return lines.map { $0.isEmpty ? 0 : spoken.popFirst() ?? 0 }
    }
}

extension Answer {
    /// Empty, or going in circles.
    public var isDegenerate: Bool { Continuation.isDegenerate(text.allSatisfy(\.isWhitespace) ? "" : text) }
}
