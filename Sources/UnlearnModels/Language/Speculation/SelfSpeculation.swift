// Greedy text of one prompt in fewer readings of the weights: a rounded copy of the model guesses the next few tokens,
// then the model checks all guesses in one pass. The text is the model's own; only the number of passes differs.
// Leviathan et al. 2023, "Fast Inference from Transformers via Speculative Decoding" (arXiv 2211.17192), with greedy
// choice; the model drafts for itself, as in Zhang et al. 2024, "Draft & Verify" (2309.08168), but rounded, not shortened.

internal import UnlearnEngine

struct SelfSpeculation {
    /// The most tokens guessed before each check. A guess costs about a third of a check.
    static let guessCount = 12
    /// By how much a guess must outscore the next best token, in nats, for guessing to go on behind it.
    static let margin: Float = 0.2

    private let model: any CausalLM
    private let draft: any CausalLM
    private let decoding: Decoding
    private let cache: KeyValueCache

    /// Guessing pays where the time goes into reading weights from memory, and for more than a few tokens.
    static func pays(_ decoding: Decoding, _ model: any CausalLM) -> Bool {
        decoding.temperature == 0 && decoding.maximumTokens >= 32 && model.parameters.scalarCount >= 16_000_000
    }

    /// - Parameter make: builds the model's architecture over other weights.
    /// - Returns: nil for a model whose matrices cannot be rounded.
    init?(_ model: any CausalLM, _ decoding: Decoding, _ make: (Weights) throws(ModelError) -> any CausalLM) {
        guard let source = RoundedSource(model.parameters) else { return nil }
        do throws(ModelError) {
            draft = try make(Weights(source))
        } catch { preconditionFailure("SelfSpeculation: the model's own parameters do not fit it: \(error)") }
        draft.parameters.replace(model.headName, by: model.parameters.merged(model.headName).roundedRows())
        (self.model, self.decoding, cache) = (model, decoding, model.makeCache())
    }

    /// What follows `prompt`, up to a stop token, the end of the context or the number asked for.
    func text(after prompt: [Int32], onToken: (Int32) -> Void) -> [Int32] {
        var written: [Int32] = []
        withoutRecording {
            var chosen = checked(prompt, from: prompt.count - 1)
            while true {
                for token in chosen {
                    if decoding.stopTokens.contains(token) { return }
                    written.append(token)
                    onToken(token)
                    if written.count == decoding.maximumTokens { return }
                }
                let room = min(decoding.maximumTokens - written.count, model.contextLength - cache.length) - 1
                guard room >= 0, let last = chosen.last else { return }
                chosen = checked([last] + guesses(after: last, atMost: min(room, Self.guessCount)), from: 0)
            }
        }
        return written
    }

    /// What the draft would write, up to a token that it is unsure of; the cache is left as it was.
    private func guesses(after token: Int32, atMost count: Int) -> [Int32] {
        let start = cache.length
        var tokens = [token]
        for place in start..<start + count {
            let scores = draft.next(
                Tensor([Int64(tokens[tokens.count - 1])], shape: [1, 1]), positions: [[place]], mask: nil, cache: cache)
            let two = scores.top(2)
            tokens.append(Int32(two.indices.scalars(Int64.self)[0]))
            let values = two.values.scalars(Float.self)
            if values[0] - values[1] < Self.margin { break }
        }
        cache.rewind(to: start)
        return Array(tokens.dropFirst())
    }

    /// Reads `tokens` and returns what the model writes after the one at `first`: each guess behind it that it agrees
    /// with, and one token more. The cache keeps what the text has.
    private func checked(_ tokens: [Int32], from first: Int) -> [Int32] {
        let (start, count) = (cache.length, tokens.count)
        let visible = (0..<count).flatMap { query in
            (0..<start + count).map { $0 <= start + query ? Float(0) : -.infinity }
        }
        let scores = model.next(
            Tensor(tokens.map(Int64.init), shape: [1, count]), positions: [Array(start..<start + count)],
            mask: count > 1 ? Tensor(visible, shape: [1, 1, count, start + count]) : nil, cache: cache,
            after: count - first)
        let own = scores.argmax(along: 1).scalars(Int64.self).map(Int32.init)
        let agreed = zip(tokens.dropFirst(first + 1), own).prefix { $0 == $1 }.count
        cache.rewind(to: start + first + agreed + 1)
        return Array(own.prefix(agreed + 1))
    }
}
