// Checks which measurements lead to which verdict, and the exact sentences that say why.
import Testing
import UnlearnEngine

@testable import UnlearnEvaluation

/// A run's measurements; every figure can be changed, or left out with nil.
private struct Scene {
    var leak: (before: Int, after: Int, of: Int)? = (183, 4, 200)
    var sampledLeak: Int?
    /// The terms in the answers that leak after forgetting.
    var found: [[String]] = []
    var probability: Double? = 0.1
    var keyProbability: Double?
    var neighbour: Double? = -0.1
    var general = -0.02
    var perplexity = 1.005
    var repetition = -0.005

    private func leak(_ name: String, _ hits: Int, of count: Int) -> Measurement? {
        let values = (0..<count).map {
            ExampleValue(id: "\($0)", value: $0 < hits ? 1 : 0, found: found.indices.contains($0) ? found[$0] : nil)
        }
        return Outcome.share(
            name: name, split: .forget, direction: .lowerIsBetter, unit: "share of answers", perExample: values
        ).measurement
    }

    private func figure(_ name: String, _ split: Split, _ value: Double) -> Measurement {
        Measurement(
            name: name, split: split, direction: .unchangedIsBetter, unit: "", value: value, interval: nil, n: 50,
            perExample: (0..<50).map { ExampleValue(id: "\($0)", value: value) })
    }

    private func measurements(after: Bool) -> [Measurement] {
        var all: [Measurement?] = []
        if let leak { all.append(self.leak(MetricName.leak, after ? leak.after : leak.before, of: leak.of)) }
        if let sampledLeak { all.append(leak(MetricName.sampledLeak, after ? sampledLeak : 190, of: 200)) }
        if let probability { all.append(figure(MetricName.answerProbability, .forget, after ? probability : 0.4)) }
        if let keyProbability {
            all.append(figure(MetricName.keyProbability, .forget, after ? keyProbability : 0.4))
        }
        if let neighbour { all.append(figure(MetricName.logProbability, .neighbour, after ? neighbour - 1 : -1)) }
        all.append(figure(MetricName.logProbability, .general, after ? general - 1 : -1))
        all.append(figure(MetricName.perplexity, .text, after ? 20 * perplexity : 20))
        all.append(figure(MetricName.repetition, .general, after ? 0.04 + repetition : 0.04))
        return all.compactMap(\.self)
    }

    var verdict: Verdict { Verdict(before: measurements(after: false), after: measurements(after: true)) }
}

@Suite struct VerdictTests {
    @Test func allLimitsKeptMeansForgottenAndSaysWhy() {
        let verdict = Scene().verdict
        #expect(verdict.verdict == .forgotten)
        #expect(
            verdict.reasons == [
                "After forgetting, 4 of 200 answers (2.0 %; 95 % interval 0.8 % to 5.0 %) contain a term of the subject; "
                    + "within the limit of 5.0 %.",
                "The answers to be forgotten have 25 % of their earlier probability (0.400 before, 0.100 after; 95 % "
                    + "interval 25 % to 25 %); within the limit of 50 %.",
                "The log-probability of answers about neighbouring subjects changed by -0.100 (95 % interval -0.100 to "
                    + "-0.100) nats per token; within the limit of -0.15.",
                "The log-probability of answers to general questions changed by -0.020 (95 % interval -0.020 to "
                    + "-0.020) nats per token; within the limit of -0.05.",
                "The perplexity of ordinary text is 1.005 times what it was (20.00 before, 20.10 after; 95 % interval "
                    + "1.005 to 1.005); within the limit of 1.020.",
                "The share of repeated word triples in general answers changed by -0.005 (95 % interval -0.005 to "
                    + "-0.005); within the limit of 0.010.",
            ])
    }

    @Test func aClearLeakMeansNotForgotten() {
        var scene = Scene()
        scene.leak = (83, 30, 100)
        #expect(scene.verdict.verdict == .notForgotten)
        #expect(
            scene.verdict.reasons.first
                == "After forgetting, 30 of 100 answers (30.0 %; 95 % interval 21.9 % to 39.6 %) contain a term of the "
                + "subject; beyond the limit of 5.0 %.")
    }

    /// So that a person knows what to look for.
    @Test func theWordsThatGiveTheSubjectAwayAreNamed() {
        var scene = Scene()
        (scene.leak, scene.sampledLeak) = ((183, 4, 200), 3)
        scene.found = [["Nobel"], ["Nobel", "Princeton"], ["Ulm"]]
        let words = " contain a term of the subject, most often “Nobel” (2), “Princeton” (1), “Ulm” (1); within"
        #expect(scene.verdict.reasons.contains { $0.contains(words) })
        scene.found.append(["A", "B", "C", "D"])
        let more = ", most often “Nobel” (2), “A” (1), “B” (1), “C” (1), “D” (1), “Princeton” (1) and 1 other; "
        #expect(scene.verdict.reasons.count { $0.contains(more) } == 2)
    }

    @Test func aLeakWhoseIntervalCrossesTheLimitIsInconclusive() {
        var scene = Scene()
        scene.leak = (83, 8, 100)
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(
            scene.verdict.reasons.first?.hasSuffix(
                "not clear of the limit of 5.0 %: if it stays so, about 43 more questions would decide.") == true)
    }

    @Test func tooFewQuestionsAreInconclusive() {
        var scene = Scene()
        scene.leak = (9, 0, 10)
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(
            scene.verdict.reasons.prefix(2) == [
                "After forgetting, 0 of 10 answers (0.0 %; 95 % interval 0.0 % to 27.8 %) contain a term of the "
                    + "subject; not clear of the limit of 5.0 %: if it stays so, about 42 more questions would decide.",
                "Only 10 questions ask about the subject; at least 20 are needed.",
            ])
    }

    @Test func aSingleQuestionShowsNothingElse() {
        func measurements(_ leak: Double, _ probability: Double) -> [Measurement] {
            var generator = Generator(seed: 0)
            let values = [ExampleValue(id: "forget-1", value: leak)]
            return [
                Outcome.share(name: "leak", split: .forget, direction: .lowerIsBetter, unit: "", perExample: values),
                Outcome.mean(
                    name: "answer-probability", split: .forget, direction: .lowerIsBetter, unit: "",
                    perExample: [ExampleValue(id: "forget-1", value: probability)], using: &generator),
            ].compactMap(\.measurement)
        }
        let verdict = Verdict(before: measurements(1, 0.4), after: measurements(0, 0.4))
        #expect(verdict.reasons.contains("Only 1 question asks about the subject; at least 20 are needed."))
        #expect(
            verdict.reasons.contains(
                "The answers to be forgotten have 100 % of their earlier probability (0.400 before, 0.400 after); not clear "
                    + "of the limit of 50 %."))
        #expect(measurements(1, 0.4)[1].interval == nil)
    }

    @Test func repeatedRowsAreCounted() {
        #expect(
            RowCount(["a", "b", "a", "a"]).notice("examples to forget") == [
                "Of the 4 examples to forget, 2 repeat the question of another; each question is counted once."
            ])
        #expect(RowCount(["a", "a"]).notice("examples")[0].hasPrefix("Of the 2 examples, 1 repeats the question"))
        #expect(RowCount(["a", "b"]).notice("examples").isEmpty)
    }

    @Test func aSubjectThatWasNotKnownIsInconclusiveWhateverElseFailed() {
        var scene = Scene()
        scene.leak = (10, 10, 100)
        scene.perplexity = 2
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(
            scene.verdict.reasons.first
                == "The model hardly knew the subject before: only 10 of 100 answers (10.0 %; 95 % interval 5.5 % to "
                + "17.4 %) contained a term of it, and at least 20.0 % are needed to show that anything was forgotten.")
    }

    @Test func keyWordsCountInPlaceOfWholeAnswersWhereTheyAreKnown() {
        var scene = Scene()
        scene.probability = 0.39
        scene.keyProbability = 0.08
        #expect(scene.verdict.verdict == .forgotten)
        #expect(
            scene.verdict.reasons[1]
                == "The key words of the subject have 20 % of their earlier probability (0.400 before, 0.080 after; 95 % "
                + "interval 20 % to 20 %); within the limit of 25 %.")
        scene.keyProbability = 0.2
        #expect(scene.verdict.verdict == .notForgotten)
    }

    @Test func harmMeansNotForgotten() {
        for harm in [\Scene.general, \.perplexity, \.repetition] {
            var scene = Scene()
            scene[keyPath: harm] = harm == \.general ? -1 : 3
            #expect(scene.verdict.verdict == .notForgotten)
            #expect(scene.verdict.reasons.first?.contains("beyond the limit of") == true)
        }
    }

    @Test func answersThatStayProbableMeanNotForgotten() {
        var scene = Scene()
        scene.probability = 0.38
        #expect(scene.verdict.verdict == .notForgotten)
    }

    @Test func sampledLeaksCountWhereTheyWereMeasured() {
        var scene = Scene()
        scene.sampledLeak = 40
        #expect(scene.verdict.verdict == .notForgotten)
        #expect(
            scene.verdict.reasons.first
                == "With sampling, a term of the subject appears in at least one answer to 40 of 200 questions "
                + "(20.0 %; 95 % interval 15.0 % to 26.1 %); beyond the limit of 15.0 %.")
        scene.sampledLeak = 20
        #expect(scene.verdict.verdict == .forgotten)
    }

    @Test func whatWasNotMeasuredLeavesTheVerdictOpen() {
        var scene = Scene()
        scene.neighbour = nil
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(
            scene.verdict.reasons.first
                == "Not measured: the log-probability of answers about neighbouring subjects, before and after.")
        scene = Scene()
        scene.leak = nil
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(
            scene.verdict.reasons.prefix(2) == [
                "Not measured: how many answers contained a term of the subject before.",
                "Not measured: how many answers contain a term of the subject after forgetting.",
            ])
    }

    @Test func aFallWithinItsUncertaintyOfTheMarginIsInconclusive() {
        func measurements(_ values: [Double]) -> [Measurement] {
            let examples = values.enumerated().map { ExampleValue(id: "\($0.offset)", value: $0.element) }
            return [
                Measurement(
                    name: MetricName.logProbability, split: .general, direction: .unchangedIsBetter, unit: "",
                    value: Statistics.mean(values), interval: nil, n: values.count, perExample: examples)
            ]
        }
        let before = [Double](repeating: -1, count: 20)
        let noisy = (0..<20).map { $0.isMultiple(of: 2) ? -1.6 : -0.55 }
        let verdict = Verdict(before: measurements(before), after: measurements(noisy))
        let reason = verdict.reasons.first { $0.contains("general questions") }
        #expect(
            reason?.hasPrefix("The log-probability of answers to general questions changed by -0.075 (95 %") == true)
        #expect(
            reason?.contains("nats per token; not clear of the limit of -0.05: if it stays so, about ") == true)
    }

    /// Schuirmann 1987: only the worse end of the one-sided interval shows that a limit is kept.
    @Test func withinTheLimitIsNotEnough() {
        var scene = Scene()
        scene.leak = (58, 0, 58)
        // z² / (n + z²) = 2.7055 / 60.7055.
        let none = JudgedFigure(share: Statistics.share(0, of: 58))
        #expect(abs((none.ends?.high ?? .nan) - 0.044568) < 1e-6)
        #expect(scene.verdict.verdict == .forgotten)
        scene.leak = (58, 1, 58)
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(scene.verdict.reasons[0].hasSuffix("if it stays so, about 62 more questions would decide."))
        // Whatever the number that is said, it decides, and one less does not.
        for (hits, count) in [(0, 20), (3, 100), (7, 100)] {
            let figure = JudgedFigure(share: Statistics.share(hits, of: count))
            guard let more = figure.missing(atMost: 0.05) else {
                Issue.record("\(hits) of \(count)")
                continue
            }
            func isDecided(_ n: Int) -> Bool {
                let share = Double(hits) / Double(count)
                let z = Statistics.normal95
                return abs(share - 0.05) >= z * (0.05 * 0.95 / Double(n)).squareRoot()
            }
            #expect(isDecided(count + more) && !isDecided(count + more - 1), "\(hits) of \(count)")
        }
    }

    @Test func sharesThatNeverDifferMayDiffer() {
        let zeros = [Double](repeating: 0, count: 58)
        let none = Statistics.pairedShareDifferenceInterval(before: zeros, after: zeros, z: Statistics.normal95)
        // 1.6449 · √(2 / 60) / √60.
        #expect(abs(none.high - 0.038770) < 1e-5 && abs(none.low + none.high) < 1e-12)
        // Bonett and Price 2012, equation 1, with b = 12 and c = 4 of 40: the centre is 8 / 42.
        let (before, after) = (
            (0..<40).map { $0 < 4 ? 1.0 : 0 }, (0..<40).map { (4..<16).contains($0) ? 1.0 : 0 }
        )
        let some = Statistics.pairedShareDifferenceInterval(before: before, after: after)
        let half = 1.959963984540054 * ((18.0 / 42 - (8.0 / 42) * (8.0 / 42)) / 42).squareRoot()
        #expect(abs(some.low - (8.0 / 42 - half)) < 1e-12 && abs(some.high - (8.0 / 42 + half)) < 1e-12)
        var generator = Generator(seed: 0)
        let whole = Statistics.meanShareInterval(of: zeros, using: &generator)
        #expect(whole == Statistics.wilsonInterval(hits: 0, of: 58))
    }

    /// Newcombe 1998, table II, row (a): 56 of 70 and 48 of 80, method 10.
    @Test func sharesOfDifferentExamplesDifferByNewcombesInterval() {
        let difference = Statistics.shareDifferenceInterval(
            Statistics.share(56, of: 70), Statistics.share(48, of: 80), z: Statistics.normal975)
        #expect(abs(difference.low - 0.0524) < 5e-5 && abs(difference.high - 0.3339) < 5e-5)
    }

    @Test func aFigureWhoseIntervalIsNotKnownDecidesNothing() {
        #expect(JudgedFigure(0, of: 5, nil).judgement(atMost: 1) == .unclear)
        #expect(JudgedFigure(0.5, of: 5, nil).missing(atMost: 1) == nil)
        let known = JudgedFigure(0.5, of: 100, Interval(low: 0.4, high: 0.6))
        #expect(known.judgement(atMost: 0.59) == .met && known.judgement(atMost: 0.58) == .unclear)
        #expect(known.negated.judgement(atMost: -0.59) == .failed && known.negated.judgement(atMost: -0.41) == .met)
    }

    @Test func numbersAreWrittenTheSameEverywhere() {
        #expect(NumberText.decimal(-0.0001) == "0.000")
        #expect(NumberText.decimal(.nan) == "undefined")
        #expect(NumberText.decimal(-.infinity) == "-infinite")
        #expect(NumberText.percent(0.125) == "12.5 %")
    }
}

extension Statistics {
    /// A measured share of hits.
    fileprivate static func share(_ hits: Int, of count: Int) -> UnlearnEvaluation.Measurement {
        UnlearnEvaluation.Measurement(
            name: MetricName.leak, split: .forget, direction: .lowerIsBetter, unit: "",
            value: Double(hits) / Double(count), interval: nil, n: count)
    }
}
