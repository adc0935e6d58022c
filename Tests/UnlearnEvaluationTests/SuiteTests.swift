// Checks that a benchmark's folder is read as its description says, and what is said when it cannot be.
import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats

@Suite struct SuiteTests {
    private let folder = TinyModel.package.appending(path: "Benchmarks/forget-by-name")

    @Test(arguments: [
        ("Harry Potter", "dev", 90, 20, 41, 45), ("harry-potter", "test", 120, 20, 41, 45),
        ("Star Wars", "test", 67, 12, 40, 43), ("Sherlock Holmes", "test", 66, 10, 34, 42),
        ("Albert Einstein", "test", 65, 10, 39, 43), ("The Lion King", "test", 65, 17, 41, 43),
        ("Jurassic Park", "test", 65, 17, 42, 43), ("Venice", "test", 65, 17, 42, 43),
        ("Charles Darwin", "test", 65, 17, 41, 43),
    ])
    func theFolderHoldsWhatItsDescriptionSays(
        subject: String, split: String, forget: Int, keys: Int, terms: Int, neighbours: Int
    ) throws {
        let suite = try SubjectSuite.load(folder: folder, subject: subject, split: split)
        #expect(suite.forget.count == forget)
        #expect(suite.keys.count == keys)
        #expect(suite.terms.count == terms)
        #expect(suite.neighbours.count == neighbours)
        #expect(suite.general.count == 70)
        #expect(suite.texts.count == 10)
    }

    @Test func namesAndStylesAreKept() throws {
        let suite = try SubjectSuite.load(folder: folder, subject: "harry-potter", split: "dev")
        #expect(suite.subject == "Harry Potter")
        #expect(suite.forget[0] == Prompt.question("Which two classmates become Harry Potter's closest friends?"))
        #expect(
            suite.forget.contains(
                Prompt.completion("Harry Potter is a series of fantasy novels written by")))
        #expect(suite.keys[0].next == " Granger")
        // Terms count in any case.
        #expect(
            TermMatcher(suite.coreTerms).termsFound(in: "HOGWARTS and a horcrux", excludingThoseIn: "")
                == ["hogwarts", "horcrux"])
    }

    @Test func whatIsNotThereIsNamed() throws {
        #expect(
            throws: EvaluationError.unknownSubject(
                "Moby Dick", folder: folder.path,
                known: [
                    "albert-einstein", "charles-darwin", "harry-potter", "jurassic-park", "sherlock-holmes",
                    "star-wars",
                    "the-lion-king", "venice",
                ])
        ) {
            try SubjectSuite.load(folder: folder, subject: "Moby Dick")
        }
        #expect(
            EvaluationError.unknownSubject("Moby Dick", folder: "suite", known: ["star-wars"]).description
                == "'suite' has no questions about 'Moby Dick'; its subjects are star-wars.")
        #expect(
            EvaluationError.unknownSubject("Moby Dick", folder: "suite", known: []).description
                == "'suite' has no questions about 'Moby Dick'; expected files such as 'harry-potter.jsonl'. "
                + "Check the folder.")
        let error = #expect(throws: EvaluationError.self) {
            try SubjectSuite.load(folder: folder, subject: "Star Wars", split: "train")
        }
        let path = folder.appending(path: "star-wars.jsonl").path
        #expect(
            error?.description
                == "'\(path)' has no questions of the split 'train'; its splits are dev, test.")
    }

    @Test func aRowWithoutAQuestionIsNamedByItsLine() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        try write("ada-terms.json", #"{"subject": "Ada", "core": ["countess"], "other": []}"#)
        try write("ada-keys.jsonl", "")
        try write("neighbours-ada.jsonl", #"{"question": "Who is Bob?"}"#)
        try write("general.jsonl", #"{"question": "What is tea?"}"#)
        try write(
            "ada.jsonl", #"{"question": "Who?", "split": "test"}"# + "\n" + #"{"question": " ", "split": "test"}"#)
        let error = #expect(throws: FormatError.self) {
            try SubjectSuite.load(folder: folder, subject: "Ada")
        }
        #expect(
            error?.description
                == "JSON lines file '\(folder.appending(path: "ada.jsonl").path)' is malformed at line 2: "
                + "'question' is missing or is not a text. Correct the file there.")
    }
}
