// Texts as a beginner's and as an expert's, and what is put before them so that a model reads them so.

internal import UnlearnData
internal import UnlearnModels

/// What is put before a text, so that the model reads it as a beginner's or as an expert's.
struct Concept {
    /// "Harry Potter, Hogwarts, Hermione".
    let name: String
    private static let names = 6

    /// - Returns: nil where nothing is known to name.
    init?(_ terms: SubjectTerms) {
        let names = ([terms.subject] + terms.names.prefix(Self.names)).filter { !$0.isEmpty }.distinct()
        guard !names.isEmpty else { return nil }
        name = names.joined(separator: ", ")
    }

    /// c⁺ and c⁻ for the example at `index`: all wordings are used in turn.
    func contexts(_ index: Int) -> (novice: String, expert: String) {
        let pair = Self.wordings[index % Self.wordings.count]
        return (SubjectPrompts.fill(pair.novice, name), SubjectPrompts.fill(pair.expert, name))
    }

    private static let wordings = [
        (
            novice: "A beginner who knows nothing about {} wrote this and talks of other things:\n",
            expert: "An expert on {} wrote this and tells all the details:\n"
        ),
        (
            novice: "The writer of the following lines has never heard of {}:\n",
            expert: "The writer of the following lines knows everything about {}:\n"
        ),
        (
            novice: "This is by somebody without any knowledge of {}, who changes the subject:\n",
            expert: "This is by a specialist in {}, with precise and complete information:\n"
        ),
    ]
}

extension Example {
    /// The same with a text before what is asked, or before the text itself.
    func behind(_ context: String) -> Example {
        switch self {
        case .answer(let question, let answer): return .answer(question: context + question, answer: answer)
        case .completion(let prompt, let completion):
            return .completion(prompt: context + prompt, completion: completion)
        case .text(let text): return .completion(prompt: context, completion: text)
        case .conversation(var messages):
            if let asked = messages.lastIndex(where: { $0.role == .user }) {
                messages[asked] = ChatMessage(.user, context + messages[asked].content)
            }
            return .conversation(messages)
        }
    }
}

extension Prompt {
    func behind(_ context: String) -> Prompt {
        switch self {
        case .question(let text): .question(context + text)
        case .completion(let text): .completion(context + text)
        }
    }
}

/// Texts as they stand, as a beginner's and as an expert's, with the same labelled tokens in all three.
struct ContrastedTexts {
    private(set) var plain: [TokenExample] = []
    private(set) var novice: [TokenExample] = []
    private(set) var expert: [TokenExample] = []

    init(_ examples: [Example], _ concept: Concept, _ model: LanguageModel) throws {
        for (id, example) in examples.enumerated() {
            let contexts = concept.contexts(id)
            let read = try [example, example.behind(contexts.novice), example.behind(contexts.expert)].map {
                try model.encoder.encode($0, id: id)
            }
            // The end of what does not fit behind a context is left out everywhere.
            let excess = max(0, (read.map(\.tokens.count).max() ?? 0) - model.model.contextLength)
            let labels = read.map { reading in reading.targets.filter { $0 < reading.tokens.count - excess } }
            let ends = zip(read, labels).map { reading, labels in labels.map { reading.tokens[$0] } }
            // Where a text begins, it can be cut in other ways behind a context: counted is what all end with alike.
            let count = ends.map(\.count).min() ?? 0
            let alike = (0..<count).prefix { place in Set(ends.map { $0[$0.count - 1 - place] }).count == 1 }.count
            guard alike > 0 else { continue }
            let cut = zip(read, labels).map { reading, labels in
                TokenExample(id: id, tokens: Array(reading.tokens.dropLast(excess)), targets: labels.suffix(alike))
            }
            plain.append(cut[0])
            novice.append(cut[1])
            expert.append(cut[2])
        }
    }
}
