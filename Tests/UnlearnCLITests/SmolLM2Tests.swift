// A real chat model against transformers: see Tools/reference/smollm2_golden.py.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnKit
import UnlearnModels

@Suite(
    .enabled(
        if: TestData.exists(TestData.smolLM2),
        "needs SmolLM2-135M-Instruct in UNLEARN_TEST_MODEL, or in .models after `make demo`"))
struct SmolLM2Tests {
    private let golden: JSONValue

    init() throws {
        golden = try JSONValue(contentsOf: TinyModel.packageRoot.appending(path: "Tests/Golden/smollm2.json"))
    }

    @Test func idsAndLogitsEqualTheReference() throws {
        let (_, model) = try ModelLoader.load(TestData.smolLM2)
        #expect(model.tokenizer.chatFormat == .chatML)
        for prompt in try #require(golden["prompts"]?.array) {
            let text = try #require(prompt["text"]?.string)
            let ids = try model.ids(.completion(text))
            #expect(ids.map(Int.init) == prompt["ids"]?.array?.compactMap(\.int), "\(text)")
            let example = TokenExample(id: 0, tokens: ids + [0], targets: [ids.count])
            let batch = TokenBatch([example])
            let logits = withoutRecording { model.model.logits(model.model.finalHidden(batch)).scalars(Float.self) }
            let (nextIDs, nextLogits) = try (
                #require(prompt["nextIDs"]?.array), #require(prompt["nextLogits"]?.array)
            )
            for (id, logit) in zip(nextIDs, nextLogits) {
                let (id, expected) = (try #require(id.int), try #require(logit.double))
                // Logits reach 22: a relative 1e-4.
                #expect(abs(Double(logits[id]) - expected) < 1e-3, "\(text), token \(id)")
            }
        }
    }

    @Test func theAnswerInItsChatFormatEqualsTheReference() throws {
        let question = try #require(golden["chat"]?["question"]?.string)
        let result = try Binary.run(
            "generate", "--model", TestData.smolLM2.path, "--chat", "--prompt", question, "--max-tokens", "24",
            "--json")
        #expect(try result.json["text"]?.string == golden["chat"]?["answer"]?.string)
        #expect(try result.json["promptTokens"]?.int == golden["chat"]?["ids"]?.array?.count)
    }
}
