// `unlearn generate`: a model's continuation of a text, its answer to a question, or a picture that it redraws.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model continue a text, answer a question with --chat, or redraw a picture with --image.")

    @OptionGroup var model: ModelOptions

    @Option(help: "The text to continue, or the question to answer.")
    var prompt: String?

    @Option(
        help: ArgumentHelp(
            "A text file with a prompt on each line; the answers are written together.", valueName: "file"))
    var prompts: String?

    @OptionGroup(title: "Models that redraw pictures") var picture: PictureArguments

    @Flag(help: "Ask in the model's chat format; --chat-format implies it.")
    var chat = false

    @Option(help: ArgumentHelp("The most tokens to write.", valueName: "number"))
    var maxTokens = 256

    @Option(help: ArgumentHelp("How freely to choose; 0 always takes the likeliest token.", valueName: "number"))
    var temperature = 0.0

    @Option(help: ArgumentHelp("Choose among the likeliest tokens of this probability together.", valueName: "share"))
    var topP = 1.0

    @Option(help: ArgumentHelp("The source of random numbers.", valueName: "number"))
    var seed: UInt64 = 0

    @OptionGroup var runtime: RuntimeOptions

    @Flag(help: "Print one JSON object when done.")
    var json = false

    func validate() throws {
        guard [prompt, prompts, picture.image].count(where: { $0 != nil }) == 1 else {
            throw ValidationError(
                "Give a text with --prompt, a file of them with --prompts, or a picture with --image.")
        }
        guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be at least 1, but is \(maxTokens).") }
        guard temperature >= 0, temperature.isFinite else {
            throw ValidationError("--temperature must be 0 or more, but is \(temperature).")
        }
        guard topP > 0, topP <= 1 else {
            throw ValidationError("--top-p must be above 0 and at most 1, but is \(topP).")
        }
    }

    func run() throws {
        runtime.apply()
        if picture.image != nil { return try picture.redraw(by: model.url(), seed: seed, json: json) }
        try writeText()
    }

    private func writeText() throws {
        let url = try model.url()
        if try Family(of: url) == .generator { throw CommandError.needsPicture(path: url.path) }
        let isChat = chat || model.chatFormat != nil
        let texts = try self.texts()
        // A text is continued whatever the model's template says.
        let format = isChat ? model.chatFormat : .plain
        let loading = ContinuousClock.now
        let (_, model) = try ModelLoader.load(url, cache: ModelName.cache, chatFormat: format)
        let loadSeconds = (ContinuousClock.now - loading) / .seconds(1)
        let asked = texts.map { isChat ? Prompt.question($0) : .completion($0) }
        let contexts = try asked.map(model.ids)
        let lengths = contexts.map(\.count)
        for (index, length) in lengths.enumerated() where length >= model.model.contextLength {
            let what = prompts == nil ? "The prompt" : "Prompt \(index + 1) of '\(prompts ?? "")'"
            throw CommandError.tooLong(what: what, tokens: length, context: model.model.contextLength - 1)
        }
        var decoder = StreamingDecoder(model.tokenizer, following: contexts[0])
        var count = 0
        let isStreamed = !json && prompts == nil
        let start = ContinuousClock.now
        let answers = try model.answers(
            asked, maximumTokens: maxTokens, temperature: temperature, topP: topP, seed: seed, purpose: "generate"
        ) { _, token in
            count += 1
            if isStreamed { Output.write(decoder.append(token)) }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if isStreamed { return Output.line(decoder.finish()) }
        guard json else {
            return Output.line(zip(texts, answers).map { "> \($0)\n\($1)" }.joined(separator: "\n\n"))
        }
        let written: JSONValue = prompts == nil ? .string(answers[0]) : .array(answers.map { .string($0) })
        let result: JSONValue = [
            prompts == nil ? "text" : "texts": written, "tokens": .int(count),
            "promptTokens": .int(lengths.reduce(0, +)),
            "loadSeconds": .double((loadSeconds * 1000).rounded() / 1000),
            "seconds": .double((seconds * 1000).rounded() / 1000),
        ]
        Output.line(result.text())
    }

    private func texts() throws -> [String] {
        guard let prompts else { return [prompt ?? ""] }
        let lines = try TextFile.read(URL(filePath: prompts)).lines.filter { !$0.allSatisfy(\.isWhitespace) }.map(
            String.init)
        guard !lines.isEmpty else { throw FormatError.empty(path: prompts) }
        return lines
    }
}
