// A linear judge on disk: judge.json, its weights as safetensors, and the terms that it knows.

public import Foundation
internal import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// What a judge said of a text when it was saved. Another encoder of the same width would give verdicts too, and wrong
/// ones: this tells.
struct JudgeCheck: Codable {
    static let texts = [
        "Thank you, that was kind of you.", "You are a worthless idiot.", "The train leaves at nine.",
    ]
    private static let tolerance = 1e-3

    let text: String
    let probability: Double

    /// What is wrong with a judge that is read, if it does not say the same.
    static func problem(_ judge: LinearJudge, _ checks: [JudgeCheck]) -> String? {
        let found = judge.probabilities(of: checks.map(\.text))
        let wrong = zip(checks, found).first { !(abs($0.probability - $1) <= tolerance) }
        return wrong.map { check, found in
            "it gives '\(check.text)' a probability of \(NumberText.decimal(found)), and gave it "
                + "\(NumberText.decimal(check.probability)) when it was fitted, so that its encoder is another one"
        }
    }
}

/// What judge.json says.
private struct JudgeFile: Codable {
    enum Kind: String, Codable { case words, embeddings }

    let kind: String
    let features: Kind
    /// Where the encoder lies, seen from the judge's folder.
    let encoder: String?
    let words: WordFeatures.Options?
    let threshold: Double
    let quality: JudgeQuality?
    let checks: [JudgeCheck]
}

extension LinearJudge {
    /// The file by which the folder of a judge is known.
    public static let fileName = "judge.json"

    /// Writes the judge into an existing folder.
    public func save(to folder: URL) throws(FormatError) {
        var kind = JudgeFile.Kind.embeddings
        var (encoder, words): (String?, WordFeatures.Options?) = (nil, nil)
        var tensors = [("weights", regression.weights), ("bias", [regression.bias])]
        switch features {
        case .embeddings(_, let path): encoder = path
        case .words(let features):
            (kind, words) = (.words, features.options)
            tensors.append(("rarity", features.rarity))
            let terms = features.terms.joined(separator: "\n") + "\n"
            try AtomicFile.write(terms, to: folder.appending(path: "terms.txt"))
        }
        var writer = try SafetensorsWriter(
            folder.appending(path: "judge.safetensors"), tensors.map { .init($0.0, .float64, [$0.1.count]) })
        for (_, values) in tensors {
            try Tensor(values).withBytes { (bytes) throws(FormatError) in try writer.append(bytes) }
        }
        try writer.commit()
        let checks = zip(JudgeCheck.texts, probabilities(of: JudgeCheck.texts)).map(JudgeCheck.init)
        let file = JudgeFile(
            kind: self.kind, features: kind, encoder: encoder, words: words, threshold: threshold, quality: quality,
            checks: checks)
        try JSONValue(encoding: file).write(to: folder.appending(path: Self.fileName))
    }

    /// Reads a judge.
    /// - Parameter encoder: the encoder whose vectors it judges by; nil: the one that the judge names.
    /// - Throws: `JudgeError`, `FormatError`, and what can be wrong with an encoder.
    public init(_ folder: URL, encoder: TextEncoder? = nil) throws {
        func broken(_ problem: String) -> JudgeError { .unreadable(path: folder.path, problem: problem) }
        let file = try JSONValue(contentsOf: folder.appending(path: Self.fileName)).decode(JudgeFile.self)
        let tensors = try SafetensorsFile(folder.appending(path: "judge.safetensors"))
        func numbers(_ name: String, count: Int) throws -> [Double] {
            guard let entry = tensors.entries[name], entry.type == .float64, entry.shape == [count] else {
                throw broken("'\(name)' is missing from judge.safetensors or is not \(count) numbers of type F64")
            }
            let bytes = try tensors.bytes(of: name)
            let values = withExtendedLifetime(tensors) {
                (0..<count).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
            }
            guard values.allSatisfy(\.isFinite) else { throw broken("'\(name)' holds values that are not finite") }
            return values
        }
        let features: JudgeFeatures
        let width: Int
        switch file.features {
        case .embeddings:
            guard let path = file.encoder else { throw broken("judge.json names no 'encoder'") }
            let encoder = try encoder ?? TextEncoder(URL(filePath: path, relativeTo: folder.appending(path: "/")))
            (features, width) = (.embeddings(encoder, path: path), encoder.width)
        case .words:
            guard let options = file.words else { throw broken("judge.json has no 'words'") }
            if let problem = options.problem() { throw problem }
            var terms = try TextFile.read(folder.appending(path: "terms.txt")).lines.map(String.init)
            if terms.last?.isEmpty == true { terms.removeLast() }
            width = terms.count
            features = .words(
                WordFeatures(options: options, terms: terms, rarity: try numbers("rarity", count: width)))
        }
        guard file.threshold > 0, file.threshold < 1 else { throw broken("its threshold is not between 0 and 1") }
        let regression = LogisticRegression(
            weights: try numbers("weights", count: width), bias: try numbers("bias", count: 1)[0])
        self.init(
            kind: file.kind, features: features, regression: regression, threshold: file.threshold,
            quality: file.quality)
        if let problem = JudgeCheck.problem(self, file.checks) { throw broken(problem) }
    }
}
