// The targets of erasure of language memory against NumPy, guided text against transformers: see
// Tools/reference/elm_golden.py.

import Foundation
import Testing
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct ELMGoldenTests {
    private let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden/elm")
    private let json: JSONValue

    init() throws { json = try JSONValue(contentsOf: folder.appending(path: "golden.json")) }

    private func number(_ key: String) throws -> Double { try #require(json[key]?.double) }

    @Test func theTargetsOfELMEqualTheReference() throws {
        let file = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
        func tensor(_ name: String) throws -> Tensor {
            let shape = try #require(file.entries[name]).shape
            return Tensor(copying: try file.bytes(of: name), shape: shape, type: .float32)
        }
        let original = try tensor("elm.original")
        let targets = ErasedTargets(
            original: original, novice: try tensor("elm.novice"), expert: try tensor("elm.expert"),
            strengths: ErasedTargets.strengths(
                original.shape[0], from: try number("firstStrength"), to: try number("lastStrength")),
            temperature: try number("temperature"), topK: Int(try number("top")))
        let tokens = targets.tokens.scalars(Int64.self).map(Float.init)
        #expect(try tokens == tensor("elm.tokens").scalars(Float.self))
        #expect(try (targets.probabilities - tensor("elm.probabilities")).abs().max().item < 1e-5)
        let crossEntropy = targets.crossEntropy(try tensor("elm.model").logSoftmax())
        #expect(abs(Double(crossEntropy.item) - (try number("crossEntropy"))) < 1e-5)
    }

    @Test func guidedTextEqualsThatOfTransformers() throws {
        let prompts = try #require(json["prompts"]?.array).map { row in
            let readings = try #require(row.array).map { ids in
                try #require(ids.array).map { Int32(try #require($0.int)) }
            }
            return GuidedPrompt(plain: readings[0], followed: readings[1], shunned: readings[2])
        }
        let texts = try #require(json["texts"]?.array).map { ids in
            try #require(ids.array).map { Int32(try #require($0.int)) }
        }
        let decoding = Decoding(maximumTokens: texts[0].count)
        let model = try GoldenStep().reference
        #expect(try model.generate(prompts, strength: number("strength"), decoding) == texts)
        // No row's text depends on the others, and a stop token ends one alone.
        for (prompt, text) in zip(prompts, texts) {
            #expect(try model.generate([prompt], strength: number("strength"), decoding) == [text])
        }
        var stopped = decoding
        stopped.stopTokens = [texts[1][4]]
        let ended = try model.generate(prompts, strength: number("strength"), stopped)
        #expect(ended == texts.map { text in Array(text.prefix { $0 != texts[1][4] }) })
    }

    /// Without guidance the contexts do not matter: the text is the plain prompt's.
    @Test func withoutStrengthTheTextIsThePlainOne() throws {
        let model = try GoldenStep().reference
        let prompt = GuidedPrompt(plain: [5, 9, 33], followed: [1, 2], shunned: [3])
        let decoding = Decoding(maximumTokens: 8)
        #expect(model.generate([prompt], strength: 0, decoding) == model.generate([prompt.plain], decoding))
    }
}
