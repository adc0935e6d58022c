// Terms and gradients of every objective against PyTorch: see Tools/reference/methods_golden.py.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

/// The golden model in the middle of a run, its reference, and the examples of one step.
struct GoldenStep {
    let json: JSONValue
    let tensors: SafetensorsFile
    let model: any CausalLM
    let reference: any CausalLM
    let forget: [TokenExample]
    let retain: [TokenExample]

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/methods")
        json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
        tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
        model = try ModelDirectory(folder.appending(path: "model")).load()
        reference = try ModelDirectory(folder.appending(path: "reference")).load()
        forget = try Self.examples(json["forget"], from: 0)
        retain = try Self.examples(json["retain"], from: 10)
    }

    private static func examples(_ rows: JSONValue?, from first: Int) throws -> [TokenExample] {
        try #require(rows?.array).enumerated().map { index, row in
            let ids = try #require(row["ids"]?.array).map { Int32(try #require($0.int)) }
            let labelled = try #require(row["labelled"]?.array).map { $0.int == 1 }
            return TokenExample(id: first + index, tokens: ids, targets: labelled.indices.filter { labelled[$0] })
        }
    }

    /// The terms of a method, and the gradient of their sum for every parameter.
    func run(_ method: some ObjectiveMethod) throws -> (terms: [Term], gradients: [(String, Tensor?)]) {
        let session = try Session(
            model: TinyText.language(model), forget: forget, retain: [retain], options: TrainingOptions(), seed: 0)
        session.storedReference = Reference(forget + retain, reference, headIsTrained: false)
        let names = model.parameters.names
        let parameters = model.parameters.train(Set(names))
        let step = Step(index: 0, session: session, forget: forget, groups: [[0, 1], [0, 1]])
        let terms = try method.objective(step)
        let total = terms.dropFirst().reduce(terms[0].value * terms[0].weight) { $0 + $1.value * $1.weight }
        return (terms, Array(zip(names, total.gradients(of: parameters))))
    }

    func agrees(_ name: String, _ method: some ObjectiveMethod) throws {
        let expected = try #require(json["terms"]?["meanOfTokens." + name])
        let (terms, gradients) = try run(method)
        let values = [expected["forget"]?.double, expected["retain"]?.double].compactMap { $0 }
        #expect(terms.count == values.count)
        for (term, value) in zip(terms, values) { #expect(isClose(term.value.item, Float(value)), "\(term.name)") }
        try agree(gradients, name)
    }

    /// The gradients of every parameter with those of the reference.
    func agree(_ gradients: [(String, Tensor?)], _ name: String) throws {
        for (parameter, gradient) in gradients {
            let bytes = try tensors.bytes(of: "meanOfTokens.\(name).\(parameter)")
            let found = try #require(gradient, "no gradient for \(parameter)").scalars(Float.self)
            let agree = zip(found, bytes.bindMemory(to: Float.self)).allSatisfy { isClose($0, $1) }
            #expect(agree && found.count == bytes.count / 4, "\(parameter)")
        }
        withExtendedLifetime(tensors) {}
    }
}

/// Relative 1e-3, as every gradient of this project, with a floor for values near zero.
func isClose(_ found: Float, _ expected: Float) -> Bool { abs(found - expected) <= 1e-6 + 1e-3 * abs(expected) }

@Suite struct MethodGoldenTests {
    @Test func gradientAscentEqualsTheReference() throws {
        try GoldenStep().agrees("gradientAscent", GradientAscent())
    }

    @Test func gradientDifferenceWithLikelihoodEqualsTheReference() throws {
        try GoldenStep().agrees("gradientDifferenceNLL", GradientDifference())
    }

    @Test func gradientDifferenceWithDivergenceEqualsTheReference() throws {
        var method = GradientDifference()
        method.retainTerm = .kl
        try GoldenStep().agrees("gradientDifferenceKL", method)
    }

    @Test func npoAloneEqualsTheReference() throws {
        var method = NPO()
        method.retainWeight = 0
        try GoldenStep().agrees("npo", method)
    }

    @Test(arguments: [("npoNLL", RetainTerm.nll), ("npoKL", RetainTerm.kl)])
    func npoWithRetainTermEqualsTheReference(name: String, term: RetainTerm) throws {
        var method = NPO()
        method.retainTerm = term
        try GoldenStep().agrees(name, method)
    }

    @Test func divergenceFromAForbiddingTeacherEqualsTheReference() throws {
        let golden = try GoldenStep()
        let rows = try (0..<2).map { index in
            let bytes = try golden.tensors.bytes(of: "teacher.\(index)")
            return Tensor(copying: bytes, shape: [bytes.count / 4 / 64, 64], type: .float32)
        }
        let names = golden.model.parameters.names
        let parameters = golden.model.parameters.train(Set(names))
        let batch = TokenBatch(golden.forget)
        let student = golden.model.logits(golden.model.finalHidden(batch)).logSoftmax()
        let found = divergence(from: Tensor.concatenate(rows).log(), to: student)
        let expected = try #require(golden.json["terms"]?["meanOfTokens.softLabels"]?["forget"]?.double)
        #expect(isClose(found.item, Float(expected)))
        try golden.agree(Array(zip(names, found.gradients(of: parameters))), "softLabels")
    }

    @Test func npoEqualsTwoLogTwoOverBetaAtStart() throws {
        let golden = try GoldenStep()
        var method = NPO()
        method.retainWeight = 0
        let session = try Session(
            model: TinyText.language(golden.model), forget: golden.forget, retain: [], options: TrainingOptions(),
            seed: 0)
        session.readReference(golden.forget)
        let step = Step(index: 0, session: session, forget: golden.forget, groups: [[0, 1]])
        let value = try method.objective(step)[0].value.item
        #expect(isClose(value, Float(2 * log(2.0) / 0.1)))
    }

    @Test func gradientDifferenceWithoutRetainIsGradientAscent() throws {
        var method = GradientDifference()
        method.retainWeight = 0
        let ascent = try GoldenStep().run(GradientAscent())
        let difference = try GoldenStep().run(method)
        #expect(ascent.terms.map(\.value.item) == difference.terms.map(\.value.item))
        for (one, other) in zip(ascent.gradients, difference.gradients) {
            #expect(try #require(one.1).isIdentical(to: try #require(other.1)), "\(one.0)")
        }
    }
}
