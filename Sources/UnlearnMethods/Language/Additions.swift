// Low-rank additions to a model that does not hold them all the time.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// How a model is made that knows the texts still better: low-rank additions learn them, so that both share their weights.
public struct Reinforcement: Configurable {
    @Setting("Passes over the texts.", .within(1...1_000_000)) public var epochs = 3
    @Setting("Passes are repeated until there are so many steps.", .within(0...1_000_000)) public var leastSteps = 20
    @Setting("The peak learning rate.", .positive) public var learningRate = 2e-4
    @Setting("r, the width of the low-rank additions.", .within(1...1024)) public var rank = 8
    @Setting("α of the additions, which are scaled by α / r.", .positive) public var alpha = 16.0

    public init() {}

    /// Additions to what the session's options name, which change nothing yet.
    func additions(to store: ParameterStore, _ session: Session) throws -> Additions {
        var options = LoRAOptions()
        (options.rank, options.alpha) = (rank, alpha)
        try LoRA.attach(options, to: store, pattern: session.options.parameters, seed: session.seed)
        defer { store.detachAll() }
        // The head stays the original's: scores of both are made with it.
        let head = session.model.model.headName
        return Additions(
            store.attached.compactMap { slot in slot.pair.map { (slot, $0) } }.filter { $0.0.weightName != head })
    }

    /// Lets the additions learn the texts, by their mean cross-entropy per labelled token.
    func learn(_ texts: [TokenExample], _ additions: Additions, _ session: Session) throws {
        var options = session.options
        (options.learningRate, options.steps) = (learningRate, nil)
        (options.epochs, options.leastSteps) = (epochs, leastSteps)
        // What is learnt here is never stored.
        options.rounding = .none
        let store = session.model.model.parameters
        try TaskVector.learn(
            session.part(texts, keeping: additions.kept, options: options) { additions.attach(to: store) })
        store.detachAll()
    }
}

struct Additions {
    private let pairs: [(slot: LowRankSlot, pair: LowRankPair)]
    /// All of them, under names of their own.
    let kept = ParameterStore()

    fileprivate init(_ pairs: [(slot: LowRankSlot, pair: LowRankPair)]) {
        self.pairs = pairs
        for (slot, pair) in pairs {
            kept.add("reinforced.\(slot.downName)", pair.down)
            kept.add("reinforced.\(slot.upName)", pair.up)
        }
    }

    var weightNames: [String] { pairs.map(\.slot.weightName) }

    func attach(to store: ParameterStore) { for (slot, pair) in pairs { store.attach(pair, to: slot) } }
}
