// Mistakes in the data of suites, each in a sentence.
import Foundation
import Testing
import UnlearnData
import UnlearnFormats

@testable import UnlearnEvaluation

@Suite struct SuiteDataTests {
    /// What is said of a folder that holds one file.
    private func mistake(_ name: String, _ text: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        return sentence(folder)
    }

    private func sentence(_ folder: URL) -> String {
        do { _ = try MultipleChoice().items(in: folder) } catch {
            return "\(error)".replacing(folder.path, with: "DIR")
        }
        return "read"
    }

    private static let repair = "Correct the file there, or get it again."
    private static let unknown = "'DIR' is no folder with questions that are known; usual names are ARC-Easy-Test.jsonl"

    @Test func aFolderThatIsMissingOrHoldsNothingKnownIsNamed() throws {
        let other = try mistake("notes.txt", "a")
        #expect(other.hasPrefix(Self.unknown))
        let missing = sentence(URL(filePath: "/nowhere/at/all"))
        #expect(missing.hasPrefix(Self.unknown))
        #expect(missing.hasSuffix("and the like of MMLU. Check the folder."))
    }

    @Test func aTableWithTooFewColumnsIsNamedByItsLine() throws {
        let found = try mistake("anatomy_test.csv", "Why?,a,b,c,d,A\nWhy?,a,b,c,A\n")
        let problem = "there are 5 columns; question, four choices and answer are 6"
        #expect(found == "'DIR/anatomy_test.csv', line 2: \(problem). \(Self.repair)")
    }

    @Test func aMissingOptionIsNamed() throws {
        let found = try mistake("winogrande_dev.jsonl", #"{"sentence": "a _ b", "option1": "c", "answer": "1"}"#)
        let problem = "'option2' is missing or is not a text"
        #expect(found == "'DIR/winogrande_dev.jsonl', line 1: \(problem). \(Self.repair)")
    }

    @Test func aBrokenLineIsNamed() throws {
        let found = try mistake("boolq_val.jsonl", "{\"question\": ")
        #expect(found.contains("'DIR/boolq_val.jsonl' is malformed at line 1"))
    }

    @Test func aSuiteWithoutItsDataSaysWhatItNeeds() throws {
        let error = #expect(throws: EvaluationError.self) { _ = try TextPerplexity().items(in: nil) }
        #expect(error?.description == "The suite needs --data: a file of text (.txt).")
    }
}
