// `unlearn generate`: a model's continuation of a text, or its answer to a question, as it is written.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnFormats
import UnlearnKit
import UnlearnModels

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model continue a text, or answer a question with --chat.")

    @OptionGroup var model: ModelOptions

    @Option(help: "The text to continue, or the question to answer.")
    var prompt: String

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
        let isChat = chat || model.chatFormat != nil
        // A text is continued whatever the model's template says.
        let format = isChat ? model.chatFormat : .plain
        let loading = ContinuousClock.now
        let (_, model) = try ModelLoader.load(model.url(), chatFormat: format)
        let loadSeconds = (ContinuousClock.now - loading) / .seconds(1)
        let prompt: Prompt = isChat ? .question(prompt) : .completion(prompt)
        let ids = model.ids(prompt)
        guard ids.count < model.model.contextLength else {
            throw CommandError.tooLong(what: "The prompt", tokens: ids.count, context: model.model.contextLength - 1)
        }
        var decoder = StreamingDecoder(model.tokenizer)
        var count = 0
        let start = ContinuousClock.now
        let answers = model.answers(
            [prompt], maximumTokens: maxTokens, temperature: temperature, topP: topP, seed: seed, purpose: "generate"
        ) { _, token in
            count += 1
            if !json { Output.write(decoder.append(token)) }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if !json { return Output.line(decoder.finish()) }
        let result: JSONValue = [
            "text": .string(answers[0]), "tokens": .int(count), "promptTokens": .int(ids.count),
            "loadSeconds": .double((loadSeconds * 1000).rounded() / 1000),
            "seconds": .double((seconds * 1000).rounded() / 1000),
        ]
        Output.line(result.text())
    }
}
