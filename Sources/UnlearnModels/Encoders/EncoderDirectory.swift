// The folder of an encoder: configuration and tokenizer, checked against each other, and the weights when wanted.

internal import Foundation
internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnFormats

/// A Hugging Face folder with a model of BERT's kind. No weights are in memory.
struct EncoderDirectory {
    let url: URL
    let configuration: ConfigurationFile
    let numbers: BertConfiguration
    let reader: TextReader

    /// - Parameter limit: the most tokens of a text that something outside the folder allows.
    /// - Throws: `ModelError` or `TokenizerError`.
    init(_ url: URL, limit: Int? = nil) throws {
        self.url = url
        configuration = try ConfigurationFile(modelIn: url)
        try configuration.checkUnpacked()
        numbers = try BertConfiguration(configuration)
        let tokenizer = try EncoderTokenizer(huggingFace: url)
        guard tokenizer.vocabularyCount <= numbers.vocabularyCount else {
            throw ModelError.key(
                "vocab_size", path: configuration.path,
                expected: "at least \(tokenizer.vocabularyCount), which is how many tokens the tokenizer has")
        }
        guard tokenizer.specialCount > 0 else {
            throw ModelError.unsupported(
                "a tokenizer that puts no special tokens around a text", path: url.path,
                advice: "Save it again with transformers, with its post-processor.")
        }
        let settings = url.appending(path: "tokenizer_config.json")
        var limits = [numbers.contextLength, limit].compactMap(\.self)
        if FileManager.default.fileExists(atPath: settings.path),
            // Many say a number beyond all others for "none".
            let most = try ConfigurationFile(settings).json["model_max_length"]?.int, most > 0
        {
            limits.append(most)
        }
        reader = TextReader(tokenizer: tokenizer, limit: limits.min() ?? numbers.contextLength)
        guard reader.limit > tokenizer.specialCount else {
            throw ModelError.unsupported(
                "a limit of \(reader.limit) tokens a text", path: url.path,
                advice: "There must be room for more than the special tokens.")
        }
    }

    /// A cursor at the root of the checkpoint, and one at the encoder in it, which classifiers call by its model type.
    func weights() throws(ModelError) -> (root: Weights, encoder: Weights) {
        let checkpoint = try ModelError.reading { () throws(FormatError) in try SafetensorsCheckpoint(directory: url) }
        let root = Weights(BertSource(SafetensorsSource(checkpoint: checkpoint, title: url.path)))
        let isBare = root.holds("embeddings.word_embeddings.weight")
        return (root, isBare ? root : root[configuration.json["model_type"]?.string ?? ""])
    }

    /// Whether a stored parameter that nobody asked for may be there: tables of constants, and heads for other purposes.
    static func isHarmless(_ name: String) -> Bool {
        let others = ["pooler.", "cls.", "lm_head.", "classifier."]
        return name.hasSuffix("embeddings.position_ids")
            || others.contains { name.hasPrefix($0) || name.contains("." + $0) }
    }
}

/// A checkpoint in which the first BERTs call a norm's weight gamma, and its bias beta.
private struct BertSource: TensorSource {
    private let source: any TensorSource
    private let stored: [String: String]
    let names: [String]

    init(_ source: any TensorSource) {
        self.source = source
        func name(_ stored: String) -> String {
            for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
            where stored.hasSuffix(old) {
                return stored.dropLast(old.count) + new
            }
            return stored
        }
        names = source.names.map(name)
        stored = Dictionary(zip(names, source.names)) { first, _ in first }
    }

    var title: String { source.title }
    func shape(of name: String) -> Shape? { stored[name].flatMap(source.shape(of:)) }
    func load(_ name: String, as precision: Precision) throws(CheckpointError) -> Tensor {
        try source.load(stored[name] ?? name, as: precision)
    }
}
