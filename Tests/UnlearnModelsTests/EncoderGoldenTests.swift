// States, vectors, scores and every gradient of encoders against transformers (Tools/reference/encoders_golden.py).

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats

@testable import UnlearnModels

/// A tiny encoder with what transformers computes from it.
private struct GoldenEncoder {
    let folder: URL
    let json: JSONValue
    let tensors: SafetensorsFile

    init(_ name: String) throws {
        folder = packageRoot.appending(path: "Tests/Golden/\(name)")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    }

    func tensor(_ name: String) throws -> Tensor {
        let entry = try #require(tensors.entries[name])
        return try withExtendedLifetime(tensors) {
            Tensor(copying: try tensors.bytes(of: name), shape: entry.shape, type: .float32)
        }
    }

    func values(_ name: String) throws -> [Float] { try tensor(name).scalars(Float.self) }

    var texts: [String] { get throws { try #require(json["texts"]?.array).map { try #require($0.string) } } }

    var ids: [[Int32]] {
        get throws {
            try #require(json["ids"]?.array).map { try #require($0.array).map { Int32(try #require($0.int)) } }
        }
    }

    /// Compares the gradients of a loss, and that no parameter of the reference is missing.
    func checkGradients(of loss: Tensor, _ parameters: ParameterStore) throws {
        let names = parameters.names
        let gradients = loss.gradients(of: names.map { parameters[$0] })
        for (name, gradient) in zip(names, gradients) {
            let found = try #require(gradient, "no gradient for \(name)").scalars(Float.self)
            #expect(Tolerance.encoderGradients.holds(found, try values("gradient.\(name)")), "\(name)")
        }
        #expect(names.count == tensors.names.count { $0.hasPrefix("gradient.") })
    }
}

extension Tolerance {
    /// Gradients of a key's bias, which shifts all scores of a query alike, are rounding errors.
    fileprivate static let encoderGradients = Tolerance(relative: 1e-4, absolute: 1e-5)
}

@Suite struct EncoderGoldenTests {
    @Test func statesAfterEveryLayerEqualTheReference() throws {
        let golden = try GoldenEncoder("bert-encoder")
        let encoder = try TextEncoder(golden.folder)
        let batch = encoder.batch(try golden.texts)
        #expect(batch.tokenCount == (try golden.ids.map(\.count).reduce(0, +)))
        for layer in 0...encoder.numbers.layerCount {
            let states = withoutRecording { batch.split(encoder.hidden(batch, after: layer)) }
            for (index, state) in states.enumerated() {
                let expected = try golden.values("hidden.\(layer).\(index)")
                #expect(Tolerance.logits.holds(state.scalars(Float.self), expected), "layer \(layer), text \(index)")
            }
        }
    }

    @Test(arguments: ["bert-encoder", "bert-classifier", "roberta-classifier"])
    func textsAreReadAsTheReferenceReadsThem(name: String) throws {
        let golden = try GoldenEncoder(name)
        let (tokenizer, limit) =
            if name == "bert-encoder" {
                try { ($0.tokenizer, $0.tokenLimit) }(TextEncoder(golden.folder))
            } else {
                try { ($0.tokenizer, $0.tokenLimit) }(TextClassifier(golden.folder))
            }
        #expect(try golden.texts.map { tokenizer.encode($0, limit: limit) } == golden.ids)
        #expect(limit == 24)
    }

    @Test(arguments: [nil, Pooling.firstToken, .pooler])
    func vectorsEqualTheReference(pooling: Pooling?) throws {
        let golden = try GoldenEncoder("bert-encoder")
        let encoder = try TextEncoder(golden.folder, pooling: pooling)
        #expect(encoder.normalizes == (pooling == nil))
        let found = encoder.embeddings(of: try golden.texts)
        #expect(found.shape == [9, 16])
        let expected = try golden.values((pooling ?? .mean).rawValue)
        #expect(Tolerance.logits.holds(found.scalars(Float.self), expected))
    }

    @Test func everyGradientOfVectorsEqualsTheReference() throws {
        let golden = try GoldenEncoder("bert-encoder")
        let encoder = try TextEncoder(golden.folder)
        encoder.parameters.train(Set(encoder.parameters.names))
        let sum = (encoder.embeddings(encoder.batch(try golden.texts)) * (try golden.tensor("direction"))).sum()
        #expect(Tolerance.logits.holds([sum.item], [Float(try #require(golden.json["directionSum"]?.double))]))
        try golden.checkGradients(of: sum, encoder.parameters)
    }

    @Test(arguments: ["bert-classifier", "roberta-classifier"])
    func scoresEqualTheReference(name: String) throws {
        let golden = try GoldenEncoder(name)
        let classifier = try TextClassifier(golden.folder)
        let expected = try golden.values("logits")
        #expect(Tolerance.logits.holds(classifier.logits(of: try golden.texts).scalars(Float.self), expected))
        let isBert = name == "bert-classifier"
        #expect(classifier.labels == (isBert ? ["harmless", "rude", "hateful"] : ["toxic", "threat"]))
        #expect(classifier.isMultiLabel == !isBert)
        let probabilities = classifier.probabilities(of: try golden.texts)
        #expect(probabilities.shape == [9, classifier.labels.count])
        let exponentials = expected.map { exp($0) }
        let byHand = exponentials.indices.map { index in
            let row = index / classifier.labels.count * classifier.labels.count
            return isBert
                ? exponentials[index] / exponentials[row..<row + 3].reduce(0, +)
                : exponentials[index] / (1 + exponentials[index])
        }
        #expect(Tolerance.logits.holds(probabilities.scalars(Float.self), byHand))
    }

    @Test func everyGradientOfOneClassEqualsTheReference() throws {
        let golden = try GoldenEncoder("bert-classifier")
        let classifier = try TextClassifier(golden.folder)
        classifier.parameters.train(Set(classifier.parameters.names))
        let targets = try #require(golden.json["targets"]?.array).map { Int64(try #require($0.int)) }
        let loss = -classifier.logits(classifier.batch(try golden.texts)).logSoftmax()
            .gather(Tensor(targets, shape: [9, 1]), along: 1).mean()
        #expect(Tolerance.losses.holds([loss.item], [Float(try #require(golden.json["loss"]?.double))]))
        try golden.checkGradients(of: loss, classifier.parameters)
    }

    @Test func everyGradientOfSeveralClassesEqualsTheReference() throws {
        let golden = try GoldenEncoder("roberta-classifier")
        let classifier = try TextClassifier(golden.folder)
        classifier.parameters.train(Set(classifier.parameters.names))
        let rows = try #require(golden.json["targets"]?.array)
        let targets = Tensor(
            try rows.flatMap { try #require($0.array).map { Float(try #require($0.double)) } }, shape: [9, 2])
        let logits = classifier.logits(classifier.batch(try golden.texts))
        let loss = -(targets * logits.logSigmoid() + (-targets + 1) * (-logits).logSigmoid()).mean()
        #expect(Tolerance.losses.holds([loss.item], [Float(try #require(golden.json["loss"]?.double))]))
        try golden.checkGradients(of: loss, classifier.parameters)
    }

    /// all-MiniLM-L6-v2 as its folder comes, with sentences of several languages, an empty one and one that is too long.
    @Test(
        .enabled(
            if: miniLM != nil,
            "needs the folder of all-MiniLM-L6-v2 in UNLEARN_TEST_SENTENCE_MODEL, or as .models/all-MiniLM-L6-v2"))
    func vectorsOfARealModelEqualTheReference() throws {
        let golden = try GoldenEncoder("minilm")
        let encoder = try TextEncoder(try #require(miniLM))
        let texts = try golden.texts
        #expect(texts.count == 50)
        #expect(try texts.map { encoder.tokenizer.encode($0, limit: encoder.tokenLimit) } == golden.ids)
        let found = encoder.embeddings(of: texts).scalars(Float.self)
        let difference = try zip(found, golden.values("vectors")).map { abs($0 - $1) }.max()
        #expect(found.count == 50 * 384)
        #expect(try #require(difference) < 1e-5)
    }
}

private let miniLM: URL? = {
    let named = ProcessInfo.processInfo.environment["UNLEARN_TEST_SENTENCE_MODEL"].map { URL(filePath: $0) }
    let folder = named ?? packageRoot.appending(path: ".models/all-MiniLM-L6-v2")
    return FileManager.default.fileExists(atPath: folder.appending(path: "config.json").path) ? folder : nil
}()
