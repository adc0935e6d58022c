// One model answers all requests: what is scored is read in one pass of full batches, what is written in one generation.

public import UnlearnData
public import UnlearnEngine
public import UnlearnModels

extension LanguageModel {
    /// The replies to `requests`, each of which is put once. Options of one choice share what they begin with, and
    /// logits are computed where a labelled token is foretold and nowhere else.
    /// - Throws: `TokenizerError` for a question that the model's chat template refuses.
    public func responses(
        to requests: [Request], _ options: ResponseOptions = ResponseOptions(),
        progress: (ProgressEvent) -> Void = { _ in }
    ) throws(TokenizerError) -> Responses {
        let requests = requests.distinct()
        return Responses(
            scores: try scores(requests, options, progress), texts: try answers(requests, options, progress))
    }

    // MARK: - Scores

    private func scores(
        _ requests: [Request], _ options: ResponseOptions, _ progress: (ProgressEvent) -> Void
    ) throws(TokenizerError) -> [Request: [TokenScores]] {
        var encoder = RequestEncoder(self, options)
        var families: [[TokenExample]] = []
        var ranges: [(Request, Range<Int>)] = []
        for request in requests {
            let start = families.count
            families += try encoder.families(request)
            if case .answer = request { continue }
            ranges.append((request, start..<families.count))
        }
        var done = 0
        let scored = scores(ofFamilies: families, tokensPerBatch: options.tokensPerBatch) { count in
            done += count
            progress(ProgressEvent(stage: "Reading", done: done, total: families.count, unit: "requests"))
        }
        return Dictionary(
            uniqueKeysWithValues: ranges.map { request, range -> (Request, [TokenScores]) in
                guard case .read = request else { return (request, scored[range].flatMap(\.self)) }
                return (request, [TokenScores(joining: scored[range].flatMap(\.self))])
            })
    }

    /// The scores of each example's labelled tokens, family by family.
    /// - Parameter onBatch: told after each batch how many families it held.
    func scores(
        ofFamilies families: [[TokenExample]], tokensPerBatch: Int = 1024, onBatch: (Int) -> Void = { _ in }
    ) -> [[TokenScores]] {
        var results = families.map { $0.map { _ in TokenScores(logProbabilities: [], argmaxMatches: []) } }
        let labelled = families.map { family in family.indices.filter { !family[$0].targets.isEmpty } }
        let costs = zip(families, labelled).map { family, kept in
            kept.isEmpty ? 0 : ReadingBatch.tokenCount(kept.map { family[$0] })
        }
        for batch in Self.batches(costs, tokens: tokensPerBatch) {
            let examples = batch.map { index in labelled[index].map { families[index][$0] } }
            let read = withoutRecording { self.scores(of: ReadingBatch(examples), examples.flatMap(\.self)) }
            var scores = read[...]
            for index in batch {
                for (place, score) in zip(labelled[index], scores) { results[index][place] = score }
                scores = scores.dropFirst(labelled[index].count)
            }
            onBatch(batch.count)
        }
        return results
    }

    /// Indices of costs that are not zero, the largest first, together no more than `tokens` unless one alone is.
    private static func batches(_ costs: [Int], tokens: Int) -> [[Int]] {
        var (batches, length): ([[Int]], Int) = ([], 0)
        for index in costs.indices.sorted(by: { (costs[$1], $0) < (costs[$0], $1) }) where costs[index] > 0 {
            if batches.isEmpty || length + costs[index] > tokens {
                batches.append([])
                length = 0
            }
            batches[batches.count - 1].append(index)
            length += costs[index]
        }
        return batches
    }

    private func scores(of batch: ReadingBatch, _ examples: [TokenExample]) -> [TokenScores] {
        let hidden = model.finalHidden(batch)
        // Which (example, labelled token) each row of the vocabulary tells the probability of.
        var asked = [[(example: Int, target: Int)]](repeating: [], count: batch.predictors.count)
        for (example, predictors) in batch.predictorOfTarget.enumerated() {
            for (target, predictor) in predictors.enumerated() { asked[predictor].append((example, target)) }
        }
        var values = examples.map { [Float](repeating: 0, count: $0.targets.count) }
        var matches = examples.map { [Bool](repeating: false, count: $0.targets.count) }
        // A few rows of the vocabulary at a time: they are what takes memory.
        let rows = 128
        for start in stride(from: 0, to: asked.count, by: rows) {
            let count = min(rows, asked.count - start)
            let logits = model.logits(hidden.narrow(0, from: start, count: count))
            let best = logits.argmax(along: 1).scalars(Int64.self)
            let places = (0..<count).flatMap { row in
                asked[start + row].map { (row: row, at: $0, token: examples[$0.example].token($0.target)) }
            }
            let flat = logits.logSoftmax().reshape([-1])
            let wanted = places.map { Int64($0.row * model.vocabularyCount + Int($0.token)) }
            for (place, value) in zip(places, flat.select(Tensor(wanted)).scalars(Float.self)) {
                values[place.at.example][place.at.target] = value
                matches[place.at.example][place.at.target] = best[place.row] == Int64(place.token)
            }
        }
        return zip(values, matches).map { TokenScores(logProbabilities: $0, argmaxMatches: $1) }
    }

    // MARK: - Answers

    private func answers(
        _ requests: [Request], _ options: ResponseOptions, _ progress: (ProgressEvent) -> Void
    ) throws(TokenizerError) -> [Request: [String]] {
        var groups: [(style: AnswerOptions, prompts: [Prompt])] = []
        for case .answer(let prompt, let style) in requests {
            if let place = groups.firstIndex(where: { $0.style == style }) {
                groups[place].prompts.append(prompt)
            } else {
                groups.append((style, [prompt]))
            }
        }
        var texts: [Request: [String]] = [:]
        var tokens = 0
        for (style, prompts) in groups {
            let samples = style.temperature == 0 ? 1 : style.samples
            let answers = try self.answers(
                prompts.flatMap { [Prompt](repeating: $0, count: samples) }, maximumTokens: style.maximumTokens,
                temperature: style.temperature, topP: style.topP, seed: options.seed, purpose: "suite"
            ) { _, _ in
                tokens += 1
                progress(ProgressEvent(stage: "Answering", done: tokens, total: nil, unit: "tokens"))
            }.map(style.cut)
            for (index, prompt) in prompts.enumerated() {
                let own = answers[index * samples..<(index + 1) * samples]
                texts[.answer(prompt, style)] =
                    samples == style.samples
                    ? Array(own) : [String](repeating: own.first ?? "", count: style.samples)
            }
        }
        return texts
    }
}

extension TokenScores {
    /// Those of consecutive parts of one text.
    init(joining parts: [TokenScores]) {
        self.init(
            logProbabilities: parts.flatMap(\.logProbabilities), argmaxMatches: parts.flatMap(\.argmaxMatches))
    }
}

extension TokenExample {
    /// The labelled token with this number.
    fileprivate func token(_ target: Int) -> Int32 { tokens[targets[target]] }
}
