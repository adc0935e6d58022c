// `unlearn inspect`: what a model is, from its headers alone.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a model is, without reading its weights, or how far a judge can be trusted.")

    @Argument(help: ModelName.help("The model or the judge"))
    var model: String

    @Flag(help: "Also compute the fingerprint (SHA-256) of the weights, which reads all of them.")
    var hash = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let url = URL(filePath: try ModelName.path(model))
        if let facts = try Self.judgeFacts(model, url) {
            guard !hash else { throw ValidationError("--hash is for models; '\(model)' is a judge.") }
            return Output.write(json ? facts.json.text() + "\n" : facts.table)
        }
        let directory = try ModelLoader.open(url, cache: ModelName.cache, allowsQuantized: true)
        let tokenizer = try ModelLoader.tokenizer(of: directory)
        var facts = Facts()
        facts.add("model", .string(model), model)
        facts.add("format", .string(ModelFormat(url).rawValue), ModelFormat(url).rawValue)
        facts.add("architecture", .string(directory.architecture.name), directory.architecture.name)
        if let method = directory.configuration.quantization {
            // What is packed can be neither counted nor read.
            facts.add("quantized", .string(method), method)
        } else {
            facts.add("parameters", directory.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) })
            let types = try ModelLoader.storedTypes(of: directory)
            facts.add("types", .array(types.map { .string($0) }), types.joined(separator: ", "))
        }
        for (name, keys) in [
            ("layers", ["num_hidden_layers", "n_layer"]), ("width", ["hidden_size", "n_embd"]),
            ("heads", ["num_attention_heads", "n_head"]), ("context", ["max_position_embeddings", "n_positions"]),
            ("vocabulary", ["vocab_size"]),
        ] {
            let value = keys.lazy.compactMap { directory.configuration.json[$0]?.int }.first
            if let value { facts.add(name, value) }
        }
        facts.add("tokens", tokenizer.vocabularyCount)
        let format = tokenizer.chatFormat
        let isUnknown = format == nil && tokenizer.definition.chatTemplate != nil
        facts.add(
            "chatFormat", format.map { .string($0.rawValue) } ?? .null,
            format?.rawValue ?? (isUnknown ? "the model's own" : "none"))
        if hash {
            let hash = try Fingerprint.modelHash(of: url, cache: ModelName.cache)
            facts.add("sha256", .string(hash), hash)
        }
        Output.write(json ? facts.json.text() + "\n" : facts.table)
    }
}

/// Named facts in order, for programs and for people.
struct Facts {
    private var rows: [(name: String, value: JSONValue, text: String)] = []

    mutating func add(_ name: String, _ value: JSONValue, _ text: String) { rows.append((name, value, text)) }
    mutating func add(_ name: String, _ count: Int) { add(name, .int(count), CountText.words(count)) }

    var json: JSONValue { .object(JSONObject(rows.map { ($0.name, $0.value) })) }

    var table: String {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { row in
            row.name + String(repeating: " ", count: width + 2 - row.name.count) + row.text + "\n"
        }.joined()
    }
}
