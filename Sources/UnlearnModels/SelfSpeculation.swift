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
    static func isWanted(_ decoding: Decoding, _ model: any CausalLM) -> Bool {
        guard decoding.temperature == 0 else { return false }
        return switch decoding.drafting {
        case .always: true
        case .never: false
        case .whereItPays: decoding.maximumTokens >= 32 && model.parameters.scalarCount >= 16_000_000
        }
    }

    /// - Parameter cache: of the model, with the prompt in it.
    init(_ model: any CausalLM, _ decoding: Decoding, _ cache: KeyValueCache) {
        (self.model, self.decoding, self.cache) = (model, decoding, cache)
        draft = model.draft()
    }

    /// Hands out `first` and what follows it, up to a stop token, the end of the context or the number asked for.
    func write(from first: Int32, _ emit: (Int32) -> Void) {
        var chosen = [first]
        var written = 0
        while true {
            for token in chosen {
                if decoding.stopTokens.contains(token) { return }
                emit(token)
                written += 1
                if written == decoding.maximumTokens { return }
            }
            let room = min(decoding.maximumTokens - written, model.contextLength - cache.length) - 1
            guard room >= 0 else { return }
            let last = chosen[chosen.count - 1]
            chosen = checked([last] + guesses(after: last, atMost: min(room, Self.guessCount)))
        }
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

    /// What the model writes after the first of `tokens`: each guess behind it that it agrees with, and one token more.
    private func checked(_ tokens: [Int32]) -> [Int32] {
        let start = cache.length
        let scores = model.next(
            Tensor(tokens.map(Int64.init), shape: [1, tokens.count]), positions: [Array(start..<start + tokens.count)],
            mask: mask(time: tokens.count, from: start), cache: cache, after: tokens.count)
        let own = best(scores)
        let agreed = zip(tokens.dropFirst(), own).prefix { $0 == $1 }.count
        cache.rewind(to: start + agreed + 1)
        return Array(own.prefix(agreed + 1))
    }

    private func best(_ scores: Tensor) -> [Int32] { scores.argmax(along: 1).scalars(Int64.self).map(Int32.init) }

    /// Each of `time` tokens looks at all `start` earlier ones, at those before it and at itself.
    private func mask(time: Int, from start: Int) -> Tensor? {
        guard time > 1 else { return nil }
        let mask = (0..<time).flatMap { query in
            (0..<start + time).map { $0 <= start + query ? Float(0) : -.infinity }
        }
        return Tensor(mask, shape: [1, 1, time, start + time])
    }
}
