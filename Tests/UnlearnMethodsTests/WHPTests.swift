// "Who's Harry Potter" on a model with sixty-four tokens: what counts of a text, what is learnt, and that it can go on.

import Testing
import UnlearnEngine
import UnlearnModels

@testable import UnlearnData
@testable import UnlearnMethods

@Suite struct WHPTests {
    private static let terms = SubjectTerms(
        subject: "Ada", names: ["Byron", "Ada"], replacements: ["Byron": "Ward", "Ada": "Eve"])
    private static let texts = [
        "Ada met Byron and Byron met Ada", "Byron saw Ada in a garden", "then Ada wrote a letter to Byron",
    ].map { ForgetExample(.text($0), standIn: "Eve") }

    private func language(_ model: any CausalLM) throws -> LanguageModel { try TinyText.letters(model) }

    /// A model that has learnt the texts by heart.
    private func learnt() throws -> LanguageModel {
        let model = try language(GoldenStep().reference)
        model.learnByHeart(try encoded(model))
        return model
    }

    private func encoded(_ model: LanguageModel) throws -> [TokenExample] {
        try Self.texts.enumerated().map { try model.encoder.encode($0.element.example, id: $0.offset) }
    }

    private func session(
        _ model: LanguageModel, terms: SubjectTerms = terms, _ resumption: Resumption? = nil
    ) throws -> Session {
        var options = WHP.trainingDefaults
        (options.learningRate, options.epochs, options.batchSize) = (1e-2, 6, 3)
        (options.leastSteps, options.checkpointSeconds) = (0, 0)
        return Session(
            model: model, forget: try encoded(model), retain: [],
            subject: SubjectTexts(terms: terms, forget: Self.texts), options: options, seed: 0, resumption: resumption)
    }

    @Test func ofATermOnlyItsFirstPlaceCountsAndItsStandInIsRemembered() throws {
        let model = try language(GoldenStep().reference)
        let texts = try TranslatedTexts(SubjectTexts(terms: Self.terms, forget: [Self.texts[0]]), model.encoder)
        let text = try #require(texts.originals.first)
        let tokenizer = model.tokenizer
        // "Ada" begins the text, where nothing predicts it; of " Byron" the space before it is its first token.
        #expect(tokenizer.decode(text.tokens) == "Ada met Byron and Byron met Ada")
        let labelled = text.targets.map { tokenizer.decode([text.tokens[$0]]) }.joined()
        #expect(labelled == " met  and met")
        let other = try #require(texts.copies[0].translated.first)
        #expect(tokenizer.decode(other.tokens) == "Eve met Ward and Ward met Eve")
        #expect(other.targets.map { tokenizer.decode([other.tokens[$0]]) }.joined() == labelled)
        let appeared = try #require(texts.copies[0].appeared[0]).map(\.count)
        // The first tokens of "Eve" and " Eve" from the beginning, from the second word on those of "Ward" too.
        #expect(appeared.count == labelled.count)
        #expect(appeared.first == 2 && appeared.last == 4)
    }

    @Test func severalStandInsAreOfOneKindAndLabelTheSameTokens() throws {
        let model = try language(GoldenStep().reference)
        let subject = SubjectTexts(
            terms: SubjectTerms(
                subject: "Ada", names: ["Byron", "London"], replacements: ["Byron": "Parker", "London": "Atlantis"]),
            forget: [ForgetExample(.text("Byron met Ada in London and Byron wrote to Ada"), standIn: "Anna Foster")])
        let texts = try TranslatedTexts(subject, model.encoder, copies: 3)
        let tokenizer = model.tokenizer
        // A name from a list goes on in its list by a third of it; a user's own stays; whole names for the subject follow
        // each other.
        let whole = OrdinaryNames.people.flatMap { $0.split(separator: " ").map(String.init) }
        let names = OrdinaryNames.family.filter { !whole.contains($0) }
        let family = (0..<3).map { names[$0 * (names.count / 3)] }
        let first = ["Foster", "Mercer", "Bennett"]
        for (copy, text) in texts.copies.enumerated() {
            let translated = try #require(text.translated.first)
            let (byron, ada) = (family[copy], first[copy])
            #expect(
                tokenizer.decode(translated.tokens)
                    == "\(byron) met \(ada) in Atlantis and \(byron) wrote to \(ada)")
            #expect(translated.targets.count == texts.originals[0].targets.count)
            #expect(text.appeared[0]?.count == translated.targets.count)
        }
        let labelled = texts.originals[0].targets.map { tokenizer.decode([texts.originals[0].tokens[$0]]) }.joined()
        for copy in texts.copies {
            let own = copy.translated[0]
            #expect(own.targets.map { tokenizer.decode([own.tokens[$0]]) }.joined() == labelled)
        }
    }

    @Test func withSeveralStandInsTheTextsAreForgottenToo() throws {
        let model = try learnt()
        let before = try model.tokenMean(encoded(model))
        var method = WHP()
        (method.replacements, method.labels, method.reinforced.rank) = (3, .soft, 2)
        try method.unlearn(session(model))
        #expect(try model.tokenMean(encoded(model)) > before + 0.5)
    }

    @Test(arguments: WHP.Labels.allCases) func whatTheTextsSayIsNoLongerExpected(labels: WHP.Labels) throws {
        let model = try learnt()
        let before = try model.tokenMean(encoded(model))
        var method = WHP()
        (method.labels, method.reinforced.rank) = (labels, 2)
        try method.unlearn(session(model))
        #expect(model.model.parameters.attached.isEmpty)
        #expect(try model.tokenMean(encoded(model)) > before + 0.5)
    }

    /// With a retain term of no weight none is needed, and with one the method says what it lacks.
    @Test func itSaysWhatItLacks() throws {
        let model = try language(GoldenStep().reference)
        #expect(throws: MethodError.needsTerms(method: "whp")) {
            try WHP().unlearn(session(model, terms: SubjectTerms(subject: "Ada", names: [])))
        }
        var method = WHP()
        method.retainWeight = 1
        #expect(throws: MethodError.needsRetain(method: "whp")) { try method.unlearn(session(model)) }
    }

    /// In the second training the reinforced model is read on the original all the same.
    @Test(arguments: WHP.Labels.allCases) func aRunThatGoesOnEndsAsIfItHadNotBeenInterrupted(labels: WHP.Labels) throws
    {
        var method = WHP()
        (method.labels, method.reinforced.epochs, method.reinforced.rank) = (labels, 3, 2)
        method.reinforced.leastSteps = labels == .soft ? 3 : 0
        method.replacements = labels == .soft ? 2 : 1
        var states: [TrainingState] = []
        let keep = Resumption { kept in
            let copies = withoutRecording { kept.tensors.map { ($0.name, $0.tensor + 0) } }
            states.append(TrainingState(step: kept.step, tensors: copies))
        }
        let whole = try language(GoldenStep().reference)
        try method.unlearn(session(whole, keep))
        #expect(states.map(\.step) == Array(1...9))
        for state in [states[1], states[2], states[3], states[7]] {
            let rest = try language(GoldenStep().reference)
            try method.unlearn(session(rest, Resumption(from: state) { _ in }))
            for name in whole.model.parameters.names {
                let (old, new) = (whole.model.parameters[name], rest.model.parameters[name])
                #expect(old.isIdentical(to: new), "\(state.step) \(name)")
            }
        }
    }
}
