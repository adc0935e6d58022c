// Whether an answer still says what another one said, in whatever words.

internal import UnlearnEngine
public import UnlearnModels

/// Compares answers by meaning, where key words see words alone: an answer that names nobody can still tell the story.
public struct MeaningJudge {
    private let encoder: TextEncoder

    public init(_ encoder: TextEncoder) { self.encoder = encoder }

    /// Of each answer the cosine between its vector and that of the known answer, less the mean cosine to unrelated answers,
    /// which any two sentences have in common: about 0 for an answer that says something else, near 1 for the same words.
    /// - Parameters:
    ///   - known: one for each answer.
    ///   - unrelated: answers about other things; none: nothing is taken off.
    public func likeness(of answers: [String], to known: [String], unlike unrelated: [String]) -> [Double] {
        precondition(answers.count == known.count, "MeaningJudge: an answer is compared with one known answer")
        let vectors = [answers, known, unrelated].map(directions)
        return zip(vectors[0], vectors[1]).map { answer, known in
            let others = vectors[2].map { cosine(answer, $0) }
            return cosine(answer, known) - (others.isEmpty ? 0 : Statistics.mean(others))
        }
    }

    /// A vector of length 1 for each text; nil for one without words.
    private func directions(_ texts: [String]) -> [[Double]?] {
        let told = texts.indices.filter { texts[$0].contains { $0.isLetter || $0.isNumber } }
        guard !told.isEmpty else { return texts.map { _ in nil } }
        let values = withoutRecording { encoder.embeddings(of: told.map { texts[$0] }).scalars(Float.self) }
        var vectors = [[Double]?](repeating: nil, count: texts.count)
        for (row, place) in told.enumerated() {
            let vector = values[row * encoder.width..<(row + 1) * encoder.width].map(Double.init)
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            vectors[place] = length > 0 ? vector.map { $0 / length } : nil
        }
        return vectors
    }

    /// Nothing is like an answer that says nothing.
    private func cosine(_ a: [Double]?, _ b: [Double]?) -> Double {
        guard let a, let b else { return 0 }
        return zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
