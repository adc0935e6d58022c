// `unlearn inspect` of a judge: what it sees, and how far it can be trusted.

import Foundation
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnModels

extension Inspect {
    /// The facts of a judge that `unlearn train --judge` made; nil for any other folder.
    static func judgeFacts(_ name: String, _ folder: URL) throws -> Facts? {
        guard FileManager.default.fileExists(atPath: folder.appending(path: LinearJudge.fileName).path) else {
            return nil
        }
        let judge = try LinearJudge(folder)
        var facts = Facts()
        facts.add("judge", .string(name), name)
        facts.add("finds", .string(judge.kind), "\(judge.kind) texts")
        switch judge.features {
        case .words(let words):
            facts.add("sees", .string("words"), "words")
            facts.add("terms", words.terms.count)
        case .embeddings(let encoder, let path):
            facts.add("sees", .string("embeddings"), "the embeddings of \(path)")
            facts.add("width", encoder.width)
        }
        facts.add("threshold", .double(judge.threshold), NumberText.decimal(judge.threshold))
        facts.add(
            "quality", try judge.quality.map { try JSONValue(encoding: $0) } ?? .null,
            judge.quality.map { "on \($0.accuracy.count) texts that it never saw: \($0.words)" } ?? "not known")
        return facts
    }
}
