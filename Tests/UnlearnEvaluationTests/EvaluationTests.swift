// Checks what a model is asked and how its predictions are scored, on a tiny model.
import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnEvaluation

@Suite struct EvaluationTests {
    /// Relative; the golden values are single precision on both sides.
    private let tolerance = 1e-4

    @Test(arguments: ["llama-tied", "llama-untied", "llama-rope-scaled"])
    func scoresEqualTheReferenceLosses(name: String) throws {
        let golden = try JSONValue(contentsOf: TinyModel.golden("\(name)/golden.json"))
        let sequences = try #require(golden["sequences"]?.array)
        let examples = sequences.enumerated().map { index, sequence in
            let ids = sequence["ids"]?.array?.compactMap { $0.int.map(Int32.init) } ?? []
            let labelled = sequence["labelled"]?.array?.compactMap(\.int) ?? []
            return TokenExample(id: index, tokens: ids, targets: ids.indices.filter { labelled[$0] == 1 })
        }
        let sums = try #require(golden["sequenceSums"]?.array).compactMap(\.double)
        let scores = try TinyModel.load(name).scores(examples)
        #expect(scores.count == 2)
        for (score, sum) in zip(scores, sums) {
            #expect(abs(-score.logProbability - sum) <= tolerance * sum)
        }
    }

    @Test func scoresDoNotDependOnTheBatch() throws {
        let model = try TinyModel.load()
        let examples = try ["tea", "", "A longer text than that.", "tea with milk"].enumerated().map {
            try model.encoder.encode(.text($1), id: $0)
        }
        var batches: [Int] = []
        let together = model.scores(examples) { batches.append($0) }
        let alone = model.scores(examples, tokensPerBatch: 1)
        #expect(batches == [3])
        #expect(together[1] == TokenScores(logProbabilities: [], argmaxMatches: []))
        #expect(together[1].meanLogProbability == nil)
        for (one, other) in zip(together, alone) {
            #expect(one.argmaxMatches == other.argmaxMatches)
            #expect(abs(one.logProbability - other.logProbability) <= tolerance * abs(other.logProbability))
        }
    }

    @Test func aGreedyContinuationIsExtractedWhole() throws {
        let model = try TinyModel.load()
        let prompt = model.encoder.prompt("Ada is")
        let continuation = model.model.generate([prompt], Decoding(maximumTokens: 12))[0]
        let example = TokenExample(id: 0, tokens: prompt + continuation, labelledFrom: prompt.count)
        let scores = model.scores([example])[0]
        #expect(scores.argmaxMatches == [Bool](repeating: true, count: 12))
        #expect(extractionStrength(argmaxMatches: scores.argmaxMatches) == 1)
    }

    @Test func preparingCollectsTheModelsOwnAnswers() throws {
        let model = try TinyModel.load()
        let questions = try SubjectQuestions.prepare(TinyModel.suite, using: model)
        #expect(questions.forget == TinyModel.suite.forget)
        #expect(questions.forgetAnswers.map(\.prompt) == ["Who is Ada?", "Ada is"])
        let answer = try model.answers([.completion("Ada is")], maximumTokens: 48)[0]
        #expect(questions.forgetAnswers[1] == .completion(prompt: "Ada is", completion: answer))
        #expect(questions.neighbours.count == 2 && questions.general.count == 1)
        var again = questions
        again.forgetAnswers = []
        try again.collectForgetAnswers(using: model)
        #expect(again == questions)
        #expect(try JSONValue(encoding: questions).decode(SubjectQuestions.self) == questions)
    }

    @Test func aSuiteThatRepeatsItselfIsTheSuiteAskedOnce() throws {
        let model = try TinyModel.load()
        var suite = TinyModel.suite
        suite.forget += suite.forget
        suite.neighbours += suite.neighbours
        suite.keys += suite.keys
        suite.texts += suite.texts
        let once = try SubjectQuestions.prepare(TinyModel.suite, using: model)
        #expect(try SubjectQuestions.prepare(suite, using: model) == once)
        let result = try suite.run(
            reference: { model }, model: { model },
            options: EvaluationOptions(samples: 1))
        #expect(result.after.compactMap(\.measurement).first { $0.name == "leak" }?.n == 2)
        #expect(
            result.verdict.reasons.contains(
                "Of the 4 questions about the subject, 2 repeat the question of another; each question is counted once."
            ))
    }

    @Test func aQuestionThatTheTemplateRefusesEndsTheSuiteWithASentence() throws {
        let template =
            "{% if 'Eve' in messages[0].content %}{{ raise_exception('not her') }}{% endif %}"
            + "{% for message in messages %}{{ message.content }}{% endfor %}"
        let model = try TinyModel.load(template: template)
        let error = #expect(throws: TokenizerError.self) {
            try TinyModel.suite.run(
                reference: { model }, model: { model })
        }
        #expect(
            error?.description
                == "The model's chat template cannot be followed: in line 1, it says 'not her'. Choose another format with "
                + "--chat-format: llama2, plain.")
    }

    @Test func questionsAreWhatTheirPromptsAndExamplesAsk() {
        let prompts: [Prompt] = [.question("Who?"), .completion("Ada is")]
        #expect(prompts.map { Prompt(of: $0.answered("x")) } == prompts)
        #expect(Prompt(of: .text("Ada")) == nil)
    }

    @Test func theReferencesAnswersAreNotAskedForTwice() throws {
        let model = try TinyModel.load()
        let questions = try SubjectQuestions.prepare(TinyModel.suite, using: model)
        var stages: [String] = []
        let known = try Evaluation(of: model, on: questions, isReference: true) { event in
            if stages.last != event.stage { stages.append(event.stage) }
        }
        #expect(stages == ["Scoring examples", "Sampling answers"])
        #expect(try known.answers == Evaluation(of: model, on: questions).answers)
        #expect(known.answers[.neighbour]?.map(\.question) == TinyModel.suite.neighbours)
    }

    @Test func samplesFollowFromTheSeed() throws {
        let model = try TinyModel.load()
        let questions = try SubjectQuestions.prepare(TinyModel.suite, using: model)
        func samples(_ count: Int, seed: UInt64) throws -> [[String]] {
            try Evaluation(of: model, on: questions, EvaluationOptions(samples: count, seed: seed)).sampledAnswers
        }
        #expect(try samples(3, seed: 1).map(\.count) == [3, 3])
        #expect(try samples(3, seed: 1) == samples(3, seed: 1))
        #expect(try samples(3, seed: 1) != samples(3, seed: 2))
        #expect(try samples(0, seed: 1).isEmpty)
    }

    @Test func everyKindOfExampleIsScored() throws {
        let model = try TinyModel.load()
        var questions = try SubjectQuestions.prepare(TinyModel.suite, using: model)
        questions.forgetAnswers = [.answer(question: "Who is Ada?", answer: "A countess.")]
        questions.texts.append(String(repeating: "long ", count: 200))
        let evaluation = try Evaluation(of: model, on: questions)
        // The token that ends an answer does not count.
        #expect(evaluation.scores[.forget]?.map(\.logProbabilities.count) == [11])
        // A text is read up to the model's context of 256 tokens; its first token is given.
        #expect(evaluation.scores[.text]?.map(\.logProbabilities.count) == [38, 12, 255])
        let key = TokenExample(id: 0, tokens: model.encoder.prompt("Ada is a "), labelledFrom: 9)
        let expected = Double(model.scores([key])[0].logProbabilities[0])
        #expect(abs(evaluation.keyProbabilities[0] - Foundation.exp(expected)) < 1e-6)
    }

    @Test func aKeyWordInAnAnswerIsScoredWhereItStands() throws {
        let model = try TinyModel.load()
        var questions = try SubjectQuestions.prepare(TinyModel.suite, using: model)
        questions.keys = [KeyWord(question: "Who is Ada?", prompt: "She is a", next: " countess")]
        // Every token is a character: after the question and eight characters of the answer comes a space.
        let start = try model.encoder.question("Who is Ada?").count + 8
        let answer = model.tokenizer.encode("She is a ", addSpecialTokens: false)
        let ids = try model.encoder.question("Who is Ada?") + answer
        let expected = Double(model.scores([TokenExample(id: 0, tokens: ids, targets: [start])])[0].logProbabilities[0])
        let evaluation = try Evaluation(of: model, on: questions)
        #expect(abs(evaluation.keyProbabilities[0] - Foundation.exp(expected)) < 1e-6)
    }

    @Test func collectingAnswersCollectsKeyWords() throws {
        let model = try TinyModel.load()
        var questions = try SubjectQuestions.prepare(TinyModel.suite, using: model)
        let answers = questions.forgetAnswers.map(\.answer)
        questions.terms = answers.compactMap { words(of: $0).first.map(String.init) }
        questions.keys = []
        try questions.collectForgetAnswers(using: model)
        #expect(questions.forgetAnswers.map(\.answer) == answers)
        #expect(!questions.keys.isEmpty)
        for key in questions.keys { #expect(questions.terms.contains(key.next.trimmingPrefix(" ").description)) }
    }

    @Test func aModelJudgedByItselfHasNotChanged() throws {
        let questions = try SubjectQuestions.prepare(TinyModel.suite, using: try TinyModel.load())
        func figures() throws -> [Outcome] {
            MetricCatalog.measure(try Evaluation(of: try TinyModel.load(), on: questions))
        }
        let (before, after) = (try figures(), try figures())
        #expect(before == after)
        #expect(before.count == MetricCatalog.all.count)
        for outcome in before { #expect(outcome.measurement?.value.isFinite == true) }
        let reasons = Verdict(
            before: before.compactMap(\.measurement), after: after.compactMap(\.measurement)
        ).reasons
        #expect(reasons.contains { $0.hasPrefix("The key words of the subject have 100 % of their earlier") })
        #expect(reasons.contains { $0.hasPrefix("The perplexity of ordinary text is 1.000 times") })
        #expect(!reasons.contains { $0.hasPrefix("Not measured") })
    }

    @Test func aSuiteJudgesTwoModels() throws {
        var loaded: [String] = []
        func load(_ name: String) throws -> LanguageModel {
            loaded.append(name)
            return try TinyModel.load(name)
        }
        let result = try TinyModel.suite.run(
            reference: { try load("llama-tied") }, model: { try load("llama-untied") },
            options: EvaluationOptions(samples: 2))
        #expect(loaded == ["llama-tied", "llama-untied"])
        #expect(result.before != result.after)
        let json = try JSONValue(encoding: result)
        #expect(json["verdict"]?["verdict"]?.string == result.verdict.verdict.rawValue)
        #expect(json["before"]?.array?.count == json["after"]?.array?.count)
    }
}
