// A model of 64 letters with random weights, for tests of what is asked and how it is scored.
import Foundation
import Testing
import UnlearnModels

@testable import UnlearnData
@testable import UnlearnEvaluation

enum TinyModel {
    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func golden(_ path: String) -> URL { package.appending(path: "Tests/Golden/\(path)") }

    /// Every token is a character; without a template there is no chat format.
    static func load(_ name: String = "llama-tied", template: String? = nil) throws -> LanguageModel {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,?!'-:;"
        var definition = TokenizerDefinition(
            vocabulary: ["<unk>", "<s>", "</s>", "▁"] + letters.map(String.init), merges: [],
            spelling: .sentencePiece(byteFallback: false, fusesUnknown: false, stripsSpace: false))
        definition.normalizations = [.replace(" ", with: "▁")]
        definition.unknown = 0
        definition.beginOfSequence = 1
        definition.endOfSequence = 2
        definition.prefix = [1]
        definition.chatTemplate = template
        let directory = try ModelDirectory(golden(name))
        return LanguageModel(
            model: try directory.load(),
            encoder: try ExampleEncoder(Tokenizer(definition), template == nil ? .plain : nil),
            stopTokens: directory.stopTokens)
    }

    static let suite = SubjectSuite(
        subject: "Ada", forget: [Prompt.question("Who is Ada?"), Prompt.completion("Ada is")],
        terms: ["countess", "a"], coreTerms: ["countess"], keys: [KeyWord(prompt: "Ada is a", next: " countess")],
        neighbours: [Prompt.question("Who is Bob?"), Prompt.question("Who is Eve?")],
        general: [Prompt.question("What is tea?")],
        texts: ["A text of many words, read as a whole.", "Another one."])
}
