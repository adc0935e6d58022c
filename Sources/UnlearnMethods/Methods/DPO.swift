// Direct preference optimisation: another answer is preferred to the one that is to be forgotten.
// Rafailov et al. 2023 (arXiv 2305.18290), equation 7; as a way to unlearn Maini et al. 2024 (arXiv 2401.06121) and
// Zhang et al. 2024 (arXiv 2404.05868). S are sums of log-probabilities over labelled tokens.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// Term −(2/β) · mean log σ(β (Δ_win − Δ_lose)), Δ = S − S_ref. `lose` is what is to be forgotten. `win` is the row's
/// "alternative", or that the model does not know where an answer has none; a continuation without one counts as in NPO,
/// Δ_win = 0.
public struct DPO: LanguageMethod {
    public static let card = Card(
        name: "dpo", summary: "Prefers another answer, or that it does not know, to each one that is to be forgotten.",
        paper: "Rafailov et al. 2023, arXiv 2305.18290", needs: [.losses, .retainSet])
    public static let trainingDefaults = TrainingOptions()

    @Setting("β, how far the two answers are driven apart: the larger, the less.", .positive) public var beta = 0.1
    @Setting("γ, the weight of the forget term.", .notNegative) public var forgetWeight = 1.0
    @Setting("α, the weight of the retain term; 0 needs no retain set.", .notNegative) public var retainWeight = 1.0
    @Setting("What holds the retain set.") public var retainTerm = RetainTerm.nll

    public init() {}

    public var needsRetain: Bool { retainWeight != 0 }

    public func run(_ session: Session) throws {
        let session = needsRetain ? session : session.withoutRetain()
        let alternatives = try Self.alternatives(of: session)
        guard alternatives.contains(where: { $0 != nil }) else {
            throw MethodError.needsAlternatives(method: Self.card.name)
        }
        let used = try session.used(forgetCount: session.forget.count)
        try session.readReference(
            used.forget.map { session.forget[$0] } + used.forget.compactMap { alternatives[$0] } + used.retain)
        try session.descend(beside: alternatives) { try objective($0) }
    }

    /// What each forget example is to be answered with, in their order, under the id −1 − that of the example.
    static func alternatives(of session: Session) throws -> [TokenExample?] {
        let rows = session.subject?.forget ?? []
        return try session.forget.map { example in
            guard rows.indices.contains(example.id) else { return nil }
            let row = rows[example.id]
            let refusals = SubjectPrompts.refusals
            let refusal = row.example.isContinued ? nil : refusals[example.id % refusals.count]
            guard let text = row.alternative ?? refusal, let other = row.example.answered(by: text) else { return nil }
            return try session.model.encoder.encode(other, id: -1 - example.id)
        }
    }

    func objective(_ step: TokenStep) throws -> [Term] {
        let differences = step.forgetSums() - step.originalForgetSums()
        // A set smaller than a batch fills it more than once.
        let places = Dictionary(
            step.forget.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let margins = step.forget.filter { $0.id >= 0 }.indices.map { place in
            let lost = differences.narrow(0, from: place, count: 1)
            guard let other = places[-1 - step.forget[place].id] else { return -lost }
            return differences.narrow(0, from: other, count: 1) - lost
        }
        let forget = (Tensor.concatenate(margins) * beta).logSigmoid().mean() * (-2 / beta)
        let terms = [Term("forget-dpo", weight: forgetWeight, forget)]
        return retainWeight == 0 ? terms : terms + [retainTerm.term(step, weight: retainWeight)]
    }
}
