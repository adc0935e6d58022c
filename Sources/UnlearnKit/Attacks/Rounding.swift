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

    @Setting("How weights are stored: q4_0, q8_0; one attack each.") public var forms = [
        ExportForm.fourBits, .eightBits,
    ]

    public init() {}

    public init(_ effort: AuditConfiguration.Effort) {
        self.init()
        if effort == .quick { forms = [.fourBits] }
    }

    public func workCount(_ audit: LanguageAudit) -> Int { forms.count }

    public func looks(at audited: AuditedLanguageModel, _ audit: LanguageAudit) throws -> [LanguageLook] {
        try forms.map { form in
            defer { audit.advance() }
            let file = audit.exported[form]
            let name = form.rawValue + (file == nil ? "" : ", exported file")
            func trial(_ model: LanguageModel) throws -> LanguageLook {
                let attacked = try audit.forgotten.probe.figures(of: model, .answers)
                return .made(LanguageTrial(form: name, plain: audited.plain, attacked: attacked))
            }
            // The others are rounded as an exported file is.
            if let file, audited.isChanged { return try trial(audit.read(file)) }
            return try Self.rounded(audited.model.model.parameters, form, asExported: file != nil) {
                try trial(audited.model)
            }
        }
    }

    private static func matrices(
        of store: ParameterStore, _ form: ExportForm, asExported: Bool
    ) throws -> [RoundedMatrix] {
        guard asExported else {
            return try store.slots(TrainingOptions().parameters).compactMap { RoundedMatrix(of: $0, as: form.type) }
        }
        return store.names.filter { store[$0].shape.count > 1 }.map {
            RoundedMatrix($0, isTransposed: false, as: GGUFExport.storedType(store[$0].shape, form.type))
        }
    }

    /// Looks at a model while its matrices are rounded. Afterwards they are what they were, to the bit.
    /// - Parameter asExported: whether embeddings are rounded too, as in an exported file.
    static func rounded(
        _ store: ParameterStore, _ form: ExportForm, asExported: Bool = false, _ look: () throws -> LanguageLook
    ) throws -> LanguageLook {
        let matrices = try matrices(of: store, form, asExported: asExported)
        guard !matrices.isEmpty else {
            return .skipped(
                form: form.rawValue,
                reason: "No matrix of a block has rows of whole groups of \(form.type.blockSize) numbers.")
        }
        do {
            return try store.rounded(matrices, look)
        } catch ModelError.cannotRound(let name) {
            return .skipped(form: form.rawValue, reason: "'\(name)' holds a number that is too large for it.")
        }
    }
}
