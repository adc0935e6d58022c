// Erasure of language memory on a model with sixty-four tokens: which tokens stand in all readings, what is forgotten and
// what stays, and that it can go on.

import Testing
import UnlearnEngine
import UnlearnModels

@testable import UnlearnData
@testable import UnlearnMethods

@Suite struct ELMTests {
    private static let terms = SubjectTerms(subject: "Ada", names: ["Byron", "Ada"])
    private static let texts: [Example] = [
        .text("Ada met Byron and Byron met Ada"), .completion(prompt: "Byron saw", completion: " Ada in a garden"),
        .answer(question: "Who is Ada?", answer: "a friend of Byron"),
    ]
    private static let kept: [Example] = [.text("the sun rose over the hill"), .text("we had tea and some bread")]

    private func language(_ model: any CausalLM) throws -> LanguageModel { try TinyText.letters(model) }

    private func encoded(_ examples: [Example], _ model: LanguageModel, from first: Int = 0) throws -> [TokenExample] {
        try examples.enumerated().map { try model.encoder.encode($0.element, id: first + $0.offset) }
    }

    /// A model that has learnt everything by heart.
    private func learnt() throws -> LanguageModel {
        let model = try language(GoldenStep().reference)
        model.learnByHeart(try encoded(Self.texts + Self.kept, model))
        return model
    }

    private func session(
        _ model: LanguageModel, terms: SubjectTerms = terms, keeps: Bool = true, _ resumption: Resumption? = nil
    ) throws -> Session {
        var options = ELM.trainingDefaults
        (options.learningRate, options.steps, options.batchSize) = (1e-2, 30, 3)
        options.checkpointSeconds = 0
        return Session(
            model: model, forget: try encoded(Self.texts, model),
            retain: keeps ? [try encoded(Self.kept, model, from: 10)] : [],
            subject: SubjectTexts(terms: terms, forget: Self.texts.map { ForgetExample($0) }), options: options,
            seed: 0,
            resumption: resumption)
    }

    private var method: ELM {
        var method = ELM()
        (method.firstLayer, method.lastLayer, method.fluencyTokens) = (0, 1, 8)
        return method
    }

    @Test func theSameTokensAreLabelledInAllReadings() throws {
        let model = try language(GoldenStep().reference)
        let concept = try #require(Concept(Self.terms))
        #expect(concept.name == "Ada, Byron")
        let texts = try ContrastedTexts(Self.texts, concept, model)
        #expect(texts.plain.map(\.id) == [0, 1, 2])
        for (index, plain) in texts.plain.enumerated() {
            func labelled(_ text: TokenExample) -> String {
                model.tokenizer.decode(text.targets.map { text.tokens[$0] })
            }
            let whole = try model.encoder.encode(Self.texts[index], id: index)
            #expect(labelled(plain) == labelled(whole) && plain.tokens == whole.tokens)
            for (reading, word) in [(texts.novice[index], "a beginner"), (texts.expert[index], "an expert")] {
                #expect(labelled(reading) == labelled(plain))
                #expect(
                    model.tokenizer.decode(reading.tokens).hasSuffix(model.tokenizer.decode(plain.tokens)), "\(word)")
            }
            let contexts = concept.contexts(index)
            #expect(model.tokenizer.decode(texts.novice[index].tokens).hasPrefix(contexts.novice))
            #expect(model.tokenizer.decode(texts.expert[index].tokens).hasPrefix(contexts.expert))
        }
    }

    @Test func theStrengthGrowsEvenlyOverAText() {
        #expect(ErasedTargets.strengths(3, from: 1, to: 5) == [1, 3, 5])
        #expect(ErasedTargets.strengths(1, from: 1, to: 5) == [1])
    }

    @Test func theTextsAreForgottenAndTheRestIsKept() throws {
        let model = try learnt()
        let (texts, kept) = (try encoded(Self.texts, model), try encoded(Self.kept, model))
        let before = (forget: model.tokenMean(texts), kept: model.tokenMean(kept))
        let weights = model.model.parameters
        let old = withoutRecording { weights.names.map { ($0, weights[$0] + 0) } }
        var method = method
        method.firstLayer = 1
        try method.unlearn(session(model))
        #expect(weights.attached.isEmpty)
        let (forgot, changed) = (model.tokenMean(texts) - before.forget, model.tokenMean(kept) - before.kept)
        #expect(forgot > 0.5 && changed < forgot / 4, "\(forgot) \(changed)")
        // Only the matrices of the second block change.
        for (name, tensor) in old {
            let changes = name.hasPrefix("model.layers.1.") && name.hasSuffix("_proj.weight")
            #expect(weights[name].isIdentical(to: tensor) != changes, "\(name)")
        }
    }

    @Test func itSaysWhatItLacks() throws {
        let model = try language(GoldenStep().reference)
        #expect(throws: MethodError.needsTerms(method: "elm")) {
            try method.unlearn(session(model, terms: SubjectTerms(subject: "", names: [])))
        }
        #expect(throws: MethodError.needsRetain(method: "elm")) { try method.unlearn(session(model, keeps: false)) }
        #expect(throws: MethodError.layer(7, method: "elm", option: "lastLayer", layers: 2)) {
            try ELM().unlearn(session(model))
        }
        var backwards = ELM()
        backwards.firstLayer = 8
        #expect(backwards.problem() == OptionProblem("firstLayer", "it must be at most lastLayer, 7"))
        // With a retain term of no weight, and without fluent texts.
        var alone = method
        (alone.retainWeight, alone.fluencyWeight) = (0, 0)
        try alone.unlearn(session(model, keeps: false))
    }

    @Test func aRunThatGoesOnEndsAsIfItHadNotBeenInterrupted() throws {
        var states: [TrainingState] = []
        let keep = Resumption { kept in
            let copies = withoutRecording { kept.tensors.map { ($0.name, $0.tensor + 0) } }
            states.append(TrainingState(step: kept.step, tensors: copies))
        }
        let whole = try language(GoldenStep().reference)
        try method.unlearn(session(whole, keep))
        #expect(states.map(\.step) == Array(1...30))
        for state in [states[1], states[20]] {
            let rest = try language(GoldenStep().reference)
            try method.unlearn(session(rest, Resumption(from: state) { _ in }))
            for name in whole.model.parameters.names {
                let (old, new) = (whole.model.parameters[name], rest.model.parameters[name])
                #expect(old.isIdentical(to: new), "\(state.step) \(name)")
            }
        }
    }
}
