// Fifth place of the NeurIPS 2023 challenge: one of two recipes for each run.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Either all kernels are transposed and repaired on retain, or the model is trained on retain with its labels and on
/// forget with pseudo-labels.
public struct Toshi: ClassifierMethod {
    public enum Recipe: String, Codable, Sendable, CaseIterable {
        /// As the seed chooses, so that runs differ.
        case either
        case transpose
        case pseudoLabels
    }

    public static let card = Card(
        name: "toshi", summary: "Transposes the kernels and repairs, or trains on pseudo-labels, by chance.",
        paper: "NeurIPS 2023 challenge, Triantafillou et al. 2024, arXiv 2406.09073",
        needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(learningRate: 1e-3, epochs: 3)

    @Setting("Which of the two recipes is followed.") public var recipe = Recipe.either

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        var generator = session.generator("toshi")
        let chosen = recipe == .either ? (generator.next() & 1 == 0 ? Recipe.transpose : .pseudoLabels) : recipe
        if chosen == .transpose {
            for name in session.model.convolutionNames {
                let kernel = session.model.parameters[name]
                withoutRecording { kernel.copy(from: kernel.transpose(2, 3) + 0) }
            }
            return try train(session, session.retain, labels: [:])
        }
        // The class that the original finds likeliest among the wrong ones.
        let classes = session.model.logits(of: session.images, session.forget).top(2).indices.scalars(Int64.self)
        var labels: [Int: Int64] = [:]
        for (place, id) in session.forget.enumerated() {
            let first = classes[2 * place]
            labels[id] = first == Int64(session.images.labels[id]) ? classes[2 * place + 1] : first
        }
        try train(session, session.forget + session.retain, labels: labels)
    }

    private func train(_ session: ClassifierSession, _ examples: [Int], labels: [Int: Int64]) throws {
        try session.descend("retain", session.phase, over: examples) { step in
            RandomLabels.terms(step, labels)
        }
    }
}
