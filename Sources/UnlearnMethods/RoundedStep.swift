// Steps at rounded weights: a model that is shipped in few bits is to have forgotten too. The idea is that of
// rounding-proof unlearning (arXiv 2605.02196) with the straight-through gradient of Bengio et al. 2013
// (arXiv 1308.3432). Deviations: docs/PAPERS.md.

internal import UnlearnEngine
internal import UnlearnFormats
internal import UnlearnModels

/// In how many bits the weights are, where every second step's gradient is taken; what is changed by it are the weights
/// themselves, ∂R(θ)/∂θ being taken for 1.
///
/// Not every step: from rounded weights alone it is not seen where within its bin a weight lies, so that the model itself
/// would be worse than it could be. The first step is an ordinary one, as methods begin at the original.
public enum RoundedTraining: String, Codable, Sendable, CaseIterable {
    case none, int4, int8

    /// Numbers with a scale in common, along a layer's inputs.
    static let groupSize = 32

    private var type: GGMLType? {
        switch self {
        case .none: nil
        case .int4: .q40
        case .int8: .q80
        }
    }

    /// The matrices that a training of these parameters changes, be it by low-rank additions.
    /// - Throws: `MethodError.nothingToRound` if they are to be rounded and there are none.
    func matrices(changedBy names: [String], of store: ParameterStore) throws -> [RoundedMatrix] {
        guard let type else { return [] }
        let names = Set(names)
        let found = store.slots.filter { slot in
            slot.pair == nil ? names.contains(slot.weightName) : !names.isDisjoint(with: [slot.downName, slot.upName])
        }.compactMap { RoundedMatrix(of: $0, as: type) }
        guard !found.isEmpty else { throw MethodError.nothingToRound }
        return found
    }
}
