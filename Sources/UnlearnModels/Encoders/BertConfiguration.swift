// The configuration of BERT and RoBERTa, as their config.json states it.

internal import UnlearnEngine
internal import UnlearnFormats

/// The numbers of an encoder of BERT's kind.
public struct BertConfiguration: Sendable, Equatable {
    public var vocabularyCount: Int
    public var width: Int
    public var layerCount: Int
    public var headCount: Int
    public var feedForwardWidth: Int
    /// How many rows the table of positions has, and the row of the first token: RoBERTa's first ones are for padding.
    public var positionCount: Int
    public var firstPosition: Int
    /// How many kinds of sentences there are; all texts here are of the first.
    public var kindCount: Int
    public var normEpsilon: Double
    var activation: Activation

    static let modelTypes = ["bert", "roberta"]

    /// The most tokens of a text.
    public var contextLength: Int { positionCount - firstPosition }

    public init(_ file: ConfigurationFile) throws(ModelError) {
        guard let type = try file.text("model_type") else {
            throw .key("model_type", path: file.path, expected: "a text")
        }
        guard Self.modelTypes.contains(type) else {
            throw .architecture(type, path: file.path, known: Self.modelTypes)
        }
        let positions = try file.text("position_embedding_type") ?? "absolute"
        guard positions == "absolute" else {
            throw .unsupported(
                "position_embedding_type '\(positions)'", path: file.path, advice: "Supported is 'absolute'.")
        }
        if try file.flag("is_decoder", default: false) {
            throw .unsupported(
                "is_decoder", path: file.path, advice: "Give an encoder, which reads in both directions.")
        }
        vocabularyCount = try file.count("vocab_size")
        width = try file.count("hidden_size")
        layerCount = try file.count("num_hidden_layers")
        headCount = try file.count("num_attention_heads")
        guard width % headCount == 0 else {
            throw .key("num_attention_heads", path: file.path, expected: "a divisor of hidden_size, which is \(width)")
        }
        feedForwardWidth = try file.count("intermediate_size")
        positionCount = try file.count("max_position_embeddings")
        // RoBERTa counts from behind the row of its padding token.
        firstPosition = type == "roberta" ? (file.json["pad_token_id"]?.int ?? 1) + 1 : 0
        guard (0..<positionCount).contains(firstPosition) else {
            let expected = "less than max_position_embeddings, which is \(positionCount)"
            throw .key("pad_token_id", path: file.path, expected: expected)
        }
        kindCount = try file.count("type_vocab_size", default: 2)
        normEpsilon = try file.number("layer_norm_eps", default: 1e-12)
        activation = try Activation(file, key: "hidden_act", default: "gelu")
    }
}
