// Checks the suites against lm-evaluation-harness's arithmetic in transformers: see Tools/reference/suites_golden.py.
import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnEvaluation

@Suite struct SuiteGoldenTests {
    private static let folder = TinyModel.golden("suites")
    private let golden: JSONValue

    init() throws { golden = try JSONValue(contentsOf: Self.folder.appending(path: "tiny.json")) }

    private func run(_ suite: some EvaluationSuite, _ data: String) throws -> SuiteResult {
        try suite.run(
            SuiteContext(
                data: Self.folder.appending(path: data), model: { try TinyModel.load() },
                original: { try TinyModel.load() }))
    }

    /// Sums of up to sixty log-probabilities near −4 in single precision.
    private static let tolerance = 1e-3

    @Test func everyItemOfEveryTaskEqualsTheReference() throws {
        let rows = try run(MultipleChoice(), "tasks").findings.rows
        let tasks = try #require(golden["tasks"]?.object)
        for (task, expected) in tasks {
            let own = rows.filter { $0["task"]?.string == task }
            let answers = try #require(expected.array)
            #expect(own.count == answers.count, "\(task)")
            for (row, answer) in zip(own, answers) {
                #expect(row["choice"] == answer["choice"] && row["answer"] == answer["answer"], "\(task) \(row)")
                #expect(row["greedy"] == answer["greedy"] && row["tokens"] == answer["tokens"], "\(task) \(row)")
                if let choice = row["choiceByLength"] { #expect(choice == answer["choiceByLength"], "\(task) \(row)") }
                try expectNear(row["logProbabilities"], answer["logProbabilities"], "\(task) \(row)")
            }
        }
    }

    private func expectNear(_ values: JSONValue?, _ expected: JSONValue?, _ place: String) throws {
        let values = try #require(values?.array).compactMap(\.double)
        let expected = try #require(expected?.array).compactMap(\.double)
        #expect(values.count == expected.count, "\(place)")
        let differences = zip(values, expected).map { abs($0 - $1) }
        #expect(differences.allSatisfy { $0 < Self.tolerance }, "\(place) \(differences)")
    }

    @Test func accuraciesAndTheirErrorsEqualTheReference() throws {
        let result = try run(MultipleChoice(), "tasks")
        let table = result.harnessResults(model: "tiny", version: "test")
        let results = try #require(table["results"])
        let figures = try #require(golden["figures"]?.object)
        for (task, expected) in figures {
            let accuracy = try #require(expected["accuracy"]?.array)
            #expect(results[task]?["acc,none"] == accuracy[0], "\(task)")
            if let error = accuracy[1].double {
                let own = try #require(results[task]?["acc_stderr,none"]?.double, "\(task)")
                #expect(abs(own - error) < 1e-12, "\(task)")
            }
        }
        let pooled = try #require(results["mmlu"]?["acc_stderr,none"]?.double)
        let expected = try #require(golden["mmluError"]?.double)
        #expect(abs(pooled - expected) < 1e-12)
        #expect(table["n-samples"]?["mmlu_anatomy"]?["effective"]?.int == 2)
        #expect(table["n-shot"]?["mmlu_anatomy"]?.int == 0)
        #expect(table["higher_is_better"]?["piqa"] == ["acc": true, "acc_norm": true])
    }

    @Test func aTextInWindowsEqualsTheReference() throws {
        var suite = TextPerplexity()
        (suite.window, suite.stride) = (100, 40)
        let outcomes = try run(suite, "text.txt").findings.outcomes.measurements
        let text = try #require(golden["text"])
        let sum = try #require(text["logProbability"]?.double)
        let nats = [outcomes[0].value * log(2), log(outcomes[1].value), log(outcomes[2].value)]
        for (value, unit) in zip(nats, ["bytes", "tokens", "words"]) {
            let count = try #require(text[unit]?.int)
            #expect(abs(value + sum / Double(count)) < 1e-4, "\(unit)")
        }
        #expect(outcomes.map(\.name) == ["bits-per-byte", "token-perplexity", "word-perplexity"])
    }

    @Test func optionsThatDifferInTheirLastTokenCostNoMoreThanTheirQuestion() {
        let options = (10..<14).map { TokenExample(id: 0, tokens: [1, 2, 3, $0], labelledFrom: 3) }
        let batch = ReadingBatch([options, [TokenExample(id: 0, tokens: [4, 5], labelledFrom: 1)]])
        #expect(batch.inputs.scalars(Int64.self) == [1, 2, 3, 4])
        #expect(batch.predictors.scalars(Int64.self) == [2, 3])
        #expect(batch.predictorOfTarget == [[0], [0], [0], [0], [1]])
        #expect(ReadingBatch.tokenCount(options) == 3)
    }

    @Test func answersAreAsManyAsAskedForAndDependOnTheSeedAlone() throws {
        let model = try TinyModel.load()
        let style = AnswerOptions(samples: 5, maximumTokens: 8, temperature: 1, topP: 0.9)
        let requests = ["Ada is", "Bob", "Tea was"].map { Request.answer(.completion($0), style) }
        let (all, first) = (try model.responses(to: requests), try model.responses(to: [requests[0]]))
        #expect(requests.allSatisfy { all.answers($0).count == 5 })
        #expect(all.answers(requests[0]) == first.answers(requests[0]))
        let other = try model.responses(to: requests, ResponseOptions(seed: 1))
        #expect(all.answers(requests[0]) != other.answers(requests[0]))
        #expect(AnswerOptions(maximumTokens: 1, stops: ["\n", "c"]).cut("abcd\n") == "ab")
    }
}
