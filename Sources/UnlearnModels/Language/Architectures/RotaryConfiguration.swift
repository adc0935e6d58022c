// The rotary numbers of a config.json, in whichever of its spellings they stand.

internal import UnlearnEngine
internal import UnlearnFormats

/// Newer files gather the numbers in `rope_parameters`; older ones have the base beside `rope_scaling`; mixtures are
/// about. What one place does not say, or says to be null, the next one does: the newer object, the older one, the top.
struct RotaryConfiguration {
    /// The base of the frequencies.
    let base: Double
    /// How much of each head is rotated.
    let share: Double
    let scaling: RotaryScaling?

    /// - Parameters:
    ///   - names: what the architecture calls base and share at the top, in place of the usual names.
    ///   - fallback: the share if nothing is said.
    init(
        _ file: ConfigurationFile, named names: (base: String, share: String)? = nil, share fallback: Double = 1
    ) throws(ModelError) {
        let (newer, older) = (try file.object("rope_parameters"), try file.object("rope_scaling"))
        func number(_ key: String, _ ownName: String?, _ fallback: Double) throws(ModelError) -> Double {
            var value = try file.number(key, default: fallback)
            if let ownName { value = try file.number(ownName, default: value) }
            return try newer.number(key, default: try older.number(key, default: value))
        }
        base = try number("rope_theta", names?.base, 10_000)
        share = try number("partial_rotary_factor", names?.share, fallback)
        let found = (try RotaryScaling(newer, in: file), try RotaryScaling(older, in: file))
        if let one = found.0, let other = found.1, one != other {
            throw .unsupported(
                "one rotary scaling in rope_parameters and another one in rope_scaling", path: file.path,
                advice: "Remove the one that the model was not trained with.")
        }
        scaling = found.0 ?? found.1
    }
}

extension RotaryScaling {
    /// `nil` when the object asks for no scaling; throws for kinds that are not supported.
    fileprivate init?(_ json: ConfigurationFile, in file: ConfigurationFile) throws(ModelError) {
        func unsupported(_ kind: String) -> ModelError {
            .unsupported(
                "rotary scaling \(kind)", path: file.path, advice: "Supported are 'default', 'linear' and 'llama3'.")
        }
        if let layers = json.json.object?.first(where: { $0.value.object != nil }) {
            throw unsupported("of its own for layers of the kind '\(layers.key)'")
        }
        let (kind, olderKind) = (try json.text("rope_type"), try json.text("type"))
        switch kind ?? olderKind {
        case "default": return nil
        case nil where !json.holds("factor"): return nil
        case nil: throw unsupported("by a factor, but of no named kind,")
        case "linear":
            let factor = try json.number("factor")
            if factor == 1 { return nil }
            self = .linear(factor: factor)
        case "llama3":
            let key = "original_max_position_embeddings"
            let context = try file.count(key, default: try file.count("max_position_embeddings", default: 2048))
            self = .llama3(
                factor: try json.number("factor"), lowFrequencyFactor: try json.number("low_freq_factor"),
                highFrequencyFactor: try json.number("high_freq_factor"),
                originalContext: try json.count(key, default: context))
        case let kind?: throw unsupported("'\(kind)'")
        }
    }
}
