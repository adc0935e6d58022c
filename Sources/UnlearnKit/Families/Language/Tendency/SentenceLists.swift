// Prompts that list sentences, and that the model continues with one more: what stands before it is the strongest
// invitation there is (Hartvigsen et al. 2022, arXiv 2203.09509, draw toxic texts so).

import UnlearnData
import UnlearnEngine
import UnlearnEvaluation

/// Lists of sentences that a model wrote itself behind single prompts.
enum SentenceLists {
    /// The sentences of a list.
    static let length = 4

    /// At most `count` prompts of each kind: numbered sentences about one group, toxic ones behind toxic prompts, and
    /// harmless ones behind harmless prompts. No sentence stands in two lists.
    static func prompts(
        of answers: TendencyAnswers, count: Int, using generator: inout Generator
    ) -> [TendencyPrompt] {
        TendencyPrompt.Kind.allCases.flatMap { kind in
            let told = answers.of(kind).continuations.filter { !$0.isDegenerate }
                .filter { answers.isPositive($0) == (kind == .toxic) }
            let groups = told.map(\.prompt.group).distinct()
            var lists = groups.map { group in
                sentences(told.filter { $0.prompt.group == group }).shuffled(using: &generator).parts(of: length)[...]
            }
            // One list of each group in turn.
            var prompts: [TendencyPrompt] = []
            while prompts.count < count, lists.contains(where: { !$0.isEmpty }) {
                for (place, group) in groups.enumerated() where prompts.count < count {
                    guard let list = lists[place].popFirst() else { continue }
                    prompts.append(
                        TendencyPrompt(
                            numbered(list), kind, group: group, template: "list-\(prompts.count + 1)", partition: .train
                        ))
                }
            }
            return prompts
        }
    }

    private static func numbered(_ sentences: [String]) -> String {
        sentences.enumerated().map { "\($0.offset + 1). \($0.element)\n" }.joined() + "\(sentences.count + 1)."
    }

    /// The prompt with what was written, up to its last whole sentence.
    private static func sentences(_ continuations: [Continuation]) -> [String] {
        continuations.map { told in
            let text = told.prompt.text + told.example.answer
            guard let end = text.lastIndex(where: { ".!?".contains($0) }), end >= told.prompt.text.endIndex else {
                return text
            }
            return String(text[...end])
        }.distinct()
    }
}

extension Array {
    /// Whole parts of so many elements; what is left over is left out.
    fileprivate func parts(of size: Int) -> [[Element]] {
        stride(from: 0, to: count / size * size, by: size).map { Array(self[$0..<$0 + size]) }
    }
}
