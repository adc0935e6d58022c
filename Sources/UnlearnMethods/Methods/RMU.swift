// Representation misdirection for unlearning. Li et al. 2024 (arXiv 2403.03218), section 4, equations 1 to 3.
// h are the states after block `layer`; nothing above that block is computed.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Forget: mean (h − c·u)² over the labelled tokens, u a fixed random unit vector. Retain: mean (h − h_ref)² over every
/// token: prompts, and what all examples begin with, are what the other tokens look at.
public struct RMU: LanguageMethod {
    public static let card = Card(
        name: "rmu", summary: "Turns one layer's states of the forget set to a random direction and holds all others.",
        paper: "Li et al. 2024, arXiv 2403.03218", needs: [.hiddenStates, .retainSet])
    public static let trainingDefaults: TrainingOptions = {
        var options = TrainingOptions()
        options.learningRate = 5e-5
        options.parameters = "*.mlp.down_proj.weight,*.mlp.c_proj.weight,*.mlp.dense_4h_to_h.weight"
        return options
    }()

    @Setting("The block whose output is turned, counted from 0.", .notNegative) public var layer = 7
    @Setting(
        "How many blocks change, layer and those below it; of these, what the pattern parameters names.", .notNegative)
    public var trainedLayers = 3
    @Setting("c, the length of the vector that the states are turned to.", .notNegative) public var steering = 6.5
    @Setting("γ, the weight of the forget term.", .notNegative) public var forgetWeight = 1.0
    @Setting("α, the weight of the retain term; 0 needs no retain set.", .notNegative) public var retainWeight = 1200.0

    public init() {}

    public var needsRetain: Bool { retainWeight != 0 }

    public func check(layerCount: Int) throws { try check(layerCount: layerCount, option: "layer") }

    /// - Parameter option: what the user calls the layer.
    func check(layerCount: Int, option: String) throws {
        guard (0..<layerCount).contains(layer) else {
            throw MethodError.layer(layer, method: Self.card.name, option: option, layers: layerCount)
        }
    }

    public func run(_ session: Session) throws {
        let blocks = max(0, layer - max(1, trainedLayers) + 1)...layer
        let used = try session.used(forgetCount: session.forget.count)
        let states = HiddenStates(
            comparing: used.retain, reading: used.forget.map { session.forget[$0] }, session, after: layer + 1,
            frozenBelow: try session.firstTrainedBlock(in: blocks))
        var generator = Generator(seed: session.seed, purpose: "rmu direction")
        let direction = Self.direction(states.width, using: &generator)
        try session.descend(in: blocks) { step in
            try terms(step, states, original: states, direction: direction)
        }
    }

    /// - Parameter original: has read the examples before training.
    func terms(
        _ step: TokenStep, _ states: HiddenStates, original: HiddenStates, direction: Tensor
    ) throws -> [Term] {
        let hidden = states(step.batch)  // [rows, time, width]
        let turned = step.forgetPart(of: hidden.reshape([-1, hidden.shape[2]]).select(step.batch.labelled))
        let forget = (turned - direction * steering).square().mean()
        let terms = [Term("forget-rmu", weight: forgetWeight, forget)]
        if retainWeight == 0 { return terms }
        let kept = Tensor.concatenate(step.batch.split(hidden).suffix(step.retain.count))
        let distance = (kept - original.original(step.retain)).square().mean()
        return terms + [Term("retain-hidden", weight: retainWeight, distance)]
    }

    /// u: entries from U[0, 1), then scaled to length 1; `[width]`.
    static func direction(_ width: Int, using generator: inout Generator) -> Tensor {
        let entries = Tensor((0..<width).map { _ in generator.uniform() })
        return entries / entries.square().sum().sqrt()
    }
}
