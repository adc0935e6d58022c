// Generation: the cache, batching and sampling change nothing but speed and chance.

import Testing
import UnlearnEngine
import UnlearnModels

@Suite struct GenerationTests {
    let prompts: [[Int32]] = [[1, 17, 42], [1, 30], [1, 17, 42, 9, 33, 5, 60], [1], [1, 17, 8]]

    /// The likeliest token after reading everything anew each time.
    private func uncached(_ golden: GoldenLlama, _ model: any CausalLM, _ prompt: [Int32], count: Int) -> [Int32] {
        var tokens = prompt
        for _ in 0..<count {
            let last = golden.logits(model, tokens).suffix(model.vocabularyCount)
            let best = last.indices.max { last[$0] < last[$1] } ?? last.startIndex
            tokens.append(Int32(best - last.startIndex))
        }
        return Array(tokens.dropFirst(prompt.count))
    }

    @Test(arguments: GoldenLlama.names)
    func cachedGreedyTextEqualsUncached(name: String) throws {
        let golden = try GoldenLlama(name)
        let model = try golden.model()
        for prompt in prompts {
            let found = model.generate([prompt], Decoding(maximumTokens: 24))[0]
            #expect(found == uncached(golden, model, prompt, count: 24))
        }
    }

    /// Rows of a batch end at other times, and others take their places; some run into the end of the context.
    @Test(arguments: GoldenLlama.names, [(2, 24), (3, 7), (48, 24), (2, 300)])
    func aBatchWritesWhatEachPromptWritesAlone(name: String, sizes: (batch: Int, tokens: Int)) throws {
        let model = try GoldenLlama(name).model()
        var decoding = Decoding(maximumTokens: sizes.tokens, batchSize: sizes.batch)
        // A stop token that some rows meet early and others late or never.
        decoding.stopTokens = [try #require(model.generate([prompts[0]], decoding)[0].dropFirst(3).first)]
        let together = model.generate(prompts, decoding)
        for (prompt, tokens) in zip(prompts, together) {
            #expect(tokens == model.generate([prompt], decoding)[0])
        }
        #expect(together.allSatisfy { $0.allSatisfy { !decoding.stopTokens.contains($0) } })
    }

    private func sample(_ model: any CausalLM, seed: UInt64, topP: Double = 1) -> [[Int32]] {
        let generators = prompts.indices.map { Generator(seed: seed, purpose: "row \($0)") }
        let decoding = Decoding(maximumTokens: 16, temperature: 1, topP: topP)
        return model.generate(prompts, decoding, generators: generators)
    }

    @Test func oneSeedGivesOneText() throws {
        let model = try GoldenLlama("llama-tied").model()
        #expect(sample(model, seed: 1) == sample(model, seed: 1))
        #expect(sample(model, seed: 1) != sample(model, seed: 2))
    }

    @Test func aRowsSampleDoesNotDependOnItsCompany() throws {
        let model = try GoldenLlama("llama-tied").model()
        let together = sample(model, seed: 1, topP: 0.9)
        for (index, prompt) in prompts.enumerated() {
            let decoding = Decoding(maximumTokens: 16, temperature: 1, topP: 0.9)
            let generator = Generator(seed: 1, purpose: "row \(index)")
            #expect(model.generate([prompt], decoding, generators: [generator])[0] == together[index])
        }
    }

    /// Copies of a prompt are read once, and their texts are those of prompts read one by one; in small batches rows begin
    /// in places that others left.
    @Test(arguments: [3, 4, 48])
    func severalTextsOfOnePromptAreThoseOfItsCopies(batchSize: Int) throws {
        let model = try GoldenLlama("llama-tied").model()
        let copies = prompts.flatMap { [$0, $0, $0] }
        let decoding = Decoding(maximumTokens: 16, temperature: 1, topP: 0.9, batchSize: batchSize)
        func generator(_ index: Int) -> Generator { Generator(seed: 1, purpose: "row \(index)") }
        let together = model.generate(copies, decoding, generators: copies.indices.map(generator))
        for (index, prompt) in copies.enumerated() {
            #expect(model.generate([prompt], decoding, generators: [generator(index)])[0] == together[index])
        }
        #expect(Set(together.prefix(3)).count > 1)
    }

    @Test func aTinyNucleusIsGreedy() throws {
        let model = try GoldenLlama("llama-tied").model()
        #expect(sample(model, seed: 1, topP: 1e-6) == model.generate(prompts, Decoding(maximumTokens: 16)))
    }

    @Test func everyTokenIsReportedAsItComes() throws {
        let model = try GoldenLlama("llama-tied").model()
        var reported = [[Int32]](repeating: [], count: prompts.count)
        let results = model.generate(prompts, Decoding(maximumTokens: 5)) { reported[$0].append($1) }
        #expect(reported == results)
    }
}
