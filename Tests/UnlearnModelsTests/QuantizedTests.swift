// Checkpoints whose weights are packed: they are named, whatever the method and the types of its tensors.

import Foundation
import Testing
import UnlearnFormats
import UnlearnModels

@Suite struct QuantizedTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func message(_ change: (inout JSONValue) throws -> Void) throws -> String {
        try? FileManager.default.removeItem(at: folder.url.appending(path: "model.safetensors"))
        try GoldenLlama("llama-untied").copy(to: folder.url, change)
        return failure(in: folder) { _ = try ModelDirectory(folder.url).load() }
    }

    private func refusal(_ method: String) -> String {
        "config.json: the checkpoint is quantized with \(method), and its packed weights cannot be computed with; "
            + "dequantize it first, or take the model as it was before."
    }

    @Test func theMethodIsNamed() throws {
        for method in ["bitsandbytes", "gptq", "awq", "fp8", "mxfp4", "compressed-tensors", "one-of-tomorrow"] {
            #expect(
                try message { $0["quantization_config"] = ["quant_method": .string(method)] } == refusal(method))
        }
        #expect(try message { $0["quantization_config"] = ["load_in_8bit": true] } == refusal("bitsandbytes"))
        #expect(
            try message { $0["quantization_config"] = ["bits": 4] }
                == refusal("a method that 'quantization_config' does not name"))
        // MLX.
        #expect(
            try message { $0["quantization"] = ["group_size": 64, "bits": 4] }
                == refusal("a method that 'quantization' does not name"))
        // Before the architecture, which may be unknown.
        #expect(
            try message {
                $0["model_type"] = "gpt_oss"
                $0["quantization_config"] = ["quant_method": "mxfp4"]
            } == refusal("mxfp4"))
    }

    /// AutoGPTQ, AWQ and others wrote a file of their own, and some nothing into config.json.
    @Test func aFileBesideTheConfigurationSaysSoToo() throws {
        for (name, text, method) in [
            ("quantize_config.json", #"{"bits": 4, "group_size": 128}"#, "gptq"),
            ("quantize_config.json", #"{"bits": 4, "quant_method": "marlin"}"#, "marlin"),
            ("quant_config.json", #"{"zero_point": true, "w_bit": 4}"#, "awq"),
            ("hf_quant_config.json", #"{"quantization": {"quant_algo": "FP8"}}"#, "modelopt"),
        ] {
            let file = folder.url.appending(path: name)
            try Data(text.utf8).write(to: file)
            let refusal = refusal(method).replacing("config.json: ", with: name + ": ", maxReplacements: 1)
            #expect(try message { $0["quantization_config"] = .null } == refusal)
            // AutoGPTQ's weights have a name of their own.
            try FileManager.default.removeItem(at: folder.url.appending(path: "model.safetensors"))
            #expect(failure(in: folder) { _ = try ModelDirectory(folder.url) } == refusal)
            #expect(try ModelDirectory(folder.url, allowsQuantized: true).configuration.quantization == method)
            #expect(
                try message { $0["quantization_config"] = ["quant_method": "fp8"] } == self.refusal("fp8"))
            try FileManager.default.removeItem(at: file)
        }
    }

    @Test func noneIsNone() throws {
        #expect(try message { $0["quantization_config"] = nil } == "no error")
        #expect(try message { $0["quantization_config"] = .null } == "no error")
        #expect(try message { $0["quantization_config"] = [:] } == "no error")
    }

    /// The weights are not even opened, whose types may be unknown.
    @Test func itCanBeLookedAtWithoutItsWeights() throws {
        _ = try message { $0["quantization_config"] = ["quant_method": "fp8"] }
        let header = #"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#
        var file = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        file += Data(header.utf8) + Data(count: 1)
        try file.write(to: folder.url.appending(path: "model.safetensors"))
        #expect(failure(in: folder) { _ = try ModelDirectory(folder.url) } == refusal("fp8"))
        let directory = try ModelDirectory(folder.url, allowsQuantized: true)
        #expect(directory.configuration.quantization == "fp8")
        #expect(directory.parameters.isEmpty)
        #expect(failure(in: folder) { _ = try directory.load() } == refusal("fp8"))
    }

    @Test func anAdapterOfOneSaysSo() throws {
        _ = try message { $0["quantization_config"] = ["quant_method": "bitsandbytes"] }
        let adapter = folder.url.appending(path: "adapter")
        try FileManager.default.createDirectory(at: adapter, withIntermediateDirectories: true)
        let json: JSONValue = ["peft_type": "LORA", "base_model_name_or_path": ".."]
        try json.write(to: adapter.appending(path: "adapter_config.json"))
        let found = failure(in: folder) { _ = try ModelDirectory(adapter) }
        #expect(found.hasSuffix(": " + refusal("bitsandbytes").dropFirst("config.json: ".count)))
    }
}
