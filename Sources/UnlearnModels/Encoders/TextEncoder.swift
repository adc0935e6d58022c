// Texts as vectors: BERT and RoBERTa encoders, alone or from a sentence-transformers folder.

public import Foundation
public import UnlearnData
public import UnlearnEngine

/// An encoder that makes one vector of a text.
public final class TextEncoder {
    public let numbers: BertConfiguration
    public let parameters: ParameterStore
    public let pooling: Pooling
    /// Whether vectors are brought to length 1.
    public let normalizes: Bool
    private let encoder: BertEncoder
    private let pooler: Linear?
    private let reader: TextReader

    /// Reads a Hugging Face folder, with the pooling that sentence-transformers would take.
    /// - Parameter pooling: another one, after which vectors stay as long as they are.
    /// - Throws: `ModelError` or `TokenizerError`.
    public init(_ folder: URL, pooling: Pooling? = nil) throws {
        let modules = try SentenceModules(folder)
        let directory = try EncoderDirectory(modules.encoder, limit: modules.limit)
        self.pooling = pooling ?? modules.pooling
        normalizes = pooling == nil && modules.normalizes
        (numbers, reader) = (directory.numbers, directory.reader)
        let (root, weights) = try directory.weights()
        do throws(CheckpointError) {
            encoder = try BertEncoder(numbers, weights)
            let (dense, width) = (weights["pooler"]["dense"], numbers.width)
            pooler = self.pooling == .pooler ? try Linear(dense, in: width, out: width, bias: true) : nil
            parameters = try root.finish(ignoring: EncoderDirectory.isHarmless)
        } catch { throw ModelError.checkpoint(error) }
    }

    /// The length of a vector.
    public var width: Int { numbers.width }

    public var tokenizer: EncoderTokenizer { reader.tokenizer }

    /// The most tokens of a text; what goes beyond is left out.
    public var tokenLimit: Int { reader.limit }

    /// A vector for each text, `[texts, width]`.
    public func embeddings(of texts: [String]) -> Tensor { reader.rows(of: texts, width: width, embeddings) }

    /// The texts as the encoder reads them.
    public func batch(_ texts: [String]) -> EncoderBatch {
        EncoderBatch(texts.map { tokenizer.encode($0, limit: tokenLimit) })
    }

    /// A vector for each sequence, `[sequences, width]`, recorded if anything is trained.
    public func embeddings(_ batch: EncoderBatch) -> Tensor {
        let pooled = batch.inCallersOrder(
            pooling == .mean ? batch.means(encoder.states(batch)) : encoder.firstStates(batch))
        let vectors = pooler.map { $0(pooled).tanh() } ?? pooled
        guard normalizes else { return vectors }
        return vectors / vectors.square().sum(along: 1, keeping: true).sqrt().clamp(atLeast: 1e-12)
    }

    /// The states after `layer` blocks at every token, `[tokens, width]`, in the order of the batch: see
    /// ``EncoderBatch/split(_:)``.
    public func hidden(_ batch: EncoderBatch, after layer: Int) -> Tensor { encoder.states(batch, after: layer) }
}
