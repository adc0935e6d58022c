// Requests as tokens: what is read for each, and which of its tokens count.

internal import Foundation
internal import UnlearnData
internal import UnlearnModels

/// Turns the scored requests into token sequences for one model.
struct RequestEncoder {
    let model: LanguageModel
    let options: ResponseOptions
    /// The prompt that was encoded last and how many tokens it has: options follow each other.
    private var prompt: (text: String, count: Int)?

    init(_ model: LanguageModel, _ options: ResponseOptions) { (self.model, self.options) = (model, options) }

    /// The sequences of a request that is scored, options of one choice as one family; none for an answer.
    mutating func families(_ request: Request) throws(TokenizerError) -> [[TokenExample]] {
        switch request {
        case .score(let example): return [[try encode(example)]]
        case .choose(let examples):
            var family: [TokenExample] = []
            for example in examples { family.append(try encode(example)) }
            return [family]
        case .read(let text, let windows): return self.windows(of: text, windows).map { [$0] }
        case .answer: return []
        }
    }

    private mutating func encode(_ example: Example) throws(TokenizerError) -> TokenExample {
        switch example {
        case .completion(let prompt, let completion): return continuation(of: prompt, by: completion)
        case .answer, .conversation, .text:
            let whole = try model.encoder.encode(example, id: 0)
            // The token that ends an answer does not count: texts of other sources have none.
            let end = whole.tokens.last.map(model.encoder.stopTokens.contains) == true ? 1 : 0
            return fitted(Array(whole.tokens.dropLast(end)), counted: max(0, whole.targets.count - end))
        }
    }

    /// The harness's `_encode_pair`: white space before the cut belongs to the continuation, and this is what the whole
    /// text has more tokens than the prompt by itself.
    private mutating func continuation(of prompt: String, by completion: String) -> TokenExample {
        let whole = model.tokenizer.encode(prompt + completion, addSpecialTokens: false)
        let scalars = prompt.unicodeScalars
        let end = scalars.lastIndex { !$0.properties.isWhitespace }.map { scalars.index(after: $0) }
        let cut = min(count(of: String(scalars[..<(end ?? scalars.startIndex)])), max(0, whole.count - 1))
        let begin = cut == 0 || options.beginToken ? beginning(isNeeded: cut == 0) : []
        return fitted(begin + whole, counted: whole.count - cut)
    }

    private mutating func count(of text: String) -> Int {
        if let prompt, prompt.text == text { return prompt.count }
        let count = text.isEmpty ? 0 : model.tokenizer.encode(text, addSpecialTokens: false).count
        prompt = (text, count)
        return count
    }

    /// What stands before a text: what the tokenizer puts there, or something, if there must be a token.
    private func beginning(isNeeded: Bool) -> [Int32] {
        let definition = model.tokenizer.definition
        if !definition.prefix.isEmpty || !isNeeded { return definition.prefix }
        return [definition.beginOfSequence ?? definition.endOfSequence ?? 0]
    }

    /// The last tokens of a text, as many as the model reads; the very last one need not be read.
    private func fitted(_ tokens: [Int32], counted: Int) -> TokenExample {
        let kept = Array(tokens.suffix(model.model.contextLength + 1))
        return TokenExample(id: 0, tokens: kept, labelledFrom: kept.count - counted)
    }

    /// Every token of a text counts in one window: in the first one all, in each later one the last `stride` ones or
    /// what is left.
    private func windows(of text: String, _ windows: Windows) -> [TokenExample] {
        let tokens = beginning(isNeeded: true) + model.tokenizer.encode(text, addSpecialTokens: false)
        let length = max(1, min(windows.length, model.model.contextLength))
        let stride = max(1, min(windows.stride, length))
        var result: [TokenExample] = []
        var known = 1
        while known < tokens.count {
            let end = min(tokens.count, known + (known == 1 ? length : stride))
            let start = max(0, end - length - 1)
            result.append(TokenExample(id: 0, tokens: Array(tokens[start..<end]), labelledFrom: known - start))
            known = end
        }
        return result
    }
}
