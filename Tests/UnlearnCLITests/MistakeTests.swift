// Mistakes end with one sentence and the exit code that says whose they are.

import Foundation
import Testing
import UnlearnFormats

@Suite struct MistakeTests {
    struct Mistake: CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let sentence: String

        init(_ arguments: String, _ status: Int32, _ sentence: String) {
            self.arguments = arguments.split(separator: " ").map(String.init)
            self.status = status
            self.sentence = sentence
        }

        var testDescription: String { arguments.joined(separator: " ") }
    }

    /// Run in a folder with the tiny model in `model/` and these files.
    private static let files = [
        "bad.jsonl": "{\"text\": \"abc\"}\n\n{\"question\": \"Who?\"}\n",
        "broken.jsonl": "{\"text\": \"abc\"\n",
        "empty.txt": "\n",
        "short.gguf": "GGUF",
        "other.gguf": "GIF89a",
        "model.bin": "abc",
        "data.csv": "a,b\n",
    ]

    private static let forms =
        "Write each row as {\"question\", \"answer\"}, {\"prompt\", \"completion\"}, {\"text\"} or {\"messages\"}."

    static let mistakes = [
        Mistake(
            "inspect nowhere", 66,
            "'nowhere' does not exist; expected a model directory, a .gguf or a llama2.c .bin file. Check the path."),
        Mistake(
            "inspect .", 66,
            "'config.json' does not exist; expected it, or the path of one of the GGUF files beside it, such as "
                + "'other.gguf'. Check the path."),
        Mistake(
            "inspect other.gguf", 65,
            "GGUF file 'other.gguf' is malformed at byte 0: the file does not begin with the letters GGUF. "
                + "Get the file again: it may be truncated or of another format."),
        Mistake(
            "score --model model --data bad.jsonl", 65, "'bad.jsonl', line 3: 'answer' is missing. \(forms)"),
        Mistake(
            "score --model model --data empty.txt", 65,
            "'empty.txt' holds no examples. Give at least one row or paragraph."),
        Mistake(
            "score --model model --data data.csv", 64,
            "'data.csv' is of no known kind. Give a file that ends in .jsonl, .json or .txt."),
        Mistake(
            "score --model model --data nothing.jsonl", 66,
            "'nothing.jsonl' does not exist; expected a file. Check the path."),
        Mistake(
            "score --model model --data bad.jsonl --output no/scores.jsonl", 64,
            "'no/scores.jsonl' cannot be written: there is no such folder. Create it, or choose another --output."),
        Mistake(
            "generate --model model --prompt abc --chat-format chatml", 64,
            "The chat format 'chatml' needs the token '<|im_end|>', which the vocabulary lacks; this tokenizer can "
                + "use plain. Choose one of these with --chat-format."),
        Mistake(
            "report nowhere", 66, "'nowhere/run.json' does not exist; expected the folder of a run. Check the path."),
    ]

    @Test(arguments: mistakes)
    func aMistakeGivesOneSentence(mistake: Mistake) throws {
        let folder = try TinyModel.make()
        for (name, text) in Self.files { try folder.write(text, name) }
        let result = try Binary.run(mistake.arguments, in: folder.url)
        #expect(folder.relative(result.error) == "unlearn: \(mistake.sentence)\n")
        #expect(result.output == "")
        #expect(result.status == mistake.status)
    }

    /// The sentence of `generate` after `change` to the tiny model's folder.
    private func sentence(_ arguments: String..., change: (URL) throws -> Void) throws -> String {
        let folder = try TinyModel.make()
        try change(folder.url.appending(path: "model"))
        let result = try Binary.run(["generate", "--model", "model", "--prompt", "a"] + arguments, in: folder.url)
        return folder.relative(result.error.replacing(folder.url.path + "/model'", with: "model'"))
    }

    @Test func aTemplateThatCannotBeFollowedNamesTheOption() throws {
        let sentence = try sentence("--chat") { model in
            let file = model.appending(path: "tokenizer_config.json")
            var json = try JSONValue(contentsOf: file)
            json["chat_template"] = "{% for message in messages %}<turn>{% endfor %}"
            try json.write(to: file)
        }
        #expect(
            sentence == "unlearn: The chat template of 'model' cannot be followed: it leaves out what is said. "
                + "Choose a format with --chat-format: plain.\n")
    }

    @Test func aModelSmallerThanItsTokenizerIsRefused() throws {
        let sentence = try sentence { model in
            let file = model.appending(path: "config.json")
            var json = try JSONValue(contentsOf: file)
            json["vocab_size"] = 60
            try json.write(to: file)
        }
        #expect(
            sentence == "unlearn: The tokenizer of 'model' has 64 tokens, but the model has 60. "
                + "Check that both belong to the same model.\n")
    }

    @Test func aModelWithoutTokenizerIsRefused() throws {
        let sentence = try sentence { model in
            try FileManager.default.removeItem(at: model.appending(path: "tokenizer.json"))
        }
        #expect(sentence == "unlearn: 'model/tokenizer.json' does not exist; expected a file. Check the path.\n")
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["tokenizer.json", "tokenizer_config.json", "config.json"])
    func aPipeInPlaceOfAFileOfTheModelIsRefused(name: String) throws {
        let sentence = try sentence { model in
            let file = model.appending(path: name)
            try? FileManager.default.removeItem(at: file)
            #expect(mkfifo(file.path, 0o600) == 0)
        }
        #expect(sentence == "unlearn: 'model/\(name)' is not a regular file. Give the path of a file.\n")
    }

    @Test(arguments: [
        "", "forge", "generate --model model", "generate --model model --prompt abc --top-p 0",
        "generate --model model --prompt abc --temperature -1", "generate --model model --prompt abc --max-tokens 0",
        "generate --model model --prompt abc --threads 0", "generate --model model --prompt abc --chat-format jinja",
        "convert model copy --tokenizer tok.bin", "list everything",
    ])
    func wrongArgumentsEndWithUsage(arguments: String) throws {
        let result = try Binary.run(arguments.split(separator: " ").map(String.init))
        if arguments.isEmpty {
            #expect(result.output.hasPrefix("OVERVIEW: "))
            #expect(result.status == 0)
        } else {
            #expect(result.error.hasPrefix("Error: "))
            #expect(result.error.contains("Usage: unlearn"))
            #expect(result.status == 64)
        }
    }

    @Test func helpAndVersionGoToStandardOutput() throws {
        #expect(try Binary.run("--version").output == "0.1.0\n")
        let help = try Binary.run("generate", "--help")
        #expect(help.output.hasPrefix("OVERVIEW: Let a model continue a text"))
        #expect(help.status == 0)
    }
}
