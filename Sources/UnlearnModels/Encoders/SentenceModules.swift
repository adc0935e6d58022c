// What sentence-transformers says in modules.json: how states become one vector a text.

internal import Foundation
internal import UnlearnFormats

/// What becomes of the states of a text's tokens.
public enum Pooling: String, Sendable, CaseIterable {
    case mean
    /// The state of the first token.
    case firstToken
    /// The state of the first token, through BERT's own dense layer and tanh.
    case pooler
}

/// The parts of a sentence-transformers folder; of any other folder, what that library takes it for.
struct SentenceModules: Equatable {
    /// Where the encoder lies.
    var encoder: URL
    var pooling = Pooling.mean
    /// Whether vectors are brought to length 1.
    var normalizes = false
    /// The most tokens of a text.
    var limit: Int?

    init(_ folder: URL) throws(ModelError) {
        encoder = folder
        let list = folder.appending(path: "modules.json")
        if FileManager.default.fileExists(atPath: list.path) {
            let file = try ConfigurationFile(list)
            guard let modules = file.json.array, !modules.isEmpty else {
                throw .unsupported("a modules.json without modules", path: list.path, advice: "Get the file again.")
            }
            for module in modules { try add(module, in: folder, file) }
        }
        let settings = encoder.appending(path: "sentence_bert_config.json")
        if FileManager.default.fileExists(atPath: settings.path) {
            let file = try ConfigurationFile(settings)
            if file.holds("max_seq_length") { limit = try file.count("max_seq_length") }
            if try file.flag("do_lower_case", default: false) {
                throw .unsupported(
                    "do_lower_case", path: settings.path, advice: "Use a model whose tokenizer itself lowers capitals.")
            }
        }
    }

    private mutating func add(_ module: JSONValue, in folder: URL, _ file: ConfigurationFile) throws(ModelError) {
        let path = module["path"]?.string ?? ""
        // A folder inside this one, not a path that leads out of it.
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw .unsupported("the path '\(path)'", path: file.path, advice: "Modules lie inside the model's folder.")
        }
        let place = path.isEmpty ? folder : folder.appending(path: path)
        let type = module["type"]?.string ?? ""
        switch type.split(separator: ".").last {
        case "Transformer": encoder = place
        case "Pooling": pooling = try Pooling(ConfigurationFile(place.appending(path: "config.json")))
        case "Normalize": normalizes = true
        default:
            throw .unsupported(
                "the module '\(type)'", path: file.path, advice: "Supported are Transformer, Pooling and Normalize.")
        }
    }
}

extension Pooling {
    /// The one way that 1_Pooling/config.json chooses.
    fileprivate init(_ file: ConfigurationFile) throws(ModelError) {
        let flags = (file.json.object ?? [:]).filter { $0.key.hasPrefix("pooling_mode_") && $0.value.bool == true }
        let chosen = try file.text("pooling_mode").map { [$0] } ?? flags.map { String($0.key.dropFirst(13)) }
        switch chosen {
        case ["mean"], ["mean_tokens"]: self = .mean
        case ["cls"], ["cls_token"]: self = .firstToken
        default:
            throw .unsupported(
                "pooling by \(chosen.isEmpty ? "nothing" : chosen.map { "'\($0)'" }.joined(separator: " and "))",
                path: file.path, advice: "Supported are the mean of all tokens and the first token, one of them.")
        }
    }
}
