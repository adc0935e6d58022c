// Guessing ahead: the text is the model's own, whatever the rounded model guesses.

import Testing
import UnlearnEngine

@testable import UnlearnModels

@Suite struct SpeculationTests {
    /// GPT-2's matrices are laid out the other way round.
    static let names = GoldenLlama.names.filter { $0 != "gpt2" }
    let prompts: [[Int32]] = [[1, 17, 42], [1, 30], [1, 17, 42, 9, 33, 5, 60], [1], [1, 17, 8]]

    @Test(arguments: names)
    func guessingAheadChangesNoText(name: String) throws {
        let golden = try GoldenLlama(name)
        let model = try golden.model()
        for prompt in prompts {
            // Further than the context reaches.
            var decoding = Decoding(maximumTokens: 300)
            let plain = model.generate([prompt], decoding)[0]
            func ahead() throws -> [Int32] {
                var reported: [Int32] = []
                let text = try #require(try golden.speculation(decoding)).text(after: prompt) { reported.append($0) }
                #expect(reported == text)
                return text
            }
            #expect(try ahead() == plain)
            decoding.maximumTokens = 11
            #expect(try ahead() == Array(plain.prefix(11)))
            decoding.stopTokens = [plain[8]]
            #expect(try ahead() == Array(plain.prefix { $0 != plain[8] }))
        }
    }

    @Test(arguments: names)
    func theRoundedModelScoresNearlyAsItsModel(name: String) throws {
        let golden = try GoldenLlama(name)
        let model = try golden.model()
        let source = try #require(RoundedSource(model.parameters))
        let rounded = try golden.directory.architecture.build(golden.directory.configuration, Weights(source))
        let (own, guessed) = (golden.logits(model, prompts[2]), golden.logits(rounded, prompts[2]))
        let spread = (own.max() ?? 0) - (own.min() ?? 0)
        #expect(own != guessed)
        #expect(zip(own, guessed).allSatisfy { abs($0 - $1) < 0.05 * spread })
    }

    @Test func matricesThatTheProductCannotReadAreNotRounded() throws {
        let parameters = try GoldenLlama("gpt2").model().parameters
        #expect(RoundedSource(parameters) == nil)
    }
}

extension GoldenLlama {
    /// What guesses ahead for the model.
    fileprivate func speculation(_ decoding: Decoding) throws -> SelfSpeculation? {
        SelfSpeculation(try model(), decoding) { (weights) throws(ModelError) in
            try directory.architecture.build(directory.configuration, weights)
        }
    }
}
