// Texts sorted into classes: BERT and RoBERTa with a head for sequence classification.

public import Foundation
public import UnlearnData
public import UnlearnEngine
internal import UnlearnFormats

/// An encoder with a score for each class of a text.
public final class TextClassifier {
    public let numbers: BertConfiguration
    public let parameters: ParameterStore
    /// The names of the classes.
    public let labels: [String]
    /// Whether a text can be of several classes, or of none.
    public let isMultiLabel: Bool
    private let encoder: BertEncoder
    /// Both heads are out(tanh(dense x)): BERT calls the first layer its pooler.
    private let dense: Linear
    private let out: Linear
    private let reader: TextReader

    /// Reads a Hugging Face folder.
    /// - Throws: `ModelError` or `TokenizerError`.
    public init(_ folder: URL) throws {
        let directory = try EncoderDirectory(folder)
        (numbers, reader) = (directory.numbers, directory.reader)
        labels = try directory.configuration.textLabels()
        isMultiLabel = try directory.configuration.isMultiLabel()
        let (root, weights) = try directory.weights()
        let isRoberta = directory.configuration.json["model_type"] == "roberta"
        let head = isRoberta ? root["classifier"]["dense"] : weights["pooler"]["dense"]
        do throws(CheckpointError) {
            encoder = try BertEncoder(numbers, weights)
            dense = try Linear(head, in: numbers.width, out: numbers.width, bias: true)
            out = try Linear(
                isRoberta ? root["classifier"]["out_proj"] : root["classifier"], in: numbers.width, out: labels.count,
                bias: true)
            parameters = try root.finish(ignoring: EncoderDirectory.isHarmless)
        } catch { throw ModelError.checkpoint(error) }
    }

    public var tokenizer: EncoderTokenizer { reader.tokenizer }

    /// The most tokens of a text; what goes beyond is left out.
    public var tokenLimit: Int { reader.limit }

    /// The probability of each class of each text, `[texts, labels]`: each by itself if a text can be of several.
    public func probabilities(of texts: [String]) -> Tensor {
        let scores = logits(of: texts)
        return withoutRecording { isMultiLabel ? scores.sigmoid() : scores.softmax() }
    }

    /// Scores of each text, `[texts, labels]`.
    public func logits(of texts: [String]) -> Tensor { reader.rows(of: texts, width: labels.count, logits) }

    /// The texts as the encoder reads them.
    public func batch(_ texts: [String]) -> EncoderBatch {
        EncoderBatch(texts.map { tokenizer.encode($0, limit: tokenLimit) })
    }

    /// Scores of each sequence, `[sequences, labels]`, recorded if anything is trained.
    public func logits(_ batch: EncoderBatch) -> Tensor {
        batch.inCallersOrder(out(dense(encoder.firstStates(batch)).tanh()))
    }
}

extension ConfigurationFile {
    /// The names of the classes; files leave them out where there are two without names.
    fileprivate func textLabels() throws(ModelError) -> [String] {
        let name = json["architectures"]?[0]?.string
        if let name, !name.hasSuffix("ForSequenceClassification") {
            throw .unsupported(
                "'\(name)', which knows no classes,", path: path, advice: "Give a model for sequence classification.")
        }
        return holds("id2label") ? try classNames() : ["LABEL_0", "LABEL_1"]
    }

    fileprivate func isMultiLabel() throws(ModelError) -> Bool {
        switch try text("problem_type") {
        case nil, "single_label_classification": return false
        case "multi_label_classification": return true
        case let type?:
            throw .unsupported("problem_type '\(type)'", path: path, advice: "Give a model that sorts into classes.")
        }
    }
}
