// Low-rank additions against PEFT (see Tools/reference/lora_golden.py), and their files.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats

@testable import UnlearnModels

@Suite struct LoRATests {
    private let folder = packageRoot.appending(path: "Tests/Golden/lora-tied")

    /// The golden model with PEFT's adapter attached.
    private func adapted() throws -> any CausalLM {
        let model = try GoldenLlama("llama-tied").model()
        try AdapterDirectory(folder).attach(to: model.parameters)
        return model
    }

    private func golden() throws -> (examples: [TokenExample], values: (String) throws -> [Float]) {
        let base = try GoldenLlama("llama-tied")
        let tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
        return (try base.examples, { Array(try tensors.bytes(of: $0).bindMemory(to: Float.self)) })
    }

    @Test func logitsAndGradientsOfAnAdapterEqualThoseOfPEFT() throws {
        let (examples, values) = try golden()
        let model = try adapted()
        let base = try GoldenLlama("llama-tied")
        for (index, example) in examples.enumerated() {
            let found = base.logits(model, example.tokens)
            #expect(Tolerance.logits.holds(found, try values("logits.\(index)")), "sequence \(index)")
        }
        let names = model.parameters.additionNames
        #expect(names.count == 2 * 2 * 2)
        let additions = model.parameters.train(Set(names))
        let loss = -model.logProbabilities(TokenBatch(examples)).mean()
        for (name, gradient) in zip(names, loss.gradients(of: additions)) {
            let found = try #require(gradient).scalars(Float.self)
            #expect(Tolerance.gradients.holds(found, try values("gradient.\(name)")), "\(name)")
        }
    }

    @Test func aFolderWithAnAdapterIsAModel() throws {
        let (examples, values) = try golden()
        let directory = try ModelDirectory(folder)
        let model = try directory.load()
        #expect(directory.url.lastPathComponent == "llama-tied")
        #expect(model.parameters.attached.isEmpty)
        let found = try GoldenLlama("llama-tied").logits(model, examples[0].tokens)
        #expect(Tolerance.logits.holds(found, try values("logits.0")))
    }

    @Test func anAdditionChangesNothingUntilItIsTrainedAndDetachingBringsTheOriginalBack() throws {
        let golden = try GoldenLlama("llama-untied")
        let (model, tokens) = (try golden.model(), try golden.examples[0].tokens)
        let before = golden.logits(model, tokens)
        let store = model.parameters
        try LoRA.attach(.init(rank: 4), to: store, pattern: "model.layers.*_proj.weight", seed: 1)
        #expect(store.attached.count == 2 * 7 && store.additionNames.count == 2 * 14)
        #expect(golden.logits(model, tokens) == before)
        let first = store["model.layers.0.self_attn.q_proj.lora_A.weight"]
        #expect(first.shape == [4, 16])
        // 1/√16: PEFT's bound.
        let entries = first.scalars(Float.self)
        #expect(entries.allSatisfy { abs($0) <= 0.25 } && entries.contains { abs($0) > 0.2 })
        #expect(!first.isIdentical(to: store["model.layers.1.self_attn.q_proj.lora_A.weight"]))

        store["model.layers.0.mlp.up_proj.lora_B.weight"].add(inPlace: Tensor(1))
        let changed = golden.logits(model, tokens)
        #expect(!Tolerance.logits.holds(changed, before))
        store.detachAll()
        #expect(golden.logits(model, tokens) == before)
        #expect(store.additionNames.isEmpty)
    }

    @Test func mergingKeepsWhatTheModelComputes() throws {
        let golden = try GoldenLlama("llama-tied")
        let (model, tokens) = (try adapted(), try golden.examples[0].tokens)
        let (before, merged) = (
            golden.logits(model, tokens), model.parameters.merged("model.layers.0.mlp.down_proj.weight")
        )
        model.parameters.mergeAll()
        #expect(Tolerance.logits.holds(golden.logits(model, tokens), before))
        #expect(model.parameters["model.layers.0.mlp.down_proj.weight"].isIdentical(to: merged))
    }

    @Test func savingAWholeModelMergesAndSavingAnAdapterDoesNot() throws {
        let (whole, alone) = (try TemporaryFolder(), try TemporaryFolder())
        let base = try GoldenLlama("llama-tied")
        let model = try adapted()
        try base.directory.save(model.parameters, to: whole.url)
        var options = LoRAOptions(rank: 2)
        options.alpha = 8
        try LoRA.save(model.parameters, options, base: base.folder.path, to: alone.url)
        let tokens = try base.examples[0].tokens
        let expected = base.logits(model, tokens)
        for folder in [whole.url, alone.url] {
            #expect(Tolerance.logits.holds(base.logits(try ModelDirectory(folder).load(), tokens), expected))
        }
        // Names, shapes and values are PEFT's own.
        let (ours, theirs) = (
            try SafetensorsFile(alone.url.appending(path: "adapter_model.safetensors")),
            try SafetensorsFile(folder.appending(path: "adapter_model.safetensors"))
        )
        #expect(ours.names.sorted() == theirs.names.sorted())
        for name in ours.names {
            #expect(try ours.bytes(of: name).elementsEqual(theirs.bytes(of: name)), "\(name)")
        }
    }

    @Test func aPatternWithoutALinearLayerIsNamed() throws {
        let store = try GoldenLlama("llama-tied").model().parameters
        let error = #expect(throws: CheckpointError.self) {
            try LoRA.attach(.init(rank: 1), to: store, pattern: "*norm.weight", seed: 0)
        }
        #expect(
            error?.description
                == "No weight of a linear layer matches '*norm.weight', and only these can be changed by low-rank "
                + "additions. Their names look like model.layers.0.self_attn.q_proj.weight, "
                + "model.layers.0.self_attn.k_proj.weight, model.layers.0.self_attn.v_proj.weight.")
    }

    /// What opening a copy of the adapter with a changed configuration says.
    private func message(_ change: (inout JSONValue) -> Void) throws -> String {
        let copy = try TemporaryFolder()
        var json = try JSONValue(contentsOf: folder.appending(path: "adapter_config.json"))
        json["base_model_name_or_path"] = .string(packageRoot.appending(path: "Tests/Golden/llama-tied").path)
        change(&json)
        try json.write(to: copy.url.appending(path: "adapter_config.json"))
        try FileManager.default.copyItem(
            at: folder.appending(path: "adapter_model.safetensors"),
            to: copy.url.appending(path: "adapter_model.safetensors"))
        do {
            _ = try ModelDirectory(copy.url).load()
            return "no error"
        } catch { return "\(error)".replacingOccurrences(of: copy.url.path, with: "ADAPTER") }
    }

    @Test func whatCannotBeReadIsSaid() throws {
        #expect(try message { _ in } == "no error")
        #expect(
            try message { $0["use_dora"] = true }
                == "ADAPTER/adapter_config.json: use_dora true is not supported. Merge the adapter with its own "
                + "library first: PEFT's `merge_and_unload`.")
        #expect(
            try message { $0["base_model_name_or_path"] = "owner/name" }
                == "ADAPTER/adapter_config.json: the base model 'owner/name', which is no file or folder here, is not "
                + "supported. Let base_model_name_or_path name the folder of the model that the adapter belongs to.")
        #expect(
            try message { $0["r"] = 3 }
                == "ADAPTER/adapter_config.json: 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight' of shape "
                + "[2, 16], where r 3 and the model imply [3, 16], is not supported. Check r there, and that "
                + "base_model_name_or_path names the right model.")
        #expect(
            try message { $0["peft_type"] = "IA3" }
                == "ADAPTER/adapter_config.json: peft_type \"IA3\" is not supported. Supported is 'LORA'.")
        #expect(
            try message { $0["base_model_name_or_path"] = "." }.contains(
                "'base_model_name_or_path' is missing or is not a model other than the adapter"))
    }
}

extension LoRAOptions {
    fileprivate init(rank: Int) {
        self.init()
        self.rank = rank
    }
}
