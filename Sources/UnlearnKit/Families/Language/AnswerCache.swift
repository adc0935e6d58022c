// What a model wrote about everything else, kept for its next subject.

public import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// A folder of answers, each under a fingerprint of all that it depends on. Nobody needs what is in it: an entry that is
/// missing or damaged is made anew, and the least recently used ones give way to new ones.
public struct AnswerCache: Sendable {
    public let folder: URL
    /// What all entries together may take.
    let largestBytes: Int

    /// - Parameter folder: created with the first entry.
    public init(folder: URL, largestBytes: Int = 64 << 20) { (self.folder, self.largestBytes) = (folder, largestBytes) }

    /// In `$XDG_CACHE_HOME/unlearn`, or else in `.cache/unlearn` below the home folder.
    public init(environment: [String: String], home: URL) {
        // The specification says that a relative path is to be passed over.
        let caches = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? URL(filePath: $0) : nil }
        self.init(folder: (caches ?? home.appending(path: ".cache")).appending(path: "unlearn"))
    }

    /// The entry of that fingerprint, or what `make` makes of it, which is kept then.
    /// - Parameter onProblem: told why the new entry could not be kept. The value is the same without it.
    func value<Value: Codable, Failure: Error>(
        _ fingerprint: String, onProblem: (FormatError) -> Void, make: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let file = folder.appending(path: fingerprint + ".json")
        if let entry = try? JSONValue(contentsOf: file), let value: Value = try? entry.decode() {
            try? FileManager.default.setAttributes([.modificationDate: Date.now], ofItemAtPath: file.path)
            return value
        }
        let value = try make()
        do throws(FormatError) {
            try keep(JSONValue(encoding: value), in: file)
        } catch { onProblem(error) }
        return value
    }

    private func keep(_ entry: JSONValue, in file: URL) throws(FormatError) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch { throw .refused("create the folder", folder.path, error) }
        try entry.write(to: file)
        makeRoom()
    }

    /// Removes what was used least recently, beyond what all may take. What cannot be removed stays.
    private func makeRoom() {
        let files = FileManager.default
        let entries = ((try? files.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".json") }
            .compactMap { name -> (path: String, bytes: Int, used: Date)? in
                let path = folder.appending(path: name).path
                guard let facts = try? files.attributesOfItem(atPath: path), let bytes = facts[.size] as? Int,
                    let used = facts[.modificationDate] as? Date
                else { return nil }
                return (path, bytes, used)
            }
        var total = 0
        for entry in entries.sorted(by: { ($1.used, $0.path) < ($0.used, $1.path) }) {
            total += entry.bytes
            if total > largestBytes { try? files.removeItem(atPath: entry.path) }
        }
    }
}

extension EverydayAnswers {
    /// What `model` writes about everything else: kept from an earlier run, where there is a cache, or written now.
    static func kept(
        by model: LanguageModel, _ options: StudyOptions, seed: UInt64, _ provenance: Provenance, _ context: RunContext
    ) throws -> EverydayAnswers {
        func written() throws -> EverydayAnswers {
            try EverydayAnswers(by: model, options: options, seed: seed, onProgress: context.onProgress)
        }
        guard let cache = context.answers else { return try written() }
        let fingerprint = try fingerprint(of: model, options: options, provenance)
        return try cache.value(fingerprint, onProblem: context.onNotice, make: written)
    }

    /// A fingerprint of all that decides what a model writes, to the bit: the program and libtorch, the weights, the
    /// tokens of the prompts, the options, and what the model computes here and now for some of the prompts. That holds
    /// what the others do not name, such as the processor's instructions.
    static func fingerprint(
        of model: LanguageModel, options: StudyOptions, _ provenance: Provenance
    ) throws(TokenizerError) -> String {
        let prompts = try prompts.map { (it) throws(TokenizerError) in try model.ids(it) }
        let probe = prompts.prefix(16).enumerated().map { index, tokens in
            TokenExample(id: index, tokens: tokens, labelledFrom: 1)
        }
        let computed = model.logProbabilities(probe).joined().map { Int($0.bitPattern) }
        func list(_ numbers: some Sequence<some BinaryInteger>) -> JSONValue { .array(numbers.map { .int(Int($0)) }) }
        let facts: JSONValue = [
            "unlearn": .string(provenance.toolVersion), "libtorch": .string(provenance.libtorchVersion),
            "platform": .string(provenance.platform), "threads": .int(provenance.threads),
            "weights": .string(provenance.modelHash), "seed": .string(String(provenance.seed)),
            "answerTokens": .int(options.answerTokens), "prompts": .array(prompts.map { list($0) }),
            "stopTokens": list(model.stopTokens.sorted()),
            "vocabulary": .array(model.tokenizer.definition.vocabulary.map { .string($0) }),
            "computed": list(computed),
        ]
        return Fingerprint.sha256(of: facts.data())
    }
}
