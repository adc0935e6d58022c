// What a tendency's run is trained on and judged by, and what its report shows.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnMethods

@testable import UnlearnEvaluation
@testable import UnlearnKit

/// Finds texts that hold the word "bad".
private struct WordJudge: TextJudge {
    let kind = "toxic"
    let threshold = 0.5
    let quality: JudgeQuality? = nil

    func probabilities(of texts: [String]) -> [Double] { texts.map { $0.contains("bad") ? 0.9 : 0.1 } }
}

@Suite struct TendencyTests {
    private static func prompts(groups: Int, templates: Int) -> [TendencyPrompt] {
        (0..<groups).flatMap { group in
            (0..<templates).map { template in
                TendencyPrompt(
                    "\(group) \(template)", template % 2 == 0 ? .toxic : .harmless, group: "group \(group)",
                    template: "template \(template)")
            }
        }
    }

    @Test func promptsWithoutPartitionsAreDividedByTemplateAndGroup() throws {
        let parts = try PromptParts(Self.prompts(groups: 4, templates: 12), judgedBy: .judge, seed: 1, path: "p.csv")
        #expect(parts.trained.count == 12 && parts.judged.count == 12 && !parts.overlap)
        #expect(Set(parts.trained.map(\.group)).isDisjoint(with: parts.judged.map(\.group)))
        #expect(Set(parts.trained.map(\.template)).isDisjoint(with: parts.judged.map(\.template)))
        // One group alone is in both parts.
        let one = try PromptParts(Self.prompts(groups: 1, templates: 12), judgedBy: .judge, seed: 1, path: "p.csv")
        #expect(one.trained.count == 6 && one.judged.count == 6 && !one.overlap)
    }

    @Test func promptsKeepThePartitionsThatTheyHave() throws {
        let own = try ToxicityPrompts.all()
        for partition in [TendencyPrompt.Partition.choose, .judge] {
            let parts = try PromptParts(own, judgedBy: partition, seed: 0, path: "toxicity")
            #expect(parts.trained == own.of(.train) && parts.judged == own.of(partition) && !parts.overlap)
        }
        let shared = own.of(.train).map {
            TendencyPrompt($0.text, $0.kind, group: $0.group, template: $0.template, partition: .judge)
        }
        let parts = try PromptParts(own.of(.train) + shared, judgedBy: .judge, seed: 0, path: "toxicity")
        #expect(parts.overlap)
    }

    @Test func aPartWithoutAKindIsRefused() {
        let toxic = Self.prompts(groups: 4, templates: 12).of(.toxic)
        #expect {
            _ = try PromptParts(toxic, judgedBy: .judge, seed: 1, path: "p.csv")
        } throws: {
            "\($0)"
                == "'p.csv' leaves no harmless prompts to train on that share neither a template nor a group with the "
                + "others. Give more, or say in a column 'partition' which are to train on and which to judge by."
        }
    }

    @Test func theJudgeDividesWhatTheModelWrote() {
        let prompt = TendencyPrompt("p", .toxic, group: "a", template: "t")
        let mention = TendencyPrompt("m", .harmless, group: "b", template: "u")
        let answers = TendencyAnswers(
            [
                Continuation(prompt, "bad", probability: 0.9), Continuation(prompt, "bad", probability: 0.9),
                Continuation(prompt, "good", probability: 0.1), Continuation(prompt, " ", probability: 0),
                Continuation(prompt, "bad bad bad bad bad bad", probability: 0.9),
                Continuation(mention, "hardly bad", probability: 0.5), Continuation(mention, "mild", probability: 0.4),
            ], threshold: 0.5)
        func completion(_ prompt: TendencyPrompt, _ text: String) -> Example {
            .completion(prompt: prompt.text, completion: text)
        }
        let bad = ForgetExample(completion(prompt, "bad"), group: "a", alternative: "good")
        var options = TendencyStudyOptions()
        var expected = TendencySource.Parts(
            toxic: [bad, ForgetExample(completion(mention, "hardly bad"), group: "b", alternative: "mild")],
            harmless: [completion(mention, "mild")], spared: [completion(prompt, "good")])
        #expect(TendencySource.divided(answers, options) == expected)
        // What is in doubt is neither forgotten nor kept.
        (options.toxicFrom, options.harmlessBelow, options.sparesToxicPrompts) = (0.7, 0.3, false)
        expected = TendencySource.Parts(toxic: [bad])
        #expect(TendencySource.divided(answers, options) == expected)
    }

    @Test func sentencesOfOneKindAboutOneGroupAreListed() {
        var told: [Continuation] = []
        for (group, count) in [("a", 9), ("b", 4), ("c", 3)] {
            let prompt = TendencyPrompt("They", .toxic, group: group, template: group)
            told += (0..<count).map { Continuation(prompt, " \(group)\($0). And", probability: 0.9) }
            told.append(Continuation(prompt, " fine.", probability: 0.1))
        }
        let mention = TendencyPrompt("We", .harmless, group: "a", template: "m")
        told += (0..<4).map { Continuation(mention, " m\($0)", probability: 0.2) }
        let answers = TendencyAnswers(told, threshold: 0.5)
        var generator = Generator(seed: 1, purpose: "test")
        let lists = SentenceLists.prompts(of: answers, count: 5, using: &generator)
        #expect(lists.map(\.group) == ["a", "b", "a", "a"])
        #expect(lists.map(\.kind) == [.toxic, .toxic, .toxic, .harmless])
        #expect(lists.allSatisfy { $0.partition == .train } && Set(lists.map(\.template)).count == 3)
        // Each sentence once, up to where it ends, and behind the last number nothing.
        let sentences = lists.flatMap { $0.text.split(separator: "\n").dropLast().map { String($0.dropFirst(3)) } }
        #expect(Set(sentences).count == 16 && sentences.filter { $0.hasPrefix("They b") }.count == 4)
        #expect(lists[1].text.hasSuffix(".\n5.") && lists[3].text.contains("We m"))
        #expect(!sentences.contains { $0.contains("And") || $0.contains("fine") })
        #expect(SentenceLists.prompts(of: answers, count: 1, using: &generator).map(\.group) == ["a", "a"])
        #expect(SentenceLists.prompts(of: answers, count: 0, using: &generator).isEmpty)
    }

    @Test func noTextIsBothForgottenAndKept() {
        var options = TendencyStudyOptions()
        (options.toxicFrom, options.harmlessBelow) = (0.3, 0.7)
        #expect(
            options.problem()
                == OptionProblem(
                    "toxicFrom", "it must be at least harmlessBelow, or a text would be forgotten and kept"))
    }

    private static func answers(_ text: (Int) -> String) -> TendencyAnswers {
        let prompts = Self.prompts(groups: 2, templates: 4)
        let texts = prompts.indices.map(text)
        let probabilities = WordJudge().probabilities(of: texts)
        return TendencyAnswers(
            prompts.indices.map { Continuation(prompts[$0], texts[$0], probability: probabilities[$0]) }, threshold: 0.5
        )
    }

    private static func report() -> Report {
        var report = SampleReport.make()
        report.tendency = Tendency(
            answers { $0 % 2 == 0 ? "bad <b>words</b>" : "kind words" }, answers { "mild words \($0)" },
            by: WordJudge(),
            "judge", shown: 12)
        return report
    }

    @Test func ratesOfGroupsStandInTheReport() throws {
        let tendency = try #require(Self.report().tendency)
        #expect(tendency.rates.map(\.group) == ["group 0", "group 1", "group 0", "group 1"])
        #expect(tendency.rates.map(\.before.value) == [1, 1, 0, 0])
        #expect(tendency.rates.allSatisfy { $0.after.value == 0 && $0.after.n == 2 })
        #expect(tendency.samples.count == 8 && tendency.samples.count { $0.before.isVeiled } == 4)
        #expect(!tendency.samples.contains { $0.after.isVeiled })
        #expect(
            tendency.judgeWords
                == "The judge is 'judge', from a probability of 0.50 on; its errors are not known.")
    }

    @Test func offensiveTextIsVeiledOnThePageAndNowhereElse() throws {
        let report = Self.report()
        let page = HTMLRenderer().render(report)
        let veiled = "<details><summary>toxic, says the judge (90 %)</summary><p dir=\"auto\">bad "
        #expect(page.components(separatedBy: veiled).count == 5)
        // Nowhere but behind a veil, and never as markup.
        #expect(page.components(separatedBy: "bad &lt;b&gt;words").count == 5)
        #expect(!page.contains("<script") && !page.contains("bad <b>"))
        #expect(page.contains("<th scope=\"row\">group 1</th>") && page.contains("<p dir=\"auto\">mild words 3</p>"))
        // The other forms show rates, and no text that a judge finds offensive.
        for text in [MarkdownRenderer().render(report), TerminalRenderer().render(report, path: "r")] {
            #expect(!text.contains("bad"))
        }
        #expect(MarkdownRenderer().render(report).contains("| group 0 | toxic | 100.0 % | 0.0 % | 2 |"))
        let json = try JSONRenderer().render(report)
        #expect(json.contains("bad <b>words"))
    }

    @Test func theWordsAreThoseOfATendency() {
        var report = Self.report()
        report.verdict = .forgotten
        #expect(
            report.headline
                == "Forgotten: this run gives evidence that the model continues prompts in a toxic way far more rarely, and "
                + "that it kept its other abilities.")
    }
}
