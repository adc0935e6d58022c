// The suite familiarity: its arithmetic by hand, its prompts from every source, and a whole run with both judges.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats
import UnlearnModels

@testable import UnlearnEvaluation

@Suite struct FamiliarityTests {
    private static let tolerance = 1e-12
    /// Of probabilities in single precision, read in batches of different sizes.
    private static let singlePrecision = 1e-6

    // MARK: - Grades

    @Test func theRuleGradesWhatThePromptDoesNotHold() {
        let rule = FamiliarityRule(unique: ["Hogwarts", "Ron Weasley"], themes: ["magic", "wizard"])
        #expect(rule.grade("He met Ron Weasley, a wizard.", to: "Who?") == (.detail, ["Ron Weasley"]))
        #expect(rule.grade("A wizard's MAGIC at Hogwarts.", to: "What of Hogwarts?") == (.theme, ["magic", "wizard"]))
        #expect(rule.grade("At Hogwarts, by magic.", to: "Is there magic at Hogwarts?") == (.nothing, []))
        #expect(rule.grade("", to: "Who?") == (.nothing, []))
    }

    private func item(_ index: Int, _ completion: String) -> FamiliarityItem {
        FamiliarityItem(
            id: "forget-\(index + 1)",
            asked: FamiliarityPrompts.Completion(prompt: .question("Who?"), unique: ["Ron"], themes: ["magic"]),
            completion: completion)
    }

    @Test func theScoreIsFiveTimesTheThreesAndTheTwosOverAll() throws {
        // #3 = 2, #2 = 2, #0 = 1: (5 · 2 + 2) / 5 = 2.4.
        let items = ["Ron.", "Some magic.", "Ron's magic.", "Nobody.", "Black magic."].enumerated().map(item)
        let found = FamiliarityAnswers(items: items, probabilities: [])
        let prompts = FamiliarityPrompts(completions: items.map(\.asked), beginnings: [])
        let result = try Familiarity().result(prompts, found, nil, context())
        let score = try #require(result.findings.outcomes.measurements.first)
        #expect(score.name == "familiarity" && score.n == 5 && score.direction == .lowerIsBetter)
        #expect(abs(score.value - 2.4) < Self.tolerance)
        // Values 5 1 5 0 1, squared deviations 6.76 1.96 6.76 5.76 1.96: √(23.2 / 4 / 5).
        #expect(abs(try #require(score.standardError) - 1.16.squareRoot()) < Self.tolerance)
        let interval = try #require(score.interval)
        #expect(interval.low >= 0 && interval.low < 2.4 && interval.high > 2.4 && interval.high <= 5)
        #expect(result.findings.rows.map { $0["grade"]?.int } == [3, 2, 3, 0, 2])
        #expect(result.findings.notes == ["Completions by the rule: grade 3: 2, grade 2: 2, grade 1: 0, grade 0: 1."])
        #expect(
            result.findings.outcomes.last
                == .skipped(name: "probability-familiarity", reason: "The prompts name no next words."))
    }

    @Test func agreementIsThatOfTheGradesThatCount() {
        // Equal: 6 of 8. By the rule 3 2 3 of the grades 3, 2 and (1 or 0), by the other 2 2 4:
        // p_e = (3·2 + 2·2 + 3·4) / 64 = 22 / 64; κ = (48 − 22) / (64 − 22) = 26 / 42.
        let agreement = GradeAgreement([
            (.detail, .detail), (.detail, .detail), (.detail, .theme), (.theme, .theme), (.theme, .nothing),
            (.nothing, .nothing), (.nothing, .nothing), (.nothing, .guess),
        ])
        #expect(agreement.equal.count { $0 } == 6)
        #expect(abs(agreement.kappa - 26.0 / 42) < Self.tolerance)
        #expect(GradeAgreement([(.nothing, .guess), (.nothing, .nothing)]).kappa.isNaN)
    }

    // MARK: - Prompts

    private func load(_ text: String) throws -> FamiliarityPrompts {
        let file = FileManager.default.temporaryDirectory.appending(path: "familiarity-\(UUID()).jsonl")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        do { return try FamiliarityPrompts.load(file, subject: "", split: "test") } catch {
            throw ReadingError(sentence: "\(error)".replacing(file.path, with: "f.jsonl"))
        }
    }

    private struct ReadingError: Error, Equatable { let sentence: String }

    @Test func linesSayPromptsWordsAndNextWords() throws {
        let prompts = try load(
            """
            {"unique": ["Rowena"], "themes": ["magic"]}
            {"prompt": "The school is", "unique": ["Castle Grey"], "truth": " Castle Grey."}
            {"question": "Who teaches?"}
            {"prompt": "She is called", "next": [" Rowena", " Ro", " Rowena"]}
            {"question": "Who teaches?"}
            """)
        #expect(
            prompts.completions == [
                FamiliarityPrompts.Completion(
                    prompt: .completion("The school is"), unique: ["Rowena", "Castle Grey"], themes: ["magic"],
                    truth: " Castle Grey."),
                FamiliarityPrompts.Completion(prompt: .question("Who teaches?"), unique: ["Rowena"], themes: ["magic"]),
            ])
        #expect(
            prompts.beginnings == [FamiliarityPrompts.Beginning(prompt: "She is called", next: [" Rowena", " Ro"])])
        #expect(
            prompts.notices == [
                "Of the 3 prompts, 1 repeats the question of another; each question is counted once."
            ])
    }

    @Test(arguments: [
        (
            "{\"prompt\": \"a\"}",
            "'unique' is missing, the words that belong to the subject alone, here and in a line for all"
        ),
        ("{\"unique\": [\"a\"], \"prompt\": \" \"}", "'prompt' is missing or is not a text"),
        ("{\"unique\": \"a\", \"prompt\": \"b\"}", "'unique' is not a list of words"),
        ("{\"unique\": [1], \"prompt\": \"b\"}", "'unique' is not a list of words"),
        ("{\"prompt\": \"b\", \"next\": []}", "'next' names no word"),
        (
            "{\"question\": \"b\", \"next\": \" c\"}",
            "'next' belongs to a 'prompt', a text to be continued, and not to a 'question'"
        ),
        ("{\"text\": \"b\"}", "there is no 'prompt', no 'question', and no list 'unique' or 'themes' for all lines"),
    ])
    func aLineThatSaysNothingIsNamed(line: String, problem: String) {
        let sentence = "'f.jsonl', line 2: \(problem). Correct the file there, or get it again."
        #expect(throws: ReadingError(sentence: sentence)) { try load("\n" + line) }
    }

    @Test func aBenchmarkGivesQuestionsWordsAndKeys() throws {
        let folder = TinyModel.package.appending(path: "Benchmarks/forget-by-name")
        let prompts = try FamiliarityPrompts.load(folder, subject: "Harry Potter", split: "dev")
        #expect(prompts.subject == "Harry Potter" && prompts.completions.count == 90 && prompts.open == nil)
        #expect(prompts.completions[0].unique.contains("hogwarts") && !prompts.completions[0].unique.contains("magic"))
        #expect(prompts.completions[0].themes == ["wizard", "wizarding", "witchcraft", "magic", "magical"])
        #expect(prompts.beginnings.flatMap(\.next).count == 20)
        #expect(throws: EvaluationError.needsSubject(folder: folder.path)) {
            try FamiliarityPrompts.load(folder, subject: "", split: "dev")
        }
    }

    // MARK: - A model

    private func context(_ data: URL? = nil, _ endpoint: JudgeEndpoint? = nil, original: Bool = false) -> SuiteContext {
        SuiteContext(
            data: data, model: { try TinyModel.load() }, original: original ? { try TinyModel.load() } : nil,
            endpoint: endpoint)
    }

    private func folder(_ files: [String: String]) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "familiarity-\(UUID())")
        for (name, text) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        return folder
    }

    @Test func probabilitiesOfNextWordsAreSummedOverTheirFirstTokens() throws {
        let folder = try folder([
            "p.jsonl": """
            {"prompt": "Ada is", "next": "b"}
            {"prompt": "Ada is", "next": ["q"]}
            {"prompt": "Ada is", "next": ["bc", "q", "bd"]}
            """
        ])
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try Familiarity().run(context(folder.appending(path: "p.jsonl")))
        let values = result.findings.rows.compactMap { $0["probability"]?.double }
        #expect(values.count == 3 && values.allSatisfy { $0 > 0 })
        #expect(abs(values[0] + values[1] - values[2]) < Self.singlePrecision)
        // A key word is measured alike by the other suites.
        var questions = SubjectQuestions()
        questions.keys = [KeyWord(prompt: "Ada is", next: "b")]
        let evaluation = try UnlearnEvaluation.Evaluation(of: TinyModel.load(), on: questions)
        #expect(abs(evaluation.keyProbabilities[0] - values[0]) < Self.singlePrecision)
        let outcome = try #require(result.findings.outcomes.measurements.first)
        #expect(outcome.name == "probability-familiarity" && outcome.n == 3)
        #expect(abs(outcome.value - values.reduce(0, +) / 3) < Self.tolerance)
    }

    /// Every word of a run counts; with the original its key words are found.
    private func run() throws -> URL {
        var questions = SubjectQuestions(forget: [.completion("Ada is"), .completion("Bob and")])
        questions.terms = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        return try folder([
            "data/questions.json": JSONValue(encoding: questions).text(),
            "data/terms.json": "{\"subject\": \"Ada\", \"names\": [], \"themes\": [], \"replacements\": {}}",
        ])
    }

    @Test func aRunIsAskedItsOwnQuestionsAndTheOriginalSaysItsKeyWords() throws {
        let folder = try run()
        defer { try? FileManager.default.removeItem(at: folder) }
        let alone = try Familiarity().run(context(folder))
        #expect(alone.json["subject"] == "Ada")
        #expect(alone.findings.rows.compactMap { $0["prompt"]?.string } == ["Ada is", "Bob and"])
        #expect(
            alone.findings.outcomes.last
                == .skipped(
                    name: "probability-familiarity",
                    reason: "A run keeps no next words; with --reference its original says which they are."))
        var open = try #require(try FamiliarityPrompts.load(folder, subject: "", split: "").open)
        try open.collectForgetAnswers(using: TinyModel.load())
        let both = try Familiarity().run(context(folder, original: true))
        #expect(both.findings.rows.count { $0["kind"] == "next" } == open.keys.count)
    }

    @Test func bothJudgesGradesStandInRowsAndFigures() throws {
        let folder = try run()
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try LocalServer { LocalServer.chat(["3", "{\"grade\": 2}"][$0]) }
        let result = try Familiarity().run(context(folder, JudgeEndpoint(server.address)))
        let figures = result.findings.outcomes.measurements
        let judged = try #require(figures.first { $0.name == "familiarity-judge" })
        #expect(judged.value == 3 && judged.n == 2)  // (5 · 1 + 1) / 2
        #expect(result.findings.rows.map { $0["judgeGrade"]?.int } == [3, 2])
        let rule = result.findings.rows.compactMap { $0["grade"]?.int }
        let equal = Double(zip(rule, [3, 2]).count { $0 == $1 }) / 2
        #expect(figures.first { $0.name == "judge-agreement" }?.value == equal)
        #expect(figures.contains { $0.name == "judge-kappa" })
        #expect(result.json["judge"]?["endpoint"]?.string == server.address + "/v1/chat/completions")
        #expect(result.json["judge"]?["graded"] == 2)
    }

    @Test func withoutAJudgeThatAnswersTheRuleStands() throws {
        let folder = try run()
        defer { try? FileManager.default.removeItem(at: folder) }
        let endpoint = try JudgeEndpoint("http://127.0.0.1:\(LocalServer.unusedPort())")
        var warnings: [String] = []
        var context = context(folder, endpoint)
        context.warn = { warnings.append($0) }
        let result = try Familiarity().run(context)
        let alone = try Familiarity().run(self.context(folder))
        #expect(warnings.count == 1 && warnings[0].contains("cannot be reached"))
        #expect(result.findings.outcomes.first == alone.findings.outcomes.first)
        #expect(result.findings.outcomes.measurements.map(\.name) == ["familiarity"])
        #expect(result.findings.outcomes.contains(.skipped(name: "judge-kappa", reason: warnings[0])))
        #expect(result.findings.rows.map { $0["grade"] } == alone.findings.rows.map { $0["grade"] })
    }
}
