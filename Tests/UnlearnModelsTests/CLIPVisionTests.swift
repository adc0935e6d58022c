// CLIP's vision encoder against transformers: see Tools/reference/clip_golden.py.

import Foundation
import Testing
import UnlearnEngine
import UnlearnFormats

@testable import UnlearnModels

@Suite struct CLIPVisionTests {
    private let folder = packageRoot.appending(path: "Tests/Golden/clip-vision")

    private func encoder() throws -> CLIPVisionEncoder {
        try #require(try CLIPVisionEncoder.load(folder))
    }

    /// Of its own size, and of a smaller one, which is brought to it.
    @Test(arguments: [("images", "embeddings"), ("small", "small.embeddings")])
    func embeddingsEqualTheReference(images: String, embeddings: String) throws {
        let golden = try GoldenTensors(folder.appending(path: "golden.safetensors"))
        let found = try withoutRecording { try encoder().embeddings(of: golden[images]) }
        let expected = try golden[embeddings].scalars(Float.self)
        #expect(Tolerance(relative: 1e-4, absolute: 1e-3).holds(found.scalars(Float.self), expected))
    }

    /// A checkpoint of a whole CLIP holds its texts' half too, and states the numbers of the other in a part.
    @Test func aWholeCLIPIsReadForItsPictures() throws {
        let part = try JSONValue(contentsOf: folder.appending(path: "config.json"))
        let whole = try TemporaryFolder()
        let json: JSONValue = ["model_type": "clip", "vision_config": part, "projection_dim": 10]
        try json.write(to: whole.url.appending(path: "config.json"))
        let store = try encoder().parameters
        store.add("text_model.final_layer_norm.weight", .zeros([4]))
        store.add("logit_scale", .zeros([1]))
        try store.write(to: whole.url.appending(path: "model.safetensors"))
        let read = try #require(try CLIPVisionEncoder.load(whole.url))
        #expect(try read.numbers == encoder().numbers)
        let images = try GoldenTensors(folder.appending(path: "golden.safetensors"))["images"]
        #expect(try read.embeddings(of: images).isIdentical(to: encoder().embeddings(of: images)))
    }

    @Test(arguments: [
        ("hidden_act", JSONValue.string("relu")), ("patch_size", .int(5)), ("num_attention_heads", .int(5)),
    ])
    func impossibleNumbersAreRefused(key: String, value: JSONValue) throws {
        var object = try #require(try JSONValue(contentsOf: folder.appending(path: "config.json")).object)
        object[key] = value
        let file = ConfigurationFile(path: "config.json", json: .object(object))
        let error = #expect(throws: ModelError.self) { try CLIPVisionConfiguration(file) }
        #expect(try #require(error).description.contains(key))
    }
}
