// Logits, losses, every gradient and five optimizer steps against transformers.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@Suite struct LlamaGoldenTests {
    @Test(arguments: GoldenLlama.names)
    func logitsEqualTheReference(name: String) throws {
        let golden = try GoldenLlama(name)
        let model = try golden.model()
        for (index, example) in try golden.examples.enumerated() {
            let found = golden.logits(model, example.tokens)
            #expect(Tolerance.logits.holds(found, try golden.values("logits.\(index)")))
        }
    }

    @Test(arguments: GoldenLlama.names)
    func lossesEqualTheReference(name: String) throws {
        let golden = try GoldenLlama(name)
        let model = try golden.model()
        let batch = TokenBatch(try golden.examples)
        let values = model.logProbabilities(batch).scalars(Float.self)
        let sums = batch.targetRanges.map { -values[$0].reduce(0, +) }
        #expect(Tolerance.losses.holds(sums, try golden.numbers("sequenceSums")))
    }

    @Test(arguments: GoldenLlama.names)
    func everyGradientEqualsTheReference(name: String) throws {
        let golden = try GoldenLlama(name)
        let model = try golden.model()
        let batch = TokenBatch(try golden.examples)
        let names = model.parameters.names
        let parameters = model.parameters.train(Set(names))
        let gradients = tokenMean(model, batch).gradients(of: parameters)
        for (name, gradient) in zip(names, gradients) {
            let found = try #require(gradient, "no gradient for \(name)").scalars(Float.self)
            #expect(Tolerance.gradients.holds(found, try golden.values("gradient.\(name)")), "\(name)")
        }
        #expect(names.count == golden.tensors.names.count { $0.hasPrefix("gradient.") })
    }

    @Test(arguments: GoldenLlama.names)
    func fiveOptimizerStepsEqualTheReference(name: String) throws {
        let golden = try GoldenLlama(name)
        let model = try golden.model()
        let batch = TokenBatch(try golden.examples)
        let names = model.parameters.names
        let parameters = model.parameters.train(Set(names))
        var options = AdamWOptions()
        options.weightDecay = 0.01
        let optimizer = AdamW(parameters, options)
        var losses: [Float] = []
        for _ in 0..<5 {
            let loss = tokenMean(model, batch)
            losses.append(loss.item)
            optimizer.step(loss.gradients(of: parameters), learningRate: 1e-3)
        }
        #expect(Tolerance.losses.holds(losses, try golden.numbers("tokenMeanBeforeEachStep")))
        for name in names {
            // Adam makes whole steps of the rounding errors of a gradient that is zero, such as that of a key's bias in
            // GPT-2, which shifts all scores of a query alike.
            let gradient = try golden.values("gradient.\(name)").map(abs)
            let sure = gradient.indices.filter { gradient[$0] == 0 || gradient[$0] > 1e-7 }
            let (found, expected) = (
                model.parameters[name].scalars(Float.self), try golden.values("after.\(name)")
            )
            #expect(Tolerance.parameters.holds(sure.map { found[$0] }, sure.map { expected[$0] }), "\(name)")
        }
        for (index, example) in try golden.examples.enumerated() {
            let found = golden.logits(model, example.tokens)
            #expect(Tolerance.logits.holds(found, try golden.values("afterLogits.\(index)")))
        }
    }

    @Test func frozenParametersHaveNoGradient() throws {
        let golden = try GoldenLlama("llama-untied")
        let model = try golden.model()
        let head = model.parameters.train(["lm_head.weight"])
        let frozen = model.parameters["model.norm.weight"]
        let gradients = tokenMean(model, TokenBatch(try golden.examples)).gradients(of: head)
        #expect(gradients.allSatisfy { $0 != nil })
        #expect(!frozen.requiresGradient)
    }

    /// The mean of −log p over all labelled tokens.
    private func tokenMean(_ model: any CausalLM, _ batch: TokenBatch) -> Tensor {
        -model.logProbabilities(batch).mean()
    }
}

@Suite struct PackingTests {
    /// Differences come from the order of additions alone.
    private let tolerance = Tolerance(relative: 1e-5, absolute: 1e-5)

    /// Sequences with a common beginning, of many lengths.
    private let examples = (0..<9).map { index in
        let own = (0..<(3 + 5 * index % 17)).map { Int32(3 + (7 * index + 11 * $0) % 60) }
        return TokenExample(id: index, tokens: [1, 5, 9] + own, labelledFrom: 3)
    }

    @Test(arguments: GoldenLlama.names)
    func packedSequencesScoreAsSeparateOnes(name: String) throws {
        let model = try GoldenLlama(name).model()
        let packed = TokenBatch(examples)
        let together = model.logProbabilities(packed).scalars(Float.self)
        for (example, range) in zip(examples, packed.targetRanges) {
            let alone = model.logProbabilities(TokenBatch([example])).scalars(Float.self)
            #expect(tolerance.holds(Array(together[range]), alone), "example \(example.id)")
        }
    }

    @Test(arguments: GoldenLlama.names)
    func packedSequencesGiveTheGradientsOfSeparateOnes(name: String) throws {
        let model = try GoldenLlama(name).model()
        let names = model.parameters.names
        let parameters = model.parameters.train(Set(names))
        func gradients(_ batch: TokenBatch) -> [[Float]] {
            model.logProbabilities(batch).sum().gradients(of: parameters).map { $0?.scalars(Float.self) ?? [] }
        }
        let alone = examples.map { gradients(TokenBatch([$0])) }
        for (index, together) in gradients(TokenBatch(examples)).enumerated() {
            let sum = alone.dropFirst().reduce(alone[0][index]) { zip($0, $1[index]).map(+) }
            #expect(!together.isEmpty && Tolerance.gradients.holds(together, sum), "\(names[index])")
        }
    }

    @Test func theSharedBeginningStandsOnce() {
        let packed = TokenBatch(examples)
        #expect(packed.inputs.shape[0] == 1)
        #expect(packed.tokenCount == 3 + examples.reduce(0) { $0 + $1.tokens.count - 3 })
    }

    /// What lower blocks made of single examples, laid out as another batch, leads the upper ones to the same states.
    @Test(arguments: GoldenLlama.names)
    func keptStatesOfLowerBlocksLeadToTheSameStates(name: String) throws {
        let model = try GoldenLlama(name).model()
        let kept = examples.map { example in
            let alone = TokenBatch([example])
            return alone.split(model.hidden(alone, after: 1))[0]
        }
        let packed = TokenBatch(examples)
        func atTargets(_ states: Tensor) -> [Float] {
            states.reshape([packed.tokenCount, states.shape[2]]).select(packed.labelled).scalars(Float.self)
        }
        let whole = atTargets(model.hidden(packed, after: 2))
        #expect(tolerance.holds(atTargets(model.hidden(packed, after: 2, from: 1, packed.joined(kept))), whole))
        #expect(!tolerance.holds(atTargets(model.hidden(packed, after: 1)), whole))
    }

    @Test func parametersKnowTheirBlock() throws {
        let model = try GoldenLlama("llama-untied").model()
        #expect(model.block(of: "model.layers.1.mlp.down_proj.weight") == 1)
        #expect(model.block(of: "lm_head.weight") == nil)
        #expect(try GoldenLlama("llama-untied").directory.layerCount == 2)
    }

    @Test func oneExampleAloneIsLaidOutAsItIs() {
        let batch = TokenBatch([TokenExample(id: 0, tokens: [4, 5, 6], targets: [2])])
        #expect(batch.inputs.scalars(Int64.self) == [4, 5, 6])
        #expect(batch.predictors.scalars(Int64.self) == [1])
        #expect(batch.labelled.scalars(Int64.self) == [2])
        #expect(batch.targets.scalars(Int64.self) == [6])
    }
}
