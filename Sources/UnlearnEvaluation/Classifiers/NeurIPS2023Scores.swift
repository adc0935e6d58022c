// The outputs φ of many models on the examples to be forgotten, as a file holds them.

public import Foundation
internal import UnlearnFormats

/// φ as `[model][example]` for unlearned and for retrained models.
public struct NeurIPS2023Scores: Codable, Sendable, Equatable {
    /// The logit of any probability in double precision is far smaller; attacks look at every hundredth in between.
    private static let largest = 10_000.0

    public var unlearned: [[Double]]
    public var retrained: [[Double]]
}

extension NeurIPS2023Scores {
    /// Reads and checks a JSON file.
    public init(contentsOf url: URL) throws {
        let json = try JSONValue(contentsOf: url)
        func table(_ key: String) throws -> [[Double]] {
            guard let rows = json[key]?.array, !rows.isEmpty else {
                throw EvaluationError.scores(path: url.path, problem: "'\(key)' is not a list of models")
            }
            var table: [[Double]] = []
            for (index, row) in rows.enumerated() {
                guard let values = row.array?.map(\.double), !values.isEmpty, values.allSatisfy({ $0 != nil }) else {
                    throw EvaluationError.scores(
                        path: url.path, problem: "model \(index + 1) of '\(key)' is not a list of numbers")
                }
                let scores = values.compactMap { $0 }
                guard scores.allSatisfy({ abs($0) <= Self.largest }) else {
                    throw EvaluationError.scores(
                        path: url.path,
                        problem: "model \(index + 1) of '\(key)' has a score beyond ±\(Int(Self.largest))")
                }
                table.append(scores)
            }
            return table
        }
        self.init(unlearned: try table("unlearned"), retrained: try table("retrained"))
        let count = unlearned[0].count
        for (key, rows) in [("unlearned", unlearned), ("retrained", retrained)] {
            if let index = rows.firstIndex(where: { $0.count != count }) {
                let problem =
                    "model \(index + 1) of '\(key)' has \(rows[index].count) examples, the first one of 'unlearned' \(count)"
                throw EvaluationError.scores(path: url.path, problem: problem)
            }
        }
    }

    public var quality: ForgettingQuality { ForgettingQuality(unlearned: unlearned, retrained: retrained) }
}
