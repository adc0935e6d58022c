// Models on disk: what is saved is what was loaded, and what is wrong is said.

import Foundation
import Testing
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@Suite struct ModelDirectoryTests {
    /// A copy of a golden model with a changed configuration; the path is left out of messages.
    private func message(_ change: (inout JSONValue) -> Void) throws -> String {
        let folder = try TemporaryFolder()
        let golden = try GoldenLlama("llama-untied")
        var json = golden.directory.configuration.json
        change(&json)
        try json.write(to: folder.url.appending(path: "config.json"))
        try FileManager.default.copyItem(
            at: golden.folder.appending(path: "model.safetensors"), to: folder.url.appending(path: "model.safetensors"))
        do {
            _ = try ModelDirectory(folder.url).load()
            return "no error"
        } catch {
            return "\(error)".replacingOccurrences(of: folder.url.path, with: "MODEL")
        }
    }

    @Test func aFolderOfGGUFFilesIsExplained() throws {
        let folder = try TemporaryFolder()
        for name in ["README.md", "b.gguf", "a.GGUF"] { try Data([1]).write(to: folder.url.appending(path: name)) }
        #expect(
            failure(in: folder) { _ = try ModelDirectory(folder.url) }
                == "'config.json' does not exist; expected it, or the path of one of the GGUF files beside it, such as "
                + "'a.GGUF'. Check the path.")
    }

    @Test func aFileInPlaceOfAFolderIsExplained() throws {
        let folder = try TemporaryFolder()
        func message(_ name: String, _ bytes: [UInt8]) throws -> String {
            try Data(bytes).write(to: folder.url.appending(path: name))
            return failure(in: folder) { _ = try ModelDirectory(folder.url.appending(path: name)) }
        }
        // An archive, as PyTorch has written since 2020, and the pickled number before that.
        for beginning in [[0x50, 0x4B, 3, 4], [0x80, 2, 0x8A, 10, 0x6C]] as [[UInt8]] {
            for name in ["pytorch_model.bin", "model.pt", "adapter_model.bin"] {
                #expect(
                    try message(name, beginning + [UInt8](repeating: 0, count: 100))
                        == "\(name): a file of PyTorch's own form is not supported. Convert it with transformers: "
                        + "`AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(FOLDER)`.")
            }
        }
        // A llama2.c file of width 640 begins with two of these bytes.
        #expect(try message("model.bin", [0x80, 2, 0, 0]).hasPrefix("llama2.c checkpoint 'model.bin' is malformed"))
        for name in ["model.safetensors", "config.json", "model.onnx", "model"] {
            #expect(
                try message(name, [1])
                    == "\(name): a single file of this kind is not supported. Give the folder that it lies in, a .gguf file "
                    + "or a llama2.c .bin file.")
        }
    }

    @Test(arguments: GoldenLlama.names)
    func savingAndLoadingIsBitwiseTheSame(name: String) throws {
        let folder = try TemporaryFolder()
        let golden = try GoldenLlama(name)
        let model = try golden.model()
        try golden.directory.save(model.parameters, to: folder.url)
        let saved = try ModelDirectory(folder.url)
        let parameters = try saved.load().parameters
        #expect(parameters.names == model.parameters.names)
        for name in parameters.names { #expect(parameters[name].isIdentical(to: model.parameters[name]), "\(name)") }
        #expect(saved.stopTokens == [2])
    }

    /// What was not trained keeps its two bytes a number; what was is written with all of its four.
    @Test func whatIsKeptInHalfPrecisionIsSavedSo() throws {
        let (half, folder) = (try TemporaryFolder(), try TemporaryFolder())
        let golden = try GoldenLlama("llama-untied")
        let whole = try golden.model().parameters
        var writer = try SafetensorsWriter(
            half.url.appending(path: "model.safetensors"),
            whole.names.map { SafetensorsWriter.Tensor($0, .bfloat16, whole[$0].shape) })
        for name in whole.names {
            try whole[name].to(.bfloat16).withBytes { (bytes) throws(FormatError) in try writer.append(bytes) }
        }
        try writer.commit()
        try golden.directory.configuration.json.write(to: half.url.appending(path: "config.json"))
        let directory = try ModelDirectory(half.url)
        let parameters = try directory.load(.stored).parameters
        let changed = "model.layers.0.mlp.down_proj.weight"
        for parameter in parameters.train([changed]) {
            withoutRecording { parameter.copy(from: parameter + 1e-5) }
        }
        parameters.train([])
        try directory.save(parameters, to: folder.url)
        let file = try SafetensorsFile(folder.url.appending(path: "model.safetensors"))
        let saved = try ModelDirectory(folder.url).load().parameters
        for name in parameters.names {
            let isHalf = name != changed && parameters[name].rank == 2
            #expect(file.entries[name]?.type == (isHalf ? .bfloat16 : .float32), "\(name)")
            #expect(saved[name].isIdentical(to: parameters[name].to(.float32)), "\(name)")
        }
    }

    @Test func everyParameterIsListedWithoutLoading() throws {
        let golden = try GoldenLlama("llama-tied")
        let count = golden.directory.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }
        #expect(count == (try golden.model().parameters.scalarCount))
    }

    @Test func aShapeThatTheConfigurationDoesNotImplyIsNamed() throws {
        #expect(
            try message { $0["intermediate_size"] = 24 }
                == "Parameter 'model.layers.0.mlp.gate_proj.weight' has shape [32, 16]; config.json implies [24, 16]. "
                + "Check that config.json belongs to the checkpoint.")
    }

    @Test func aNumberThatNoBlockHasIsNoBlock() throws {
        let folder = try TemporaryFolder()
        let golden = try GoldenLlama("llama-tied")
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                at: golden.folder.appending(path: name), to: folder.url.appending(path: name))
        }
        #expect(try ModelDirectory(folder.url).layerCount == 2)
        let header = #"{"model.layers.9223372036854775807.x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        var file = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        file += Data(header.utf8) + Data(count: 4)
        try file.write(to: folder.url.appending(path: "model.safetensors"))
        #expect(try ModelDirectory(folder.url).layerCount == 0)
    }

    @Test func aMissingLayerIsNamed() throws {
        #expect(
            try message { $0["num_hidden_layers"] = 3 }
                == "Parameter 'model.layers.2.input_layernorm.weight' is missing from MODEL. Check that the checkpoint "
                + "is complete and that config.json belongs to it.")
    }

    @Test func anUnreadLayerIsNamed() throws {
        #expect(
            try message { $0["num_hidden_layers"] = 1 }
                == "MODEL holds 9 parameter(s) that this architecture does not have, the first is "
                + "'model.layers.1.input_layernorm.weight'. Check model_type in config.json.")
    }

    @Test func anUnknownArchitectureNamesTheKnownOnes() throws {
        #expect(
            try message { $0["model_type"] = "mamba" }
                == "MODEL/config.json: the architecture 'mamba' is not supported; supported are llama, "
                + "mistral, qwen2, qwen3, gpt2, gpt_neox.")
    }

    @Test func aMissingKeyIsNamed() throws {
        #expect(
            try message { $0["hidden_size"] = nil }
                == "MODEL/config.json: 'hidden_size' is missing or is not a positive whole number. "
                + "Check that the file belongs to the model.")
    }

    @Test func headsThatDoNotDivideAreRefused() throws {
        #expect(
            try message { $0["num_key_value_heads"] = 3 }
                == "MODEL/config.json: 'num_key_value_heads' is missing or is not a divisor of num_attention_heads, "
                + "which is 4. Check that the file belongs to the model.")
    }

    @Test func weightsInAnotherFormAreNamed() throws {
        let folder = try TemporaryFolder()
        let golden = try GoldenLlama("llama-tied")
        try golden.copy(to: folder.url)
        try FileManager.default.moveItem(
            at: folder.url.appending(path: "model.safetensors"), to: folder.url.appending(path: "pytorch_model.bin"))
        #expect(
            failure(in: folder) { _ = try ModelDirectory(folder.url) }
                == "'model.safetensors' does not exist; what is beside it, pytorch_model.bin, is of a form that is not read. "
                + "Convert it with transformers: `AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(FOLDER)`."
        )
    }

    @Test func aFolderWithoutConfigurationSaysSo() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ModelError.format(.missing(path: folder.url.path + "/config.json", expected: "a file"))) {
            _ = try ModelDirectory(folder.url)
        }
    }
}
