// Boundary shrink: each forget image gets the label that the original finds most probable among the wrong ones.
// Chen et al. 2023, "Boundary unlearning" (arXiv 2303.11570), section 4.1.

public import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

/// CE on forget with the nearest wrong label, beside CE on retain: what a class was confused with takes its place.
public struct BoundaryShrink: ClassifierMethod {
    public static let card = Card(
        name: "boundary-shrink", summary: "Trains on the most probable wrong label for each forget image.",
        paper: "Chen et al. 2023, arXiv 2303.11570", needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = RandomLabels.phaseDefaults

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        try session.readOriginal()
        try RandomLabels.train(session, labels: Self.nearestLabels(session), mask: nil)
    }

    /// The wrong label with the highest score, for each forget image. A class that is forgotten whole is nobody's.
    static func nearestLabels(_ session: ClassifierSession) -> [Int: Int64] {
        let scores = session.originalLogits(session.forget).scalars(Float.self)
        let count = session.model.classCount
        let kept = Set(session.retain.map { session.images.labels[$0] })
        var labels: [Int: Int64] = [:]
        for (row, id) in session.forget.enumerated() {
            let others = (0..<count).filter { $0 != session.images.labels[id] && kept.contains($0) }
            let best = others.max { scores[row * count + $0] < scores[row * count + $1] }
            labels[id] = best.map(Int64.init)
        }
        return labels
    }
}
