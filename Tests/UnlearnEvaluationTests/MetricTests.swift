// Checks the arithmetic of every metric by hand, on values given instead of a model.
import Foundation
import Testing
import UnlearnData

@testable import UnlearnEvaluation

@Suite struct MetricTests {
    private let questions = SubjectQuestions(
        forget: [
            Prompt.question("Who wrote it?"), Prompt.question("Is she a countess?"), Prompt.question("Where?"),
            Prompt.question("When?"),
        ],
        terms: ["countess", "machine"], coreTerms: ["countess"], keys: [KeyWord(prompt: "A", next: " b")],
        forgetAnswers: [], neighbours: [], general: [], texts: [])

    private func scores(_ probabilities: [Double], _ matches: [Bool] = []) -> TokenScores {
        TokenScores(logProbabilities: probabilities.map { Float(log($0)) }, argmaxMatches: matches)
    }

    private func evaluation(_ split: Split, _ scores: [TokenScores]) -> Evaluation {
        Evaluation(questions: questions, scores: [split: scores])
    }

    private func close(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) <= 1e-6 * max(1, abs(expected)) } ?? false
    }

    private func answering(_ texts: [String]) -> Evaluation {
        let answers = zip(questions.forget, texts).map { Answer(question: $0, text: $1) }
        return Evaluation(questions: questions, answers: [.forget: answers])
    }

    @Test func leakCountsAnswersWithATermThatTheQuestionLacks() throws {
        let subject = answering(["A Countess.", "A countess, yes.", "Beside the machine.", "In May."])
        let leak = try #require(Leak().measure(subject).measurement)
        #expect(leak.value == 0.5)
        #expect(leak.n == 4)
        #expect(leak.interval == Statistics.wilsonInterval(hits: 2, of: 4))
        #expect(leak.perExample.map(\.id) == ["forget-1", "forget-2", "forget-3", "forget-4"])
        #expect(leak.perExample.map(\.value) == [1, 0, 1, 0])
        #expect(leak.perExample.map(\.found) == [["countess"], nil, ["machine"], nil])
        #expect(CoreLeak().measure(subject).measurement?.value == 0.25)
    }

    @Test func sampledLeakTakesTheWorstSample() {
        let subject = Evaluation(
            questions: questions,
            sampledAnswers: [
                ["Nobody.", "A countess."], ["A countess.", "Yes."], ["Here.", "There."], ["machine", "machine"],
            ])
        #expect(SampledLeak().measure(subject).measurement?.value == 0.5)
        #expect(
            SampledLeak().measure(Evaluation(questions: questions))
                == .skipped(name: "sampled-leak", reason: "No answers were sampled."))
    }

    @Test func withoutTermsNothingIsSaidAboutALeak() {
        var questions = questions
        questions.terms = []
        #expect(
            Leak().measure(Evaluation(questions: questions))
                == .skipped(name: "leak", reason: "No terms of the subject are known to look for."))
    }

    @Test func answerProbabilityIsTheGeometricMeanOverTokens() throws {
        // √(0.5 · 0.125) = 0.25 and 0.75; the answer without tokens does not count.
        let subject = evaluation(.forget, [scores([0.5, 0.125]), scores([]), scores([0.75])])
        let measurement = try #require(AnswerProbability().measure(subject).measurement)
        #expect(close(measurement.value, 0.5))
        #expect(measurement.perExample.map(\.id) == ["forget-1", "forget-3"])
        #expect(close(measurement.perExample[0].value, 0.25))
    }

    @Test func logProbabilityIsTheMeanOfTheExamplesMeans() {
        // (ln 0.5 + ln 0.125) / 2 = −2 ln 2 and ln 0.25 = −2 ln 2.
        let examples = [scores([0.5, 0.125]), scores([0.25])]
        let value = LogProbability(split: .neighbour).measure(evaluation(.neighbour, examples)).measurement
        #expect(close(value?.value, -2 * log(2)))
        #expect(value?.split == .neighbour)
        #expect(
            LogProbability(split: .general).measure(evaluation(.neighbour, examples))
                == .skipped(
                    name: "log-probability",
                    reason: "The general split has no examples to measure log-probability on."))
    }

    @Test func perplexityWeighsEveryTokenAlike() throws {
        // Four tokens: exp((3 ln 2 + ln 16) / 4) = 2^(7/4). The texts alone have 2 and 16.
        let subject = evaluation(.text, [scores([0.5, 0.5, 0.5]), scores([0.0625]), scores([])])
        let perplexity = try #require(Perplexity().measure(subject).measurement)
        #expect(close(perplexity.value, pow(2, 1.75)))
        #expect(perplexity.n == 2)
        #expect(close(perplexity.perExample[1].value, 16))
        let interval = try #require(perplexity.interval)
        #expect(close(interval.low, 2) && close(interval.high, 16))
    }

    @Test func perplexityOfNothingOrOfNonsenseIsSkipped() {
        #expect(
            Perplexity().measure(evaluation(.text, []))
                == .skipped(name: "perplexity", reason: "The text split has no examples to measure perplexity on."))
        #expect(
            Perplexity().measure(evaluation(.text, [scores([.nan])]))
                == .skipped(
                    name: "perplexity", reason: "The value of perplexity on example 'text-1' (text) is not finite."))
    }

    @Test func keyProbabilityIsTheMean() {
        let subject = Evaluation(questions: questions, keyProbabilities: [0.25, 0.75])
        #expect(KeyProbability().measure(subject).measurement?.value == 0.5)
        #expect(KeyProbability().measure(subject).measurement?.perExample.last?.id == "key-2")
    }

    @Test func repetitionIsTheMeanOverAnswers() {
        // One of four triples, none, none of too few, none.
        let subject = answering(["a b c a b c", "one two three", "one", ""])
        #expect(Repetition().measure(subject).measurement?.value == 0.0625)
    }

    @Test func memorizationLooksAtTheMostProbableTokens() {
        let subject = evaluation(
            .forget,
            [
                scores([0.5, 0.5, 0.5, 0.5], [true, false, true, true]), scores([0.5, 0.5], [true, false]),
                scores([], []),
            ])
        #expect(ExtractionStrength().measure(subject).measurement?.value == 0.25)
        #expect(ExactMemorization().measure(subject).measurement?.value == 0.625)
    }

    @Test func theCatalogNamesEveryMetricOnce() {
        let names = MetricCatalog.cards.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(
            names == [
                "leak", "core-leak", "sampled-leak", "answer-probability", "key-probability", "extraction-strength",
                "exact-memorization", "repetition", "log-probability", "perplexity", "accuracy", "cross-entropy",
                "membership-attack", "psnr", "ssim", "fid", "inception-score", "embedding-cosine",
                "toxicity", "toxicity-corrected", "degenerate",
            ])
        for card in MetricCatalog.cards { #expect(card.summary.hasSuffix(".")) }
    }
}
