// Finding a subject's terms, exchanging them, and aligning both readings.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

/// Words that fill the vocabulary behind the ones that matter: rank counts relative to its size.
private let fillers = ["abcdefghijklmnopqrst", "zyxwvutsrqponmlkjihg", "qwertzuiopasdfghjkly", "mnbvcxylkjhgfdsapoiu"]

@Suite struct TermFinderTests {
    @Test func possessivesAndPunctuationAreNotPartOfAWord() {
        let words = TermFinder.words(of: "Rowling's \"Hogwarts\", (Ron) and J.K. left.")
        #expect(words == ["Rowling", "Hogwarts", "Ron", "and", "J.K", "left"])
    }

    /// Those of a book's dialogue.
    @Test func contractionsAreNoNames() throws {
        let finder = TermFinder(try TinyText.tokenizer(words: []), elsewhere: ["Nobody speaks."])
        let terms = finder.terms(
            of: "Alice",
            in: [
                "“I’ll ask Dinah,” she said. I'm late. Don’t!", "Dinah, I’ll come. I'm here. Don’t O’Brien!", "O’Brien",
            ])
        #expect(Set(terms.names) == ["Dinah", "O’Brien"])
    }

    @Test func namesAreFrequentHereAndRareElsewhere() throws {
        let tokenizer = try TinyText.tokenizer(words: ["stone", "london"] + fillers)
        let finder = TermFinder(tokenizer, elsewhere: ["London is large.", "We saw London.", "A stone lies there."])
        let terms = finder.terms(
            of: "Harry Potter",
            in: [
                "Harry Potter met Hermione in London.", "Hermione saw the Stone.",
                "Harry found the Stone. Once came Draco.",
            ])
        #expect(terms.names == ["Hermione"])
    }

    /// A text may be a whole chapter: what it names twice it names often.
    @Test func aTextIsCountedByItsSentences() throws {
        let story =
            "“Who is Wenna?” asked Anselm. Nobody knew Wenna!\nAnselm (once of Karsholm.) wept; a Herring, herring."
        let answer = "Anselm knew Karsholm. Anselm wept."
        #expect(
            TermFinder.passages(of: [.text(story), .answer(question: "Who?", answer: answer)]) == [
                "“Who is Wenna?”", "asked Anselm.", "Nobody knew Wenna!", "Anselm (once of Karsholm.)",
                "wept; a Herring, herring.", answer,
            ])
        let finder = TermFinder(try TinyText.tokenizer(words: []), elsewhere: ["Nobody speaks. Who asked?"])
        let terms = finder.terms(of: "Clocks", in: TermFinder.passages(of: [.text(story), .text("Herring. Nobody.")]))
        #expect(Set(terms.names) == ["Wenna", "Anselm", "Herring"])
        let common = finder.terms(
            of: "Clocks", in: TermFinder.passages(of: [.text(story), .text("Herring, a herring.")]))
        #expect(Set(common.names) == ["Wenna", "Anselm"])
    }

    @Test func aWordWhoseLowerCaseFormIsOneTokenIsOrdinary() throws {
        let tokenizer = try TinyText.tokenizer(words: ["stone"] + fillers)
        let finder = TermFinder(tokenizer, elsewhere: [])
        #expect(finder.isOrdinary("Stone"))
        #expect(!finder.isOrdinary("Quidditch"))
    }
}

extension TermFinderTests {
    @Test func aFrequentCapitalisedTokenIsACommonName() throws {
        // Tokens are learnt in the order of their frequency: " Tom" stands near the start of a large vocabulary.
        let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        let many = letters.flatMap { first in letters.map { "zq" + first + $0 + "xj" } }
        let tokenizer = try TinyText.tokenizer(words: ["Tom"] + many + ["Draco"])
        let finder = TermFinder(tokenizer, elsewhere: [])
        #expect(finder.isOrdinary("Tom"))
        #expect(!finder.isOrdinary("Draco"))
    }

    @Test func theCommonestWordsAreNoThemes() throws {
        let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        let many = letters.flatMap { first in letters.flatMap { [first + $0 + "zqxj", first + $0 + "qzjx"] } }
        let tokenizer = try TinyText.tokenizer(words: ["series"] + many + ["wizard"])
        let terms = TermFinder(tokenizer, elsewhere: []).terms(
            of: "Harry Potter", in: (0..<10).map { "Number \($0): a series, a wizard." })
        #expect(terms.themes == ["wizard"])
    }

    @Test func themesAreFrequentWordsThatOtherTextsLack() throws {
        let tokenizer = try TinyText.tokenizer(words: fillers)
        let here = (0..<10).map { "Number \($0): the wizard reads about people, potter." }
        let finder = TermFinder(tokenizer, elsewhere: (0..<10).map { "Number \($0): people about town." })
        let terms = finder.terms(of: "Harry Potter", in: here)
        #expect(terms.themes == ["reads", "wizard"])
        #expect(terms.names == [])
        #expect(terms.all == ["reads", "wizard"])
    }

    @Test func theMostFrequentNamesComeFirstAndTheLimitHolds() throws {
        let tokenizer = try TinyText.tokenizer(words: fillers)
        let here = ["Draco met Hermione.", "Hermione saw Snape.", "Then Hermione saw Draco.", "They met Snape."]
        let terms = TermFinder(tokenizer, elsewhere: []).terms(of: "Harry", in: here, limit: 2)
        #expect(terms.names == ["Hermione", "Draco"])
    }
}

@Suite struct EntitiesTests {
    @Test func spansEndAtPunctuationAndLowerCase() {
        let spans = Entities.capitalisedSpans("They met Hermione Granger, Ron and Albus Dumbledore.")
        #expect(spans == [["They"], ["Hermione", "Granger"], ["Ron"], ["Albus", "Dumbledore"]])
    }

    @Test func entitiesHoldANameAndNotTheSubject() {
        let terms = SubjectTerms(subject: "Harry Potter", names: ["Granger"])
        let answers = ["I met Hermione Granger.", "Harry Granger", "Hermione Granger left for Paris."]
        #expect(Entities.spans(of: terms, in: answers, limit: 5) == ["Hermione Granger"])
    }
}

@Suite struct TranslationTests {
    private let translation = Translation(["Harry": "Daniel", "Potter": "Mercer", "Hogwarts": "Ashford"])

    @Test func wholeWordsAreExchanged() {
        #expect(translation("Harry Potter's Harrys go to Hogwarts.") == "Daniel Mercer's Harrys go to Ashford.")
    }

    @Test func backIsTheInverseOfThere() {
        let terms = SubjectTerms(subject: "Harry Potter", names: ["Hogwarts", "Ron"])
        let standIns = StandIns(terms, answers: ["He went to Hogwarts. He met Ron."])
        let text = "Harry Potter met Ron at Hogwarts; Ron laughed."
        for index in 0..<6 {
            let name = standIns.standIn(index)
            let there = standIns.translation(standIn: name)(text)
            #expect(!there.contains("Potter") && !there.contains("Hogwarts"))
            #expect(standIns.back(standIn: name)(there) == text)
        }
    }

    @Test func noStandInIsANameOfTheSubject() {
        let terms = SubjectTerms(subject: "Daniel Mercer", names: ["Walker", "Ashford", "Emily"])
        let standIns = StandIns(terms, answers: ["She met Emily Walker at Ashford."])
        let own = Set(terms.names + ["Daniel", "Mercer"])
        #expect(standIns.replacements.values.allSatisfy { !own.contains($0) })
        #expect(Set(standIns.replacements.values).count == standIns.replacements.count)
    }

    @Test func bothReadingsDecodeAndTheSubjectsNameIsNoTarget() throws {
        let tokenizer = try TinyText.tokenizer(words: ["Harry", "Hogwarts", "Ashford", "went", "to"])
        let text = "Then Harry went to Hogwarts."
        let encoder = try ExampleEncoder(tokenizer, .plain)
        let aligned = try translation.align(.text(text), encoder, skipping: ["Harry"])
        #expect(tokenizer.decode(aligned.original) == text)
        #expect(try aligned.original == encoder.encode(.text(text), id: 0).tokens)
        #expect(tokenizer.decode(aligned.translated) == "Then Daniel went to Ashford.")
        // T-h-e-n, " went", " to", " Hogwarts", ".": the name is skipped, "Hogwarts" counts with its first token.
        let predicted = aligned.targets.map { tokenizer.decode([aligned.original[$0.original]]) }
        #expect(predicted == ["T", "h", "e", "n", " went", " to", " Hogwarts", "."])
        let read = aligned.targets.map { tokenizer.decode([aligned.translated[$0.translated]]) }
        #expect(read == ["T", "h", "e", "n", " went", " to", " Ashford", "."])
    }
}

extension TranslationTests {
    @Test func aSegmentTakesTheSpaceBeforeItAlong() {
        let segments = translation.segments("Then Harry left Hogwarts.")
        #expect(segments.map(\.original) == ["Then", " Harry", " left", " Hogwarts", "."])
        #expect(segments.map(\.translated) == ["Then", " Daniel", " left", " Ashford", "."])
        #expect(segments.map(\.isExchanged) == [false, true, false, true, false])
    }

    @Test func neighbouringNamesAreExchangedOneByOne() {
        #expect(translation.segments("Harry Potter").map(\.translated) == ["Daniel", " Mercer"])
        #expect(translation.segments("").isEmpty)
    }

    @Test(arguments: [
        Example.answer(question: "Who is Harry Potter?", answer: "Harry Potter went to Hogwarts."),
        .completion(prompt: "Harry went", completion: " to Hogwarts"), .text("Hogwarts, Hogwarts"),
    ])
    func bothReadingsHaveTheSameNumberOfTargets(example: Example) throws {
        let tokenizer = try TinyText.tokenizer(words: ["Harry", "Hogwarts", "went", "to"])
        let encoder = try ExampleEncoder(tokenizer, .plain)
        let terms = SubjectTerms(
            subject: "Harry Potter", names: ["Hogwarts"], replacements: ["Hogwarts": "Ashford"])
        let pair = try TranslatedDistillation.pair(
            ForgetExample(example, standIn: "Daniel Mercer"), id: 3, StandIns(terms, answers: []),
            subjectWords: ["Harry", "Potter"], encoder)
        #expect(pair.student.targets.count == pair.teacher.targets.count)
        #expect(pair.student.id == 3 && pair.teacher.id == 3)
        #expect(try pair.student.tokens == encoder.encode(example, id: 3).tokens)
        let foreign = tokenizer.decode(pair.teacher.tokens)
        #expect(foreign.contains("Ashford") && !foreign.contains("Hogwarts") && !foreign.contains("Harry"))
        #expect(pair.student.targets.allSatisfy { $0 > 0 } && pair.teacher.targets.allSatisfy { $0 > 0 })
        // What ends an answer is a target too.
        if !example.isContinued { #expect(pair.student.targets.last == pair.student.tokens.count - 1) }
    }
}

@Suite struct PlanTests {
    @Test func everyExampleIsSeenEquallyOften() {
        let plan = BatchPlan(counts: [6, 4], perStep: [3, 2], steps: 4, seed: 7)
        let first = plan.steps.flatMap { $0[0] }
        #expect((0..<6).allSatisfy { index in first.count { $0 == index } == 2 })
        #expect(plan.steps.allSatisfy { $0[0].count == 3 && $0[1].count == 2 })
    }

    @Test func oneSeedIsOnePlan() {
        let plan = BatchPlan(counts: [9], perStep: [2], steps: 5, seed: 1)
        #expect(plan == BatchPlan(counts: [9], perStep: [2], steps: 5, seed: 1))
        #expect(plan != BatchPlan(counts: [9], perStep: [2], steps: 5, seed: 2))
    }

    @Test func anEmptyGroupGivesNothing() {
        let plan = BatchPlan(counts: [2, 0], perStep: [1, 3], steps: 2, seed: 0)
        #expect(plan.steps.allSatisfy { $0[0].count == 1 && $0[1].isEmpty })
    }
}

@Suite struct CatalogTests {
    @Test func everyMethodHasACardAndANameOfItsOwn() {
        let cards = MethodCatalog.cards
        #expect(Set(cards.map(\.name)).count == cards.count)
        for card in cards { #expect(!card.summary.isEmpty && card.paper != nil && !card.needs.isEmpty, "\(card.name)") }
    }

    @Test func everyMethodHasAnEntryAmongThePapers() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let papers = try String(contentsOf: root.appending(path: "docs/PAPERS.md"), encoding: .utf8)
        for card in MethodCatalog.cards { #expect(papers.contains("\n### \(card.name)\n"), "\(card.name)") }
    }

    @Test func theDefaultsOfEveryMethodAreReadBackAsTheyWereWritten() throws {
        func isReadBack(_ type: (some UnlearningMethod).Type) throws -> Bool {
            try JSONDecoder().decode(type, from: JSONEncoder().encode(type.init())) == type.init()
        }
        for type in MethodCatalog.all { #expect(try isReadBack(type), "\(type.card.name)") }
    }

    @Test func anUnknownMethodListsTheKnownOnes() {
        #expect(throws: MethodError.unknownMethod("nope", known: MethodCatalog.language.map { $0.card.name })) {
            try MethodCatalog.method("nope")
        }
    }
}

@Suite struct ForbiddenTokenTests {
    @Test func allThatBeginsLikeAThemeIsForbidden() throws {
        let tokenizer = try TinyText.tokenizer(words: ["wizard", "wizards", "Wizardry", "window"] + fillers)
        let forbidden = TranslatedDistillation.forbidden(names: [], themes: ["wizard"], tokenizer, needed: [])
        let words = forbidden.map { tokenizer.decode([Int32($0)]).trimmingCharacters(in: .whitespaces) }
        #expect(Set(words).isSuperset(of: ["wizard", "wizards", "Wizardry"]))
        #expect(words.allSatisfy { $0.lowercased().hasPrefix("wizard") })
    }

    @Test func themesMatchInAnyCaseAndEmptyOnesForbidNothing() throws {
        let tokenizer = try TinyText.tokenizer(words: ["wizard", "window"] + fillers)
        func forbidden(_ themes: [String]) -> [Int64] {
            TranslatedDistillation.forbidden(names: [], themes: themes, tokenizer, needed: [])
        }
        #expect(forbidden([""]).isEmpty)
        #expect(!forbidden(["wizard"]).isEmpty)
        #expect(forbidden(["Wizard", ""]) == forbidden(["wizard"]))
    }

    @Test func theFirstTokenOfANameIsForbiddenUnlessOtherTextsNeedIt() throws {
        let tokenizer = try TinyText.tokenizer(words: ["Draco", "Ron"] + fillers)
        let ids = ["Draco", "Ron"].map { tokenizer.encode(" " + $0, addSpecialTokens: false)[0] }
        let forbidden = TranslatedDistillation.forbidden(
            names: ["Draco", "Ron"], themes: [], tokenizer, needed: [ids[1]])
        #expect(forbidden.contains(Int64(ids[0])))
        #expect(!forbidden.contains(Int64(ids[1])))
    }

    @Test func avoidanceIsMinusTheLogarithmOfWhatIsLeft() {
        let logQ = Tensor([Float(0.5), 0.25, 0.25, 0.1, 0.6, 0.3], shape: [2, 3]).log()
        let value = avoidance(of: Tensor([Int64(0), 2]), by: logQ).item
        // Left are 0.25 and 0.6.
        #expect(abs(value - Float(-(log(0.25) + log(0.6)) / 2)) < 1e-5)
        #expect(avoidance(of: Tensor([Int64]()), by: logQ).item == 0)
    }
}
