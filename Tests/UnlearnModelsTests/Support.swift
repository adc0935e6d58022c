// What the tests of this target share: golden files, tolerances, folders that clean up.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// A tiny checkpoint with what transformers computes from it: see Tools/reference/llama_golden.py.
struct GoldenLlama {
    static let names = [
        "llama-tied", "llama-untied", "llama-rope-scaled", "mistral", "qwen2", "qwen3", "gpt2", "gpt-neox",
        "gpt-neox-serial",
    ]

    let folder: URL
    let json: JSONValue
    let tensors: SafetensorsFile
    let directory: ModelDirectory

    init(_ name: String) throws {
        folder = packageRoot.appending(path: "Tests/Golden/\(name)")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
        directory = try ModelDirectory(folder)
    }

    func model() throws -> any CausalLM { try directory.load() }

    func values(_ name: String) throws -> [Float] {
        try withExtendedLifetime(tensors) { Array(try tensors.bytes(of: name).bindMemory(to: Float.self)) }
    }

    func numbers(_ key: String) throws -> [Float] {
        try #require(json[key]?.array).map { Float(try #require($0.double)) }
    }

    /// The sequences with their labelled tokens.
    var examples: [TokenExample] {
        get throws {
            try #require(json["sequences"]?.array).enumerated().map { index, row in
                let ids = try #require(row["ids"]?.array).map { Int32(try #require($0.int)) }
                let labelled = try #require(row["labelled"]?.array).map { $0.int == 1 }
                return TokenExample(id: index, tokens: ids, targets: labelled.indices.filter { labelled[$0] })
            }
        }
    }

    /// The scores after every token of a sequence. What is predicted after the last one is any token at all.
    func logits(_ model: any CausalLM, _ tokens: [Int32]) -> [Float] {
        let batch = TokenBatch([TokenExample(id: 0, tokens: tokens + [0], labelledFrom: 1)])
        return withoutRecording { model.logits(model.finalHidden(batch)).scalars(Float.self) }
    }
}

/// |a − b| ≤ absolute + relative · |b|.
struct Tolerance {
    let relative: Float
    let absolute: Float

    static let logits = Tolerance(relative: 1e-4, absolute: 1e-5)
    static let losses = Tolerance(relative: 1e-5, absolute: 1e-5)
    static let gradients = Tolerance(relative: 1e-3, absolute: 1e-6)
    static let parameters = Tolerance(relative: 1e-4, absolute: 1e-5)

    func holds(_ found: [Float], _ expected: [Float]) -> Bool {
        found.count == expected.count
            && zip(found, expected).allSatisfy { abs($0 - $1) <= absolute + relative * abs($1) }
    }
}

final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "unlearn-models-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
}

extension GoldenLlama {
    /// Copies the model into a folder, with a changed configuration.
    func copy(to folder: URL, _ change: (inout JSONValue) throws -> Void = { _ in }) throws {
        var json = directory.configuration.json
        try change(&json)
        try json.write(to: folder.appending(path: "config.json"))
        try FileManager.default.copyItem(
            at: self.folder.appending(path: "model.safetensors"), to: folder.appending(path: "model.safetensors"))
    }
}

/// What goes wrong in `body`, with a folder's path left out.
func failure(in folder: TemporaryFolder, _ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch { return "\(error)".replacing(folder.url.path + "/", with: "").replacing(folder.url.path, with: "FOLDER") }
}
