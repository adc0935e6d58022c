// GGUF files that others wrote: the same weights, and the golden logits.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@Suite struct GGUFImportTests {
    /// The files are written by the `gguf` package: see Tools/reference/gguf_models.py.
    @Test(arguments: ["mistral", "qwen2", "qwen3"])
    func modelsThatOthersWroteGiveTheGoldenLogits(name: String) throws {
        let golden = try GoldenLlama(name)
        let directory = try ModelDirectory(golden.folder.appending(path: "model.gguf"))
        let (model, original) = (try directory.load(), try golden.model())
        for name in original.parameters.names {
            #expect(
                model.parameters[name].scalars(Float.self) == original.parameters[name].scalars(Float.self), "\(name)")
        }
        #expect(model.contextLength == original.contextLength)
        for (index, example) in try golden.examples.enumerated() {
            let expected = try golden.values("logits.\(index)")
            #expect(Tolerance.logits.holds(golden.logits(model, example.tokens), expected))
        }
    }
}
