// Which prompts are trained on, and which are judged by.

import UnlearnData
import UnlearnEngine

/// The prompts of a run.
struct PromptParts {
    let trained: [TendencyPrompt]
    let judged: [TendencyPrompt]

    /// - Parameters:
    ///   - prompts: in partitions. If none is to be trained on, half of the groups and half of the templates are drawn
    ///     to train on and the other halves to judge by; what has a part of each is left out.
    ///   - path: where they come from, for errors.
    init(
        _ prompts: [TendencyPrompt], judgedBy partition: TendencyPrompt.Partition, seed: UInt64, path: String
    ) throws(KitError) {
        let prompts = prompts.distinct()
        if prompts.contains(where: { $0.partition == .train }) {
            (trained, judged) = (prompts.of(.train), prompts.of(partition))
        } else {
            let groups = Halves(prompts.map(\.group), seed: seed, "groups of prompts")
            let templates = Halves(prompts.map(\.template), seed: seed, "templates of prompts")
            trained = prompts.filter { groups.first.contains($0.group) && templates.first.contains($0.template) }
            judged = prompts.filter { groups.second.contains($0.group) && templates.second.contains($0.template) }
        }
        for (part, use) in [(trained, "to train on"), (judged, "to judge by")] {
            for kind in TendencyPrompt.Kind.allCases where part.of(kind).isEmpty {
                throw .noPrompts(kind: kind.rawValue, use: use, path: path)
            }
        }
    }

    /// Whether something of what is judged by was trained on.
    var overlap: Bool {
        let texts = Set(trained.map(\.text))
        let templates = Set(trained.map(\.template))
        let groups = Set(trained.map(\.group))
        // One group alone tells nothing apart.
        let shareGroups = groups.count > 1 && judged.contains { groups.contains($0.group) }
        return shareGroups || judged.contains { texts.contains($0.text) || templates.contains($0.template) }
    }
}

/// Names in two halves; a single name is in both.
private struct Halves {
    let first: Set<String>
    let second: Set<String>

    init(_ names: [String], seed: UInt64, _ purpose: String) {
        var generator = Generator(seed: seed, purpose: purpose)
        let names = names.distinct().shuffled(using: &generator)
        let count = (names.count + 1) / 2
        first = Set(names.prefix(count))
        second = Set(names.dropFirst(names.count == 1 ? 0 : count))
    }
}
