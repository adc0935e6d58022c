// The model in the folder of a run: complete or not there.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

extension RunDirectory {
    /// Writes `model/`: the whole model, or what low-rank additions are still attached; tokenizer; model card.
    /// - Parameters:
    ///   - directory: what the model was loaded from.
    ///   - base: the path of the model that an adapter belongs to.
    ///   - cache: where models are looked for that have no path.
    /// - Returns: the fingerprint of the weights.
    func save(
        _ model: LanguageModel, from directory: ModelDirectory, _ lora: LoRAOptions, base: String, cache: HubCache?,
        card: String
    ) throws -> String {
        let output = try beginModel()
        let parameters = model.model.parameters
        if parameters.attached.isEmpty {
            try directory.save(parameters, to: output.url)
        } else {
            try LoRA.save(parameters, lora, base: URL(filePath: base).standardizedFileURL.path, to: output.url)
        }
        try model.tokenizer.save(to: output.url)
        try AtomicFile.write(card, to: output.url.appending(path: "README.md"))
        let hash = try Fingerprint.modelHash(of: output.url, cache: cache)
        try output.commit()
        return hash
    }
}
