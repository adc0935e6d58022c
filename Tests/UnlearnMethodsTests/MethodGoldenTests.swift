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

    static func examples(_ rows: JSONValue?, from first: Int) throws -> [TokenExample] {
        try #require(rows?.array).enumerated().map { index, row in
            let ids = try #require(row["ids"]?.array).map { Int32(try #require($0.int)) }
            let labelled = try #require(row["labelled"]?.array).map { $0.int == 1 }
            return TokenExample(id: first + index, tokens: ids, targets: labelled.indices.filter { labelled[$0] })
        }
    }

    /// A session on `model`, or on another of the same shape.
    func session(_ model: (any CausalLM)? = nil) throws -> Session {
        try Session(
            model: TinyText.language(model ?? self.model), forget: forget, retain: [retain],
            options: TrainingOptions(), seed: 0)
    }

    /// The terms of a method, and the gradient of their sum for every parameter.
    func run(_ method: some ObjectiveMethod) throws -> (terms: [Term], gradients: [(String, Tensor?)]) {
        let session = try session()
        session.storedReference = Reference(forget + retain, reference, headIsTrained: false)
        return try run(session) { try method.objective($0) }
    }

    func run(
        _ session: Session, beside others: [TokenExample] = [], _ objective: (TokenStep) throws -> [Term]
    ) throws -> (terms: [Term], gradients: [(String, Tensor?)]) {
        let names = model.parameters.names
        let parameters = model.parameters.train(Set(names))
        let step = try TokenStep(session, forget: forget + others, groups: [[0, 1], [0, 1]])
        let terms = try objective(step)
        let total = terms.dropFirst().reduce(terms[0].value * terms[0].weight) { $0 + $1.value * $1.weight }
        return (terms, Array(zip(names, total.gradients(of: parameters))))
    }

    func agrees(_ name: String, _ method: some ObjectiveMethod) throws { try agrees(name, try run(method)) }

    func agrees(_ name: String, _ found: (terms: [Term], gradients: [(String, Tensor?)])) throws {
        let expected = try #require(json["terms"]?["meanOfTokens." + name])
        let (terms, gradients) = found
        let values = [expected["forget"]?.double, expected["retain"]?.double].compactMap { $0 }
        #expect(terms.count == values.count)
        for (term, value) in zip(terms, values) { #expect(isClose(term.value.item, Float(value)), "\(term.name)") }
        try agree(gradients, name)
    }

    /// The gradients of every parameter with those of the reference, which has none where nothing depends on it.
    func agree(_ gradients: [(String, Tensor?)], _ name: String) throws {
        for (parameter, gradient) in gradients {
            guard tensors.entries["meanOfTokens.\(name).\(parameter)"] != nil else {
                #expect(gradient == nil, "\(parameter)")
                continue
            }
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

    @Test(arguments: [("simnpo", 0.0), ("simnpoNLL", 1)])
    func simnpoEqualsTheReference(name: String, retainWeight: Double) throws {
        let golden = try GoldenStep()
        var method = SimNPO()
        method.beta = try #require(golden.json["simnpo"]?["beta"]?.double)
        method.margin = try #require(golden.json["simnpo"]?["margin"]?.double)
        method.forgetWeight = 1
        method.retainWeight = retainWeight
        try golden.agrees(name, method)
    }

    /// The first example has another answer, the second none.
    @Test(arguments: [("dpo", 0.0), ("dpoKL", 1)])
    func dpoEqualsTheReference(name: String, retainWeight: Double) throws {
        let golden = try GoldenStep()
        let others = try GoldenStep.examples(golden.json["others"], from: -1)
        var method = DPO()
        (method.retainWeight, method.retainTerm) = (retainWeight, .kl)
        let session = try golden.session()
        session.storedReference = Reference(
            golden.forget + others + golden.retain, golden.reference, headIsTrained: false)
        try golden.agrees(name, golden.run(session, beside: others) { try method.objective($0) })
    }

    @Test func aHiddenRetainTermEqualsTheReference() throws {
        var method = GradientDifference()
        method.retainTerm = .hidden
        try GoldenStep().agrees("gradientDifferenceHidden", method)
    }

    /// Without frozen blocks every gradient is there; with one, those above it are the same and come from kept states.
    @Test(arguments: [0, 1])
    func rmuEqualsTheReference(frozen: Int) throws {
        let golden = try GoldenStep()
        let numbers = try #require(golden.json["rmu"])
        var method = RMU()
        method.layer = try #require(numbers["layer"]?.int)
        method.steering = try #require(numbers["steering"]?.double)
        method.retainWeight = 1
        let direction = Tensor(try #require(numbers["direction"]?.array).map { Float(try #require($0.double)) })
        // Lower blocks as in the model: only what lies above `frozen` differs from the original.
        let lower = golden.model.parameters.names.filter { golden.model.block(of: $0).map { $0 < frozen } ?? true }
        func states(_ model: any CausalLM, frozenBelow frozen: Int) throws -> HiddenStates {
            HiddenStates(
                comparing: golden.retain, reading: golden.forget, try golden.session(model), after: 2,
                frozenBelow: frozen)
        }
        let original = try states(golden.reference, frozenBelow: 0)
        let current = try states(golden.model, frozenBelow: frozen)
        let found = try golden.run(golden.session()) { step in
            try method.terms(step, current, original: original, direction: direction)
        }
        if frozen == 0 { return try golden.agrees("rmu", found) }
        let above = found.gradients.filter { !lower.contains($0.0) }
        try golden.agrees("rmu", (found.terms, above))
        let below = found.gradients.filter { lower.contains($0.0) }
        #expect(below.allSatisfy { $0.1 == nil })
    }

    @Test func aDirectionHasLengthOneAndNoNegativeEntry() {
        var generator = Generator(seed: 3, purpose: "rmu direction")
        let direction = RMU.direction(64, using: &generator).scalars(Float.self)
        #expect(isClose(direction.reduce(0) { $0 + $1 * $1 }, 1))
        #expect(direction.allSatisfy { $0 >= 0 } && Set(direction).count > 60)
    }

    @Test func translatedDistillationsForbiddingTeacherEqualsTheReference() throws {
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

    /// Reading what is to be forgotten and what is to be kept one after the other changes nothing but rounding.
    @Test(arguments: RetainTerm.allCases)
    func twoPassesGiveTheGradientsOfOne(term: RetainTerm) throws {
        let golden = try GoldenStep()
        var method = NPO()
        method.retainTerm = term
        let session = try golden.session()
        session.storedReference = Reference(golden.forget + golden.retain, golden.reference, headIsTrained: false)
        let parameters = golden.model.parameters.train(Set(golden.model.parameters.names))
        let results = try [false, true].map { isInTwoPasses in
            let step = try TokenStep(
                session, forget: golden.forget, groups: [[0, 1], [0, 1]],
                isInTwoPasses: isInTwoPasses)
            return try Descent.gradients(of: parameters, [StepPart(step: step) { try method.objective(step) }])
        }
        for (one, two) in zip(results[0].0, results[1].0) {
            let (one, two) = (try #require(one).scalars(Float.self), try #require(two).scalars(Float.self))
            #expect(zip(one, two).allSatisfy { isClose($1, $0) })
        }
        #expect(results[0].1.keys == results[1].1.keys)
        for (name, value) in results[0].1 { #expect(isClose(Float(try #require(results[1].1[name])), Float(value))) }
    }

    @Test func npoEqualsTwoLogTwoOverBetaAtStart() throws {
        let golden = try GoldenStep()
        var method = NPO()
        method.retainWeight = 0
        let session = try Session(
            model: TinyText.language(golden.model), forget: golden.forget, retain: [], options: TrainingOptions(),
            seed: 0)
        try session.readReference(golden.forget)
        let step = try TokenStep(session, forget: golden.forget, groups: [[0, 1]])
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
