// The features of classifiers: what the last layer reads.

import Foundation
import Testing
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@Suite struct ClassifierFeatureTests {
    @Test(arguments: ["resnet-basic", "resnet-bottleneck", "vit"])
    func theLastLayerMakesTheScoresOfThem(name: String) throws {
        let folder = packageRoot.appending(path: "Tests/Golden/\(name)")
        let model = try ClassifierDirectory.load(folder)
        let images = try GoldenTensors(folder.appending(path: "golden.safetensors"))["inputs"]
        let features = model.features(images, training: false)
        let (weight, bias) = (model.parameters[model.headNames[0]], model.parameters[model.headNames[1]])
        #expect(features.shape == [images.shape[0], weight.shape[1]])
        let scores = features.linear(weight, bias: bias)
        #expect((scores - model.logits(images, training: false)).abs().max().item < 1e-6)
    }

    @Test func shardsBringTheirOwn() throws {
        let member = ConvNetConfiguration(channelCount: 1, classNames: ["a", "b"], widths: [4, 6]).configuration
        let sharded: JSONValue = ["model_type": "sharded", "shards": 3, "member": member]
        let model = try ClassifierDirectory.make(sharded, using: Generator(seed: 1, purpose: "test"))
        var generator = Generator(seed: 2, purpose: "images")
        let images = Tensor.uniform([5, 1, 8, 8], bound: 1, using: &generator)
        let features = model.features(images, training: false)
        #expect(features.shape == [5, 18])
        #expect(!features.narrow(1, from: 0, count: 6).isIdentical(to: features.narrow(1, from: 6, count: 6)))
    }
}

extension ConvNetConfiguration {
    fileprivate var configuration: JSONValue {
        [
            "model_type": "convnet", "num_channels": .int(channelCount),
            "hidden_sizes": .array(widths.map { .int($0) }), "id2label": ["0": "a", "1": "b"],
        ]
    }
}
