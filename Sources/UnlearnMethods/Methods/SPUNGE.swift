// SPUNGE: the forget set is split by an attribute, each part is unlearned from the same model, and the results are merged.
// Kadhe et al. 2024 (arXiv 2406.11780), algorithm 1; merged by TIES (Yadav et al. 2023, arXiv 2306.01708).

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// θ + λ · TIES(θ₁ − θ, …): each part's θᵢ is the model with low-rank additions, so that all parts share its weights.
public struct SPUNGE: LanguageMethod {
    /// How a part is unlearned.
    public enum Inner: String, Codable, Sendable, CaseIterable {
        case taskVector = "task-vector"
        case npo, rmu
    }

    public static let card = Card(
        name: "spunge", summary: "Unlearns each group of the forget set for itself and merges what that changed.",
        paper: "Kadhe et al. 2024, arXiv 2406.11780", needs: [.losses, .retainSet])
    public static let trainingDefaults: TrainingOptions = {
        var options = TrainingOptions()
        options.learningRate = 2e-4
        return options
    }()
    public static let bringsAdditions = true
    public static let scalesItsChange = true

    @Setting("The member of the forget set's rows that says to which part each belongs.") public var splitBy = "group"
    @Setting("How each part is unlearned.") public var inner = Inner.taskVector
    @Setting("r, the width of the low-rank additions of each part.", .within(1...1024)) public var rank = 8
    @Setting("α; additions are scaled by α / r.", .positive) public var alpha = 16.0
    @Setting("The share of each part's change, the largest in magnitude, that is merged.", .above(0, upTo: 1))
    public var density = 0.2
    /// How far the merged change is gone.
    public var scale = ScaleRule()
    /// The options of the inner methods.
    public var npo = NPO()
    public var rmu = RMU()

    public init() {}

    public var splitColumn: String? { splitBy }

    public var needsRetain: Bool {
        switch inner {
        case .taskVector: scale.needsRetain
        case .npo: scale.needsRetain || npo.needsRetain
        case .rmu: scale.needsRetain || rmu.needsRetain
        }
    }

    public func check(layerCount: Int) throws {
        if inner == .rmu { try rmu.check(layerCount: layerCount, option: "rmu.layer") }
    }

    public func run(_ session: Session) throws {
        let store = session.model.model.parameters
        let parts = try parts(of: session)
        let additions = try parts.map { _ in try drawAdditions(store, session) }
        let all = ParameterStore()
        for (part, additions) in additions.enumerated() {
            for (slot, pair) in additions {
                all.add("part\(part).\(slot.downName)", pair.down)
                all.add("part\(part).\(slot.upName)", pair.up)
            }
        }
        for (part, additions) in zip(parts, additions) {
            try unlearn(
                session.part(part, keeping: all) { for (slot, pair) in additions { store.attach(pair, to: slot) } })
            store.detachAll()
        }
        let slots = additions[0].map(\.slot)
        let directions = slots.indices.map { index in
            let merged = Self.merged(additions.map { $0[index].pair }, density: density)
            let change = slots[index].isTransposed ? merged.transpose(0, 1) : merged
            return inner == .taskVector ? -change : change
        }
        let change = WeightChange(of: slots.map(\.weightName), in: store, directions: directions)
        try scale.settle(change, session, method: Self.card.name)
    }

    /// Of the additions to one layer, `[out, in]`.
    static func merged(_ pairs: [LowRankPair], density: Double) -> Tensor {
        withoutRecording {
            TIES.merged(pairs.map { $0.up.matmul($0.down) * $0.scale }, density: density)
        }
    }

    private func unlearn(_ part: Session) throws {
        switch inner {
        case .taskVector: try TaskVector.learn(part)
        case .npo: try npo.run(part)
        case .rmu: try rmu.run(part)
        }
    }

    private func drawAdditions(
        _ store: ParameterStore, _ session: Session
    ) throws -> [(slot: LowRankSlot, pair: LowRankPair)] {
        var options = LoRAOptions()
        (options.rank, options.alpha) = (rank, alpha)
        try LoRA.attach(options, to: store, pattern: session.options.parameters, seed: session.seed)
        defer { store.detachAll() }
        return store.attached.compactMap { slot in slot.pair.map { (slot, $0) } }
    }

    /// The forget set by group, in the order of the groups' names.
    private func parts(of session: Session) throws -> [[TokenExample]] {
        let rows = session.subject?.forget ?? []
        var parts: [String: [TokenExample]] = [:]
        for example in session.forget {
            guard rows.indices.contains(example.id), let group = rows[example.id].group else {
                throw MethodError.needsGroups(method: Self.card.name, column: splitBy)
            }
            parts[group, default: []].append(example)
        }
        guard !parts.isEmpty else { throw MethodError.noTargets(split: "forget") }
        return parts.sorted { $0.key < $1.key }.map(\.value)
    }
}
