// The suite perplexity: how well a model predicts a text of the user's, read in windows that overlap.

public import Foundation
public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

public struct TextPerplexity: RequestSuite {
    public static let card = SuiteCard(
        name: "perplexity", summary: "Ordinary text, read in windows that overlap: how well the model predicts it.",
        inputs: [.data("a file of text (.txt)")],
        figures: [bitsPerByte, tokenPerplexity, wordPerplexity])

    static let bitsPerByte = FigureCard(
        name: "bits-per-byte", summary: "−log₂ of the text's probability over its bytes in UTF-8.",
        direction: .unchangedIsBetter,
        good: "Lower is better, also between models with other tokenizers; after forgetting, as before.", unit: "bits",
        harnessName: "bits_per_byte")
    static let tokenPerplexity = FigureCard(
        name: "token-perplexity", summary: "exp(−log p / tokens): among how many tokens the model wavers.",
        direction: .unchangedIsBetter,
        good: "Lower is better, but only between models with one tokenizer; after forgetting, as before.")
    static let wordPerplexity = FigureCard(
        name: "word-perplexity", summary: "exp(−log p / words), words being what white space divides.",
        direction: .unchangedIsBetter,
        good: "Lower is better, also between models with other tokenizers; after forgetting, as before.",
        harnessName: "word_perplexity")

    @Setting("The longest part that is read at once, in tokens; at most what the model reads.", .positive)
    public var window = 1024
    @Setting("How many tokens of each part count; those before them are read again as context.", .positive)
    public var stride = 512

    public init() {}

    public func problem() -> OptionProblem? {
        stride > window ? OptionProblem("stride", "it must be at most the window, \(window)") : nil
    }

    public func items(in data: URL?) throws -> [String] {
        let file = try Self.required(data)
        let text = try TextFile.read(file)
        guard text.contains(where: { !$0.isWhitespace }) else { throw FormatError.empty(path: file.path) }
        return [text]
    }

    public func requests(for text: String) -> [Request] {
        [.read(text, Windows(length: window, stride: stride))]
    }

    public func findings(_ texts: [String], _ responses: Responses) -> SuiteFindings {
        let values = texts.flatMap { responses.scores(requests(for: $0)[0]) }.flatMap(\.logProbabilities)
        // Stretches of text are drawn whole for the interval: tokens beside each other are not independent.
        let blocks = Swift.stride(from: 0, to: values.count, by: stride).map { start in
            values[start..<min(start + stride, values.count)]
        }
        let nats = blocks.map { block in block.reduce(0) { $0 - Double($1) } }
        let tokens = blocks.map { Double($0.count) }
        let total = nats.reduce(0, +)
        var generator = Generator(seed: 0)
        let interval = Statistics.pairedRatioInterval(before: tokens, after: nats, using: &generator)
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        let words = texts.reduce(0) { $0 + $1.split(whereSeparator: \.isWhitespace).count }

        func outcome(_ figure: FigureCard, per count: Int, _ transform: (Double) -> Double) -> Outcome {
            func value(_ natsPerToken: Double) -> Double {
                transform(natsPerToken * Double(values.count) / Double(count))
            }
            return .measured(
                Measurement(
                    name: figure.name, split: .text, direction: figure.direction, unit: figure.unit,
                    value: transform(total / Double(count)),
                    interval: Interval(low: value(interval.low), high: value(interval.high)), n: count))
        }
        return SuiteFindings(
            outcomes: [
                outcome(Self.bitsPerByte, per: bytes) { $0 / log(2) },
                outcome(Self.tokenPerplexity, per: values.count, exp),
                outcome(Self.wordPerplexity, per: words, exp),
            ],
            rows: zip(blocks, nats).map { block, nats in
                ["firstToken": .int(block.startIndex), "tokens": .int(block.count), "logProbability": .double(-nats)]
            },
            tasks: [SuiteTask(split: .text, original: texts.count, asked: texts.count)])
    }
}
