// Reading a user's examples: the four forms, plain text, and a sentence for each mistake.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats

@Suite struct ExampleReaderTests {
    private func read(_ text: String, _ name: String, wordsPerExample: Int = 200) throws -> [Example] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unlearn-data-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        do throws(DataError) {
            return try ExampleReader(wordsPerExample: wordsPerExample).read(file)
        } catch {
            throw Sentence(text: error.description.replacingOccurrences(of: folder.path + "/", with: ""))
        }
    }

    private struct Sentence: Error { let text: String }

    private func sentence(_ text: String, _ name: String = "data.jsonl") throws -> String {
        do {
            return "\(try read(text, name))"
        } catch let error as Sentence {
            return error.text
        }
    }

    private let rows = [
        #"{"question": "Who?", "answer": "Nobody.", "id": 7}"#,
        #"{"prompt": "Once", "completion": " upon"}"#,
        #"{"text": "A text."}"#,
        #"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}"#,
    ]
    private let examples: [Example] = [
        .answer(question: "Who?", answer: "Nobody."), .completion(prompt: "Once", completion: " upon"),
        .text("A text."), .conversation([ChatMessage(.user, "Hi"), ChatMessage(.assistant, "Hello")]),
    ]

    @Test func linesAndArraysHoldTheSameFourForms() throws {
        #expect(try read(rows.joined(separator: "\n\n"), "data.jsonl") == examples)
        #expect(try read("[\n" + rows.joined(separator: ",\n") + "]", "data.json") == examples)
    }

    @Test func textIsCutBetweenParagraphs() throws {
        let text = "one two\nthree\n\n  four five\n \t\n\n\nsix\n"
        #expect(try read(text, "a.txt", wordsPerExample: 5) == [.text("one two\nthree\n\n  four five"), .text("six")])
        let shorter = try read(text, "a.txt", wordsPerExample: 4)
        #expect(shorter == [.text("one two\nthree"), .text("four five\n \t\n\n\nsix")])
    }

    @Test func aParagraphThatIsTooLongIsCutBetweenWords() throws {
        let texts = try read("a b c d e\n\nf", "a.txt", wordsPerExample: 2)
        #expect(texts == [.text("a b"), .text("c d"), .text("e\n\nf")])
    }

    /// The same text from another system, with a mark, and with ends of lines of several kinds, gives the same examples.
    @Test func theEndsOfLinesAreOneThing() throws {
        let text = "one two\nthree\n\n  four five\n \t\n\n\nsix\n"
        let expected = try read(text, "a.txt", wordsPerExample: 4)
        let crlf = text.replacingOccurrences(of: "\n", with: "\r\n")
        let mixed = "one two\r\nthree\n\r\n  four five\r\n \t\n\r\n\nsix"
        for other in [crlf, mixed, "\u{FEFF}" + text, "\u{FEFF}" + crlf] {
            let found = try read(other, "a.txt", wordsPerExample: 4)
            #expect(found == expected)
            #expect(found.allSatisfy { !$0.answer.unicodeScalars.contains("\r") })
        }
        // Without a line feed there is no blank line, but nobody learns the carriage return.
        #expect(try read("one\rtwo\r\rthree\r", "a.txt") == [.text("one\ntwo\n\nthree")])
        #expect(try read("one\u{2028}\u{2028}two", "a.txt") == [.text("one\u{2028}\u{2028}two")])
    }

    @Test func rowsOfOneQuestionAreOneQuestion() throws {
        let rows = try read(
            #"""
            {"question": "Who?", "answer": "A."}
            {"answer": "B.", "question": "\u0057ho?"}
            {"messages": [{"content": "Who?", "role": "user"}, {"role": "assistant", "content": "C."}]}
            {"question": "What?", "answer": "A."}
            {"prompt": "Who?", "completion": " D."}
            {"completion": " D.", "prompt": "Wh\u006f?"}
            {"prompt": "Who?", "completion": " E."}
            {"text": "Who?"}
            """#, "data.jsonl")
        #expect(rows.map(\.question).distinct().count == 5)
    }

    private static let forms =
        "Write each row as {\"question\", \"answer\"}, {\"prompt\", \"completion\"}, {\"text\"} or {\"messages\"}."

    @Test(arguments: [
        ("[1]", "line 1: expected an object in braces"),
        (#"{"question": "Who?"}"#, "line 1: 'answer' is missing"),
        ("{\"text\": \"a\"}\n{\"prompt\": \"a\", \"completion\": 5}", "line 2: 'completion' is not text"),
        (#"{"text": ""}"#, "line 1: 'text' is empty"),
        (#"{"title": "a"}"#, "line 1: it has none of the members of an example"),
        (#"{"messages": []}"#, "line 1: 'messages' is not a list of messages"),
        (
            #"{"messages": [{"role": "robot", "content": "Hi"}]}"#,
            "line 1: message 1 needs a 'role' (one of system, user, assistant) and a 'content' that is text"
        ),
        (#"{"messages": [{"role": "user", "content": "Hi"}]}"#, "line 1: the last message is not the assistant's"),
    ])
    func aRowThatIsNoExampleIsNamed(row: String, problem: String) throws {
        #expect(try sentence(row) == "'data.jsonl', \(problem). \(Self.forms)")
    }

    @Test func filesThatHoldNoExamplesSayWhy() throws {
        #expect(
            try sentence("[]", "a.json") == "'a.json' holds no examples. Give at least one row or paragraph.")
        #expect(
            try sentence("a,b", "a.csv")
                == "'a.csv' is of no known kind. Give a file that ends in .jsonl, .json or .txt.")
        #expect(throws: DataError.file(.missing(path: "/nowhere/a.csv", expected: "a file of examples"))) {
            _ = try ExampleReader().read(URL(filePath: "/nowhere/a.csv"))
        }
    }
}
