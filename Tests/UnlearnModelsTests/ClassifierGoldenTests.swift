// Logits, loss, every gradient, running statistics and five optimizer steps against torchvision.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

/// A narrow network with what torchvision computes from it: see Tools/reference/classifier_golden.py and
/// inception_golden.py.
private struct GoldenClassifier {
    static let trained = ["resnet-basic", "resnet-bottleneck", "vit"]
    static let names = trained + ["inception-v3"]

    let folder: URL
    let json: JSONValue
    let tensors: SafetensorsFile

    init(_ name: String) throws {
        folder = packageRoot.appending(path: "Tests/Golden/\(name)")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    }

    func model() throws -> any Classifier { try ClassifierDirectory.load(folder) }

    func tensor(_ name: String) throws -> Tensor {
        let entry = try #require(tensors.entries[name])
        return try withExtendedLifetime(tensors) {
            Tensor(copying: try tensors.bytes(of: name), shape: entry.shape, type: .float32)
        }
    }

    func values(_ name: String) throws -> [Float] { try tensor(name).scalars(Float.self) }

    /// With channels last in memory, as images are read.
    func inputs() throws -> Tensor {
        try tensor("inputs").permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
    }

    func meanCrossEntropy(_ model: any Classifier) throws -> Tensor {
        let labels = try #require(json["labels"]?.array).map { Int64(try #require($0.int)) }
        return -model.logits(try inputs(), training: json["training"]?.bool ?? true).logSoftmax()
            .gather(Tensor(labels, shape: [labels.count, 1]), along: 1).mean()
    }
}

@Suite struct ClassifierGoldenTests {
    @Test(arguments: GoldenClassifier.names)
    func logitsEqualTheReference(name: String) throws {
        let golden = try GoldenClassifier(name)
        let model = try golden.model()
        let evaluated = try withoutRecording { model.logits(try golden.inputs(), training: false) }
        #expect(Tolerance.logits.holds(evaluated.scalars(Float.self), try golden.values("logits.evaluation")))
        let trained = try withoutRecording { model.logits(try golden.inputs(), training: true) }
        let tolerance = name == "inception-v3" ? Tolerance.deepGradients : .logits
        #expect(tolerance.holds(trained.scalars(Float.self), try golden.values("logits.training")))
        for buffer in model.parameters.bufferNames.sorted() {
            let found = model.parameters[buffer].scalars(Float.self)
            #expect(Tolerance.parameters.holds(found, try golden.values("buffer.\(buffer)")), "\(buffer)")
        }
    }

    @Test func inceptionsFeaturesEqualTheReference() throws {
        let golden = try GoldenClassifier("inception-v3")
        let features = try withoutRecording { try golden.model().features(try golden.inputs(), training: false) }
        #expect(Tolerance.logits.holds(features.scalars(Float.self), try golden.values("features.evaluation")))
    }

    @Test(arguments: GoldenClassifier.names)
    func lossAndEveryGradientEqualTheReference(name: String) throws {
        let golden = try GoldenClassifier(name)
        let model = try golden.model()
        let names = model.parameters.trainableNames
        let parameters = model.parameters.train(Set(names))
        let loss = try golden.meanCrossEntropy(model)
        #expect(Tolerance.losses.holds([loss.item], [Float(try #require(golden.json["meanCrossEntropy"]?.double))]))
        for (name, gradient) in zip(names, loss.gradients(of: parameters)) {
            let found = try #require(gradient, "no gradient for \(name)").scalars(Float.self)
            #expect(Tolerance.deepGradients.holds(found, try golden.values("gradient.\(name)")), "\(name)")
        }
        #expect(names.count == golden.tensors.names.count { $0.hasPrefix("gradient.") })
    }

    @Test(arguments: GoldenClassifier.trained, ["sgd", "adam"])
    func fiveOptimizerStepsEqualTheReference(name: String, kind: String) throws {
        let golden = try GoldenClassifier(name)
        let model = try golden.model()
        let parameters = model.parameters.train(Set(model.parameters.trainableNames))
        var adam = AdamWOptions()
        (adam.beta2, adam.weightDecay) = (0.999, 5e-3)
        let optimizer: any Optimizer = kind == "sgd" ? SGD(parameters) : AdamW(parameters, adam, decayIsCoupled: true)
        for _ in 0..<5 {
            let gradients = try golden.meanCrossEntropy(model).gradients(of: parameters)
            optimizer.step(gradients, learningRate: kind == "sgd" ? 0.01 : 1e-3)
        }
        for name in model.parameters.names {
            let found = model.parameters[name].scalars(Float.self)
            #expect(Tolerance.afterSteps.holds(found, try golden.values("\(kind).\(name)")), "\(name)")
        }
    }
}

extension Tolerance {
    /// Through many batch normalisations, single precision loses more.
    fileprivate static let deepGradients = Tolerance(relative: 2e-3, absolute: 2e-5)
    fileprivate static let afterSteps = Tolerance(relative: 2e-3, absolute: 5e-4)
}

@Suite struct ClassifierTests {
    private let classes = ["young", "old"]

    @Test func standardDepthsHaveTorchvisionsParameterCounts() throws {
        // torchvision: resnet18 11,689,512 and resnet50 25,557,032 with 1000 classes.
        let classes = (0..<1000).map(String.init)
        for (layers, count) in [(18, 11_689_512), (50, 25_557_032)] {
            let configuration = try #require(
                ResNetConfiguration.standard(layers: layers, classNames: classes, stemIsSmall: false))
            let weights = Weights(using: Generator(seed: 0, purpose: "test"))
            #expect(try ResNet(configuration, weights).parameters.scalarCount == count)
        }
        #expect(ResNetConfiguration.standard(layers: 19, classNames: classes, stemIsSmall: true) == nil)
    }

    @Test func inceptionHasTimmsParameterCount() throws {
        // timm: inception_v3 23,834,568 with 1000 classes, without the second head.
        let json: JSONValue = ["architecture": "inception_v3", "num_classes": 1000]
        let model = try ClassifierDirectory.make(json, using: Generator(seed: 0, purpose: "test"))
        #expect(model.parameters.trainableNames.map { model.parameters[$0].count }.reduce(0, +) == 23_834_568)
    }

    @Test func inceptionSaysWhatIsWrongWithItsConfiguration() {
        let wrong: [(JSONValue, String)] = [
            (["pretrained_cfg": ["mean": [0.5, 0.5]]], "pretrained_cfg.mean"),
            (["pretrained_cfg": ["input_size": [3, 299, 298]]], "pretrained_cfg.input_size"),
            (["width_divisor": 3], "width_divisor"),
        ]
        for (members, key) in wrong {
            var json = members.object ?? JSONObject([])
            json["architecture"] = "inception_v3"
            #expect {
                try ClassifierDirectory.make(.object(json), using: Generator(seed: 0, purpose: "test"))
            } throws: {
                "\($0)".hasPrefix("the configuration: '\(key)' is missing or is not ")
            }
        }
    }

    @Test func aSavedModelIsTheSameModel() throws {
        let weights = Weights(using: Generator(seed: 1, purpose: "test"))
        let model = try ConvNet(ConvNetConfiguration(classNames: classes, widths: [4, 8]), weights)
        let folder = try TemporaryFolder()
        try ClassifierDirectory.save(model, to: folder.url)
        let loaded = try ClassifierDirectory.load(folder.url)
        #expect(loaded.parameters.names == model.parameters.names)
        for name in model.parameters.names {
            #expect(loaded.parameters[name].isIdentical(to: model.parameters[name]), "\(name)")
        }
        #expect(loaded.configuration == model.configuration)
    }

    @Test func aCopyIsIndependentAndRestoresFromASnapshot() throws {
        let weights = Weights(using: Generator(seed: 1, purpose: "test"))
        let model = try ConvNet(ConvNetConfiguration(classNames: classes, widths: [4]), weights)
        let snapshot = model.parameters.snapshot()
        let copy = try model.copy()
        model.parameters["fc.weight"].multiply(inPlace: 2)
        #expect(!copy.parameters["fc.weight"].isIdentical(to: model.parameters["fc.weight"]))
        model.parameters.restore(snapshot)
        #expect(copy.parameters["fc.weight"].isIdentical(to: model.parameters["fc.weight"]))
    }

    @Test func buffersAreNeverTrained() throws {
        let weights = Weights(using: Generator(seed: 1, purpose: "test"))
        let model = try ConvNet(ConvNetConfiguration(classNames: classes, widths: [4]), weights)
        #expect(
            try model.parameters.select("*") == ["conv1.weight", "bn1.weight", "bn1.bias", "fc.weight", "fc.bias"])
        #expect(model.normNames == ["bn1.weight", "bn1.bias"])
        #expect(model.convolutionNames == ["conv1.weight"])
        #expect(model.headNames == ["fc.weight", "fc.bias"])
        model.parameters.train(Set(model.parameters.names))
        #expect(!model.parameters["bn1.running_mean"].requiresGradient)
    }

    @Test(
        arguments: [
            ("resnet-basic", "layer2.0.downsample.0.weight", "layer2.0"), ("resnet-basic", "conv1.weight", "conv1"),
            ("resnet-basic", "fc.bias", "fc"), ("inception-v3", "Mixed_7b.branch3x3_2a.conv.weight", "Mixed_7b"),
            ("vit", "heads.head.weight", "heads.head"),
            ("vit", "encoder.layers.encoder_layer_1.mlp.0.bias", "encoder.layers.encoder_layer_1"),
        ])
    func aParameterIsInItsBlock(model: String, name: String, block: String) throws {
        let model = try GoldenClassifier(model).model()
        #expect(model.parameters.contains(name))
        #expect(model.block(of: name) == block)
    }

    @Test func anUnknownArchitectureIsNamed() {
        let json: JSONValue = ["model_type": "beit"]
        #expect(
            throws: ModelError.architecture(
                "beit", path: "the configuration", known: ["resnet", "vit", "convnet", "sharded", "inception_v3"])
        ) { try ClassifierDirectory.make(json, using: Generator(seed: 0, purpose: "test")) }
    }
}
