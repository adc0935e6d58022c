// Whichever judge a folder holds.

public import Foundation
internal import UnlearnFormats
internal import UnlearnModels

/// The kinds of folders that hold a judge.
public enum JudgeFolder: Sendable, Equatable {
    /// A linear judge, as `LinearJudge.save` writes it.
    case linear
    /// A BERT or RoBERTa model that sorts texts into classes.
    case classifier
    /// A sentence encoder, which this project's own judge looks through.
    case encoder

    /// - Throws: `ModelError` for a folder without config.json, or with one that cannot be read.
    public init(_ folder: URL) throws {
        func holds(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appending(path: name).path)
        }
        if holds(LinearJudge.fileName) {
            self = .linear
        } else if holds("modules.json") {
            self = .encoder
        } else {
            let json = try ConfigurationFile(folder.appending(path: "config.json")).json
            let isClassifier = json["architectures"]?[0]?.string?.hasSuffix("ForSequenceClassification") ?? false
            self = isClassifier ? .classifier : .encoder
        }
    }

    /// Reads the judge of toxicity in a folder.
    /// - Parameter labels: the classes of a classifier that are toxic; none: the one that is called so.
    /// - Throws: `JudgeError`, and what can be wrong with a model.
    public static func judge(_ folder: URL, labels: [String] = []) throws -> any TextJudge {
        switch try JudgeFolder(folder) {
        case .linear: return try LinearJudge(folder)
        case .classifier:
            let classifier = try TextClassifier(folder)
            let toxic = try labels.isEmpty ? toxicLabels(classifier.labels) : labels
            return try ClassifierJudge(classifier, kind: LinearJudge.toxic, labels: toxic)
        case .encoder:
            do { return try LinearJudge(ofToxicityThrough: TextEncoder(folder)) } catch JudgeError.unreadable {
                throw JudgeError.noClasses(path: folder.path)
            }
        }
    }

    /// The class by whose name a classifier's toxic texts are known: "toxic" before "severe_toxic" or "insult", which are
    /// kinds of it. Of two classes without names the second is the positive one, as transformers has it.
    static func toxicLabels(_ known: [String]) throws(JudgeError) -> [String] {
        let names = ["toxic", "toxicity", "hate", "hateful", "hate speech", "offensive", "label_1"]
        for name in names {
            if let found = known.first(where: { $0.lowercased() == name }), name != "label_1" || known.count == 2 {
                return [found]
            }
        }
        throw .unclearLabels(known: known)
    }
}
