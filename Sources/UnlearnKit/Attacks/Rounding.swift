// Rounding: the weights are stored in few bits, as models are shipped. A small change of the weights may vanish in it.

public import UnlearnData
import UnlearnEngine
public import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// Rounds the matrices of every block as GGUF files do, and asks again.
public struct Rounding: LanguageAttack {
    public static let card = Card(
        name: "rounding", summary: "Rounds the matrices of every block to few bits, as GGUF files do.",
        paper: "Zhang et al. 2024, arXiv 2410.16454", needs: [.losses, .generation])

    /// The forms of storage, by the names that GGUF has for them.
    public enum Form: String, Codable, Sendable, CaseIterable {
        case fourBits = "q4_0"
        case eightBits = "q8_0"

        var type: GGMLType { self == .fourBits ? .q40 : .q80 }
    }

    @Setting("How weights are stored: q4_0, q8_0; one attack each.") public var forms = [Form.fourBits, .eightBits]

    public init() {}

    public init(_ effort: AuditConfiguration.Effort) {
        self.init()
        if effort == .quick { forms = [.fourBits] }
    }

    public func workCount(_ audit: LanguageAudit) -> Int { forms.count }

    public func looks(at audited: AuditedLanguageModel, _ audit: LanguageAudit) throws -> [LanguageLook] {
        try forms.map { form in
            defer { audit.advance() }
            return try Self.rounded(audited.model.model.parameters, form) {
                .made(
                    LanguageTrial(
                        form: form.rawValue, plain: audited.plain,
                        attacked: try audit.forgotten.probe.figures(of: audited.model, .answers)))
            }
        }
    }

    /// Looks at a model while its matrices are rounded. Afterwards they are what they were, to the bit.
    static func rounded(
        _ store: ParameterStore, _ form: Form, _ look: () throws -> LanguageLook
    ) throws -> LanguageLook {
        var kept: [(matrix: Tensor, copy: Tensor)] = []
        defer { withoutRecording { for (matrix, copy) in kept { matrix.copy(from: copy) } } }
        for slot in try store.slots(TrainingOptions().parameters) where slot.inputs % form.type.blockSize == 0 {
            let matrix = store[slot.weightName]
            // Blocks run along the inputs.
            let rounded = withoutRecording { (slot.isTransposed ? matrix.transpose(0, 1).contiguous() : matrix) + 0 }
            let isWhole = rounded.withMutableBytes { form.type.round($0.bindMemory(to: Float.self)) }
            guard isWhole else {
                return .skipped(
                    form: form.rawValue, reason: "'\(slot.weightName)' holds a number that is too large for it.")
            }
            kept.append((matrix, withoutRecording { matrix + 0 }))
            withoutRecording { matrix.copy(from: slot.isTransposed ? rounded.transpose(0, 1) : rounded) }
        }
        guard !kept.isEmpty else {
            return .skipped(
                form: form.rawValue,
                reason: "No matrix of a block has rows of whole groups of \(form.type.blockSize) numbers.")
        }
        return try look()
    }
}
