// Checks figures about text: repetition, memorization, and which terms an answer gives away.
import Testing
import UnlearnData

@testable import UnlearnEvaluation

@Suite struct TextTests {
    @Test func repetitionIsTheShareOfTriplesSeenBefore() {
        #expect(repetition(of: ["a", "b"]) == 0)
        #expect(repetition(of: ["a", "b", "c", "d"]) == 0)
        // abc bca cab abc: one of four was there before.
        #expect(repetition(of: ["a", "b", "c", "a", "b", "c"]) == 0.25)
        #expect(repetition(of: ["x", "x", "x", "x", "x", "x"]) == 0.75)
    }

    @Test func extractionStrengthCountsTheMatchedEnd() {
        #expect(extractionStrength(argmaxMatches: [true, false, true, true]) == 0.5)
        #expect(extractionStrength(argmaxMatches: [true, true]) == 1)
        #expect(extractionStrength(argmaxMatches: [true, true, false]) == 0)
        #expect(extractionStrength(argmaxMatches: [Bool]()) == nil)
    }

    @Test func exactMemorizationIsTheShareOfMatches() {
        #expect(exactMemorization(argmaxMatches: [true, false, true, true]) == 0.75)
        #expect(exactMemorization(argmaxMatches: [Bool]()) == nil)
    }

    @Test func theFirstWordOfATermIsFoundInTheText() {
        let matcher = TermMatcher(["Chamber of Secrets", "Hogwarts"])
        let answer = "At Hogwarts lies the Chamber of Secrets."
        #expect(matcher.firstWord(in: answer) == "Hogwarts")
        #expect(matcher.firstWord(in: answer, excludingThoseIn: "What is Hogwarts?") == "Chamber")
        #expect(matcher.firstWord(in: "Nothing here.") == nil)
    }

    @Test func aKeyWordIsTheFirstWordThatBetraysTheSubject() {
        let matcher = TermMatcher(["Hogwarts", "Rowling"])
        let question = Prompt.question("Who is Harry Potter?")
        #expect(
            KeyWord(in: "A pupil of Hogwarts, by Rowling.", to: question, matcher)
                == KeyWord(question: question.text, prompt: "A pupil of", next: " Hogwarts"))
        #expect(
            KeyWord(in: "Rowling's hero", to: Prompt.completion("Harry is"), matcher)
                == KeyWord(prompt: "Harry is", next: "Rowling"))
        #expect(
            KeyWord(in: " the \"Rowling\"", to: Prompt.completion("He is"), matcher)
                == KeyWord(prompt: "He is the \"", next: "Rowling"))
        #expect(KeyWord(in: "Hogwarts.", to: Prompt.question("What is Hogwarts?"), matcher) == nil)
    }

    @Test func wordsDropPossessivesAndKeepInnerApostrophes() {
        #expect(
            words(of: "Rowling's “wizards’” don't—O’Brien’s 7th.") == ["Rowling", "wizards", "don't", "O’Brien", "7th"])
        #expect(words(of: "") == [])
        #expect(words(of: "''s 's") == ["s", "s"])
        #expect(words(of: "哈利 ok") == ["哈", "利", "ok"])
    }

    @Test(arguments: [
        ("He studied at Hogwarts.", ["Hogwarts"], ["Hogwarts"]),
        ("Hogwartsian things", ["Hogwarts"], []),
        ("a stone", ["Stone"], []),
        ("THE STONE", ["Stone"], ["Stone"]),
        ("Wizard and MAGIC", ["wizard", "magic"], ["wizard", "magic"]),
        ("J. K. Rowling’s books", ["J.K. Rowling"], ["J.K. Rowling"]),
        ("Harry\nPotter's friend", ["Harry Potter"], ["Harry Potter"]),
        ("Harry the Potter", ["Harry Potter"], []),
        ("the Sorcerer’s Stone", ["Sorcerer's Stone"], ["Sorcerer's Stone"]),
        ("Harry", ["Harry Potter"], []),
        ("Cafe\u{301} Élysée", ["Caf\u{E9}", "élysée"], ["Caf\u{E9}", "élysée"]),
        ("他叫哈利波特吗", ["哈利波特"], ["哈利波特"]),
        ("anything", ["", "..."], []),
    ])
    func termsMatchAsWholeWords(answer: String, terms: [String], found: [String]) {
        #expect(TermMatcher(terms).termsFound(in: answer, excludingThoseIn: "") == found)
    }

    @Test func theRangesOfTermsAreTheirPlacesInTheText() {
        let matcher = TermMatcher(["Harry Potter", "Potter", "wizard", "Ron"])
        let text = "Harry Potter's wizard met RON, a wizard."
        let found = matcher.ranges(in: text, excludingThoseIn: "Who is Ron?").map { text[$0] }
        // The possessive ending is no part of a term, and the longer of two overlapping terms is kept.
        #expect(found == ["Harry Potter", "wizard", "wizard"])
        #expect(TermMatcher(["b c d", "a b c"]).ranges(in: "a b c d").count == 1)
        #expect(matcher.ranges(in: "Nothing here.").isEmpty)
    }

    @Test func termsOfTheQuestionDoNotCount() {
        let terms = ["Potter", "Ron Weasley", "Hermione"]
        let answer = "Hermione met Ron Weasley and Potter."
        #expect(
            TermMatcher(terms).termsFound(in: answer, excludingThoseIn: "Who is Potter's friend?") == [
                "Ron Weasley", "Hermione",
            ])
        // A part of a term in the question does not give the whole away.
        #expect(TermMatcher(terms).termsFound(in: answer, excludingThoseIn: "Who is Ron?").contains("Ron Weasley"))
    }

    @Test func thousandsOfAnswersTakeSeconds() {
        let matcher = TermMatcher((0..<50).map { "Term\($0) Name" } + ["Hogwarts"])
        let answer = String(repeating: "The school where he studied is not named anywhere. ", count: 5) + "Hogwarts"
        let clock = ContinuousClock()
        let time = clock.measure {
            for _ in 0..<2000 { #expect(matcher.termsFound(in: answer) == ["Hogwarts"]) }
        }
        #expect(time < .seconds(10))
    }
}
