// Text that is longer than a model reads: pieces that fit, of which nothing is lost. The expected pieces are cut by hand.

import Foundation
import Testing

@testable import UnlearnData

@Suite struct TextPiecesTests {
    /// Pieces of at most so many bytes.
    private func cut(_ text: String, _ bytes: Int) -> [String] { TextPieces { $0.utf8.count <= bytes }.cut(text) }

    private func withoutSpace(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { !$0.properties.isWhitespace }
    }

    @Test func aTextThatFitsStaysAsItIs() {
        #expect(cut("  one two \n", 11) == ["  one two \n"])
        #expect(cut("", 0) == [""])
    }

    @Test func aLineEndIsBetterThanASentenceAndASentenceThanASpace() {
        #expect(cut("One two. Three\nfour. Five six seven", 26) == ["One two. Three", "four. Five six seven"])
        #expect(cut("One two three. Four five six", 20) == ["One two three.", "Four five six"])
        #expect(cut("One two three four five", 20) == ["One two three four", "five"])
        // Neither a number nor what is in quotation marks is torn.
        #expect(cut("It was 3.14159 and more", 16) == ["It was 3.14159", "and more"])
        #expect(cut("He said “Go home.” She went away", 28) == ["He said “Go home.”", "She went away"])
    }

    @Test func scriptsWithoutSpacesAreCutAtSentencesOrBetweenCharacters() {
        // Three bytes for each character.
        #expect(cut("小狗很大。小猫很小。", 24) == ["小狗很大。", "小猫很小。"])
        #expect(cut("他说：「小狗很大。」小猫很小", 36) == ["他说：「小狗很大。」", "小猫很小"])
        #expect(cut("小狗小猫小鸟小鱼", 9) == ["小狗小", "猫小鸟", "小鱼"])
        #expect(cut("สุนัขตัวใหญ่แมวตัวเล็ก", 36) == ["สุนัขตัวใหญ่", "แมวตัวเล็ก"])
    }

    @Test func charactersStayWholeUnlessOneAloneIsTooLong() {
        let family = "👩‍👩‍👧‍👦"  // 25 bytes
        #expect(cut(family + family + family, 60) == [family + family, family])
        let marked = "e" + String(repeating: "\u{301}", count: 40)  // 81 bytes
        let pieces = cut("ab" + marked + "cd", 20)
        #expect(pieces.allSatisfy { $0.utf8.count <= 20 })
        #expect(pieces.flatMap(\.unicodeScalars) == Array(("ab" + marked + "cd").unicodeScalars))
    }

    @Test(arguments: [
        String(repeating: "abcdefghij", count: 300), String(repeating: "Wörter und Sätze. ", count: 200),
        String(repeating: "小狗很大，小猫很小。\n\n", count: 80), String(repeating: "สวัสดีชาวโลก ", count: 90),
        String(repeating: "a\u{300}\u{301}", count: 300), String(repeating: " \n", count: 300) + "x",
    ])
    func nothingIsLostAndEveryPieceFits(text: String) {
        for bytes in [4, 17, 100, 1000] {
            let pieces = cut(text, bytes)
            #expect(pieces.allSatisfy { $0.utf8.count <= bytes && !$0.isEmpty })
            #expect(withoutSpace(pieces.joined()) == withoutSpace(text))
        }
    }

    /// What the text is counted in are a tokenizer's tokens.
    @Test func piecesOfATextFitTheModel() throws {
        let encoder = try ExampleEncoder(Tokenizer(smallDefinition()), .plain)
        let word = String(repeating: "猫", count: 500)
        let examples: [Example] = [.text("A cat."), .text(word)]
        let fitted = ExampleReader.fitted(examples, of: URL(filePath: "a.TXT"), to: encoder, context: 64)
        #expect(fitted.first == .text("A cat.") && fitted.count > 2)
        #expect(fitted.dropFirst().map(\.answer).joined() == word)
        #expect(try fitted.allSatisfy { try encoder.encode($0, id: 0).tokens.count <= 64 })
        // A row is its author's.
        #expect(ExampleReader.fitted(examples, of: URL(filePath: "a.jsonl"), to: encoder, context: 64) == examples)
    }
}
