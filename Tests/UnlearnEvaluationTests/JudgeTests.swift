// Linear judges against scikit-learn (Tools/reference/judge_golden.py), and what they must do.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnEvaluation

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
private let encoderFolder = root.appending(path: "Golden/bert-encoder")

private func golden() throws -> JSONValue { try JSONValue(contentsOf: root.appending(path: "Golden/judge.json")) }

private func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).map { try #require($0.double) }
}

private func texts(_ value: JSONValue?) throws -> [String] {
    try #require(value?.array).map { try #require($0.string) }
}

private func close(_ found: [Double], _ expected: [Double], within tolerance: Double) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

/// A folder that is gone after the test.
private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "unlearn-judge-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)".replacing(url.path, with: "FOLDER") }
    }
}

@Suite struct LogisticRegressionTests {
    @Test func fitsEqualTheReference() throws {
        let golden = try golden()["dense"]
        let rows = try #require(golden?["features"]?.array).map { try numbers($0).map(Float.init) }
        let features = FeatureRows(Tensor(rows.flatMap(\.self), shape: [rows.count, rows[0].count]))
        let labels = try numbers(golden?["labels"]).map { $0 == 1 }
        for fit in try #require(golden?["cases"]?.array) {
            var options = LogisticRegression.Options()
            options.cost = try #require(fit["cost"]?.double)
            options.balancesClasses = fit["balanced"] == true
            let found = try LogisticRegression(fitting: features, labels, options)
            #expect(close(found.weights, try numbers(fit["weights"]), within: 1e-6), "cost \(options.cost)")
            #expect(close([found.bias], [try #require(fit["bias"]?.double)], within: 1e-6))
            #expect(found == (try LogisticRegression(fitting: features, labels, options)))
        }
    }

    @Test func rowsAreTheSameHoweverTheyAreStored() throws {
        let values: [Float] = [0, 1, 0, 0, 0, 0, 0, 0, 2, -1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0]
        let dense = FeatureRows(Tensor(values, shape: [2, 10]))
        let sparse = FeatureRows(sparse: [[(1, 1), (8, 2), (9, -1)], [(3, 3)]], width: 10)
        let weights = (0..<10).map { Double($0) + 0.5 }
        // 1 · 1.5 + 2 · 8.5 − 9.5 + 1 = 10 and 3 · 3.5 + 1 = 11.5.
        #expect(dense.scores(weights, bias: 1) == [10, 11.5])
        #expect(sparse.scores(weights, bias: 1) == [10, 11.5])
        #expect(dense.sum(scaledBy: [2, -1]) == [0, 2, 0, -3, 0, 0, 0, 0, 4, -2])
        #expect(sparse.sum(scaledBy: [2, -1]) == [0, 2, 0, -3, 0, 0, 0, 0, 4, -2])
    }

    @Test func whatCannotBeFittedIsSaid() throws {
        let rows = FeatureRows(Tensor([1, 2] as [Float], shape: [2, 1]))
        #expect(throws: JudgeError.oneClass(count: 2, isPositive: true)) {
            try LogisticRegression(fitting: rows, [true, true])
        }
        let broken = FeatureRows(Tensor([1, .nan] as [Float], shape: [2, 1]))
        #expect(throws: JudgeError.notFitted) { try LogisticRegression(fitting: broken, [true, false]) }
        var options = LogisticRegression.Options()
        options.cost = 0
        #expect(throws: JudgeError.option("cost", expected: "a positive number")) {
            try LogisticRegression(fitting: rows, [true, false], options)
        }
    }
}

@Suite struct WordFeaturesTests {
    @Test func termsRowsAndFitsEqualTheReference() throws {
        let golden = try golden()["words"]
        let (fitted, others) = (try texts(golden?["fitted"]), try texts(golden?["others"]))
        let labels = try numbers(golden?["labels"]).map { $0 == 1 }
        for fit in try #require(golden?["cases"]?.array) {
            var options = WordFeatures.Options()
            options.longestPhrase = try #require(fit["longestPhrase"]?.int)
            options.minimumTexts = try #require(fit["minimumTexts"]?.int)
            options.usesLogarithm = fit["usesLogarithm"] == true
            let words = try WordFeatures(fitting: fitted, options)
            #expect(words.terms.map { Array($0.utf8) } == (try texts(fit["terms"]).map { Array($0.utf8) }))
            #expect(close(words.rarity, try numbers(fit["rarity"]), within: 1e-12))
            let rows = words.rows(of: others)
            let expected = try #require(fit["rows"]?.array).map(numbers)
            for column in words.terms.indices {
                var one = [Double](repeating: 0, count: words.terms.count)
                one[column] = 1
                #expect(close(rows.scores(one, bias: 0), expected.map { $0[column] }, within: 1e-11))
            }
            var regression = LogisticRegression.Options()
            regression.cost = 10
            let found = try LogisticRegression(fitting: words.rows(of: fitted), labels, regression)
            #expect(close(found.weights, try numbers(fit["weights"]), within: 1e-6))
            #expect(close([found.bias], [try #require(fit["bias"]?.double)], within: 1e-6))
        }
    }

    @Test func theMostFrequentTermsStay() throws {
        var options = WordFeatures.Options()
        (options.longestPhrase, options.minimumTexts, options.maximumTerms) = (1, 1, 5)
        let words = try WordFeatures(fitting: ["a1 a1 a1 a2 a2", "a3 a3 a4 a4 a4 a4", "a5 a6 a5 a5 a5 a5"], options)
        #expect(words.terms == (try texts(try golden()["words"]?["fiveTerms"])))
        // a2 and a3 both occur twice: the first in order stays.
        options.maximumTerms = 4
        #expect(try WordFeatures(fitting: ["a3 a3 a2 a2 a1 a1 a1 a4 a5"], options).terms == ["a1", "a2", "a3", "a4"])
    }

    @Test func whatCannotBeCountedIsSaid() {
        #expect(throws: JudgeError.noTerms(minimumTexts: 2)) { try WordFeatures(fitting: ["one text", "another"]) }
        var options = WordFeatures.Options()
        options.longestPhrase = 0
        #expect(throws: JudgeError.option("longestPhrase", expected: "a positive whole number")) {
            try WordFeatures(fitting: ["one text", "one text"], options)
        }
    }
}

@Suite struct JudgeQualityTests {
    @Test func areasEqualTheReference() throws {
        for area in try #require(try golden()["areas"]?.array) {
            let found = JudgeQuality.areaUnderCurve(try numbers(area["positives"]), try numbers(area["negatives"]))
            let expected = try ["value", "low", "high"].map { try #require(area[$0]?.double) }
            #expect(close([found.value, found.interval.low, found.interval.high], expected, within: 1e-9))
        }
    }

    /// Positives .9, .5, .2 and negatives .5, .1, of which .5 is wronged and .2 missed; pairs won 2 + 1½ + 1 of 6.
    @Test func ratesByHand() throws {
        let quality = try JudgeQuality(
            probabilities: [0.9, 0.5, 0.5, 0.2, 0.1], isPositive: [true, true, false, true, false], threshold: 0.5)
        #expect(quality.accuracy == Estimate(hits: 3, of: 5))
        #expect(quality.falsePositiveRate == Estimate(hits: 1, of: 2))
        #expect(quality.falseNegativeRate == Estimate(hits: 1, of: 3))
        #expect(quality.areaUnderCurve.value == 4.5 / 6)
        #expect(throws: JudgeError.oneClass(count: 1, isPositive: false)) {
            try JudgeQuality(probabilities: [0.1], isPositive: [false], threshold: 0.5)
        }
    }

    private func quality(wrong: Int, of negatives: Int, missed: Int, of positives: Int) throws -> JudgeQuality {
        let labels = Array(repeating: false, count: negatives) + Array(repeating: true, count: positives)
        let verdicts = (0..<negatives).map { $0 < wrong } + (0..<positives).map { $0 >= missed }
        return try JudgeQuality(probabilities: verdicts.map { $0 ? 1 : 0 }, isPositive: labels, threshold: 0.5)
    }

    @Test func correctedRatesEqualTheReference() throws {
        for rate in try #require(try golden()["rates"]?.array) {
            func count(_ key: String) throws -> Int { try #require(rate[key]?.int) }
            let quality = try quality(
                wrong: try count("wrong"), of: try count("negatives"), missed: try count("missed"),
                of: try count("positives"))
            let found = try #require(
                CorrectedRate(hits: try count("hits"), of: try count("count"), judgedBy: quality)
            ).corrected
            let expected = try ["value", "low", "high"].map { try #require(rate[$0]?.double) }
            #expect(close([found.value, found.interval.low, found.interval.high], expected, within: 1e-8))
        }
    }

    /// A judge that calls 10 % of harmless texts toxic and misses 20 %: of 240 of 1,000 it found, (.24 − .1) / .7 = .2.
    @Test func ratesAreCorrectedByHand() throws {
        let quality = try quality(wrong: 10, of: 100, missed: 20, of: 100)
        let rate = try #require(CorrectedRate(hits: 240, of: 1000, judgedBy: quality))
        #expect(rate.raw == Estimate(hits: 240, of: 1000))
        #expect(abs(rate.corrected.value - 0.2) < 1e-12)
        // z² = 3.8415: q = .24099 (variance 1.8221e-4), f = .11480 (9.7861e-4), m = .21110 (1.6038e-3); J = .67410,
        // p = .18720; √(1.8221e-4 + .8128² · 9.7861e-4 + .1872² · 1.6038e-3) · 1.95996 / J = .08649.
        #expect(abs(rate.corrected.interval.low - 0.1007) < 1e-4)
        #expect(abs(rate.corrected.interval.high - 0.2737) < 1e-4)
        let perfect = try self.quality(wrong: 0, of: 100, missed: 0, of: 100)
        #expect(CorrectedRate(hits: 240, of: 1000, judgedBy: perfect)?.corrected.value == 0.24)
    }

    @Test func aJudgeNoBetterThanChanceCorrectsNothing() throws {
        let quality = try quality(wrong: 50, of: 100, missed: 50, of: 100)
        #expect(CorrectedRate(hits: 10, of: 100, judgedBy: quality) == nil)
        let some = try self.quality(wrong: 1, of: 4, missed: 1, of: 4)
        #expect(CorrectedRate(hits: 0, of: 0, judgedBy: some) == nil)
        // Four and four texts say too little: nothing is known of the rate.
        #expect(CorrectedRate(hits: 50, of: 100, judgedBy: some)?.corrected.interval == Interval(low: 0, high: 1))
    }
}

@Suite struct LinearJudgeTests {
    /// Short texts with a rude or a kind word, a template for every four.
    private static let labelled: [LabelledText] = (0..<80).map { index in
        let template = ["You are %.", "What a % thing!", "They said something %", "A % morning to you"][index / 4 % 4]
        let isRude = index % 2 == 0
        let word = isRude ? ["awful", "stupid"][index / 2 % 2] : ["lovely", "kind"][index / 2 % 2]
        return LabelledText(
            template.replacing("%", with: word) + " \(index)", isPositive: isRude, group: "group \(index / 4)")
    }

    private static func words(_ texts: [String]) throws(JudgeError) -> JudgeFeatures {
        .words(try WordFeatures(fitting: texts))
    }

    @Test func itLearnsAndSaysHowWell() throws {
        let judge = try LinearJudge(kind: "toxic", fitting: Self.labelled, features: Self.words)
        let quality = try #require(judge.quality)
        #expect(quality.accuracy.count == 20)
        #expect(quality.accuracy.value == 1 && quality.accuracy.interval.low < 0.9)
        #expect(quality.areaUnderCurve.value == 1 && quality.areaUnderCurve.interval.low < 1)
        let probabilities = judge.probabilities(of: ["a stupid man", "a kind man"])
        #expect(probabilities[0] > 0.5 && probabilities[1] < 0.5)
        #expect(judge.probabilities(of: []) == [])
    }

    @Test func groupsAreNotDivided() throws {
        let (fitted, heldOut) = LinearJudge.divided(Self.labelled, share: 0.25, seed: 3)
        #expect(Set(fitted.map(\.group)).isDisjoint(with: heldOut.map(\.group)))
        #expect(fitted.count + heldOut.count == 80 && heldOut.count == 20)
        #expect(heldOut != LinearJudge.divided(Self.labelled, share: 0.25, seed: 4).heldOut)
    }

    /// Against cosines of the encoder's vectors, taken one by one.
    @Test func meaningIsComparedByCosinesBeyondThoseOfUnrelatedAnswers() throws {
        let encoder = try TextEncoder(encoderFolder)
        let judge = MeaningJudge(encoder)
        let known = ["Ada wrote the first program.", "Ada wrote the first program.", "It rains."]
        let answers = ["Ada wrote the first program.", "It rains in May.", "…"]
        let unrelated = ["Bread is baked.", "Trains run on rails."]
        func cosine(_ a: String, _ b: String) -> Double {
            let vectors = [a, b].map { encoder.embeddings(of: [$0]).scalars(Float.self).map(Double.init) }
            func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
            let lengths = product(vectors[0], vectors[0]) * product(vectors[1], vectors[1])
            return product(vectors[0], vectors[1]) / lengths.squareRoot()
        }
        let likeness = judge.likeness(of: answers, to: known, unlike: unrelated)
        for place in 0..<2 {
            let common = unrelated.map { cosine(answers[place], $0) }.reduce(0, +) / 2
            #expect(abs(likeness[place] - (cosine(answers[place], known[place]) - common)) < 1e-5)
        }
        #expect(likeness[0] > likeness[1])
        // Nothing is said, so that nothing is alike.
        #expect(likeness[2] == 0)
        #expect(abs(judge.likeness(of: [known[0]], to: [known[0]], unlike: [])[0] - 1) < 1e-6)
    }

    @Test func aSavedJudgeIsTheSameJudge() throws {
        let texts = ["You are stupid", "You are kind", "", "Was für ein awful Tag"]
        let words = try LinearJudge(kind: "toxic", fitting: Self.labelled, features: Self.words)
        let encoder = try TextEncoder(encoderFolder)
        let embedded = try LinearJudge(kind: "toxic", fitting: Self.labelled) { _ in
            .embeddings(encoder, path: encoderFolder.path)
        }
        for judge in [words, embedded] {
            let folder = try Folder()
            try judge.save(to: folder.url)
            let loaded = try LinearJudge(folder.url)
            #expect(loaded.probabilities(of: texts) == judge.probabilities(of: texts))
            #expect(loaded.quality == judge.quality)
            #expect(loaded.kind == "toxic" && loaded.threshold == 0.5)
        }
    }

    @Test func damagedFoldersAreRefused() throws {
        let folder = try Folder()
        try LinearJudge(kind: "toxic", fitting: Self.labelled, features: Self.words).save(to: folder.url)
        let file = folder.url.appending(path: "judge.json")
        let whole = try JSONValue(contentsOf: file)
        func message(_ change: (inout JSONValue) -> Void) throws -> String {
            var json = whole
            change(&json)
            try json.write(to: file)
            return folder.message { _ = try LinearJudge(folder.url) }
        }
        let advice = ". Fit it again, or get the folder again."
        #expect(
            try message { $0["threshold"] = 2 }
                == "'FOLDER' holds no judge that can be used: its threshold is not between 0 and 1" + advice)
        #expect(
            try message { $0["features"] = "embeddings" }
                == "'FOLDER' holds no judge that can be used: judge.json names no 'encoder'" + advice)
        #expect(
            try message { $0["words"]?["longestPhrase"] = 0 }
                == "The judge's option 'longestPhrase' is not a positive whole number. Correct it.")
        #expect(
            try message { $0["checks"] = [["text": "You are kind.", "probability": 0.99]] }
                .hasPrefix("'FOLDER' holds no judge that can be used: it gives 'You are kind.' a probability of 0."))
        try whole.write(to: file)
        let terms = folder.url.appending(path: "terms.txt")
        try AtomicFile.write(try TextFile.read(terms) + "more\n", to: terms)
        let count = try TextFile.read(terms).lines.count - 1
        #expect(
            folder.message { _ = try LinearJudge(folder.url) }
                == "'FOLDER' holds no judge that can be used: 'rarity' is missing from judge.safetensors or is not \(count) "
                + "numbers of type F64" + advice)
    }

    @Test func aJudgeOfAnotherEncoderIsRefused() throws {
        let folder = try Folder()
        let encoder = try TextEncoder(encoderFolder)
        let judge = try LinearJudge(kind: "toxic", fitting: Self.labelled) { _ in
            .embeddings(encoder, path: encoderFolder.path)
        }
        try judge.save(to: folder.url)
        let other = try TextEncoder(root.appending(path: "Golden/bert-classifier"))
        let message = folder.message { _ = try LinearJudge(folder.url, encoder: other) }
        #expect(message.hasPrefix("'FOLDER' holds no judge that can be used: it gives 'Thank you"))
        #expect(message.contains("when it was fitted, so that its encoder is another one. Fit it again"))
    }

    @Test func aClassifierIsAJudge() throws {
        let classifier = try TextClassifier(root.appending(path: "Golden/bert-classifier"))
        let texts = ["a bad text", "abba"]
        let all = classifier.probabilities(of: texts).scalars(Float.self)
        let judge = try ClassifierJudge(classifier, kind: "toxic", labels: ["rude", "hateful"])
        let expected = [Double(all[1]) + Double(all[2]), Double(all[4]) + Double(all[5])]
        #expect(judge.probabilities(of: texts) == expected)
        let several = try TextClassifier(root.appending(path: "Golden/roberta-classifier"))
        let either = try ClassifierJudge(several, kind: "toxic", labels: several.labels)
        let columns = several.probabilities(of: texts).scalars(Float.self).map(Double.init)
        #expect(either.probabilities(of: texts) == [max(columns[0], columns[1]), max(columns[2], columns[3])])
        let measured = try judge.measured(on: Self.labelled)
        #expect(measured.quality?.accuracy.count == 80)
        let error = #expect(throws: JudgeError.self) {
            try ClassifierJudge(classifier, kind: "toxic", labels: ["rude", "nasty"])
        }
        #expect(
            error?.description
                == "The classifier has no class 'nasty'; its classes are harmless, rude, hateful. Name those that are to be "
                + "found.")
    }
}
