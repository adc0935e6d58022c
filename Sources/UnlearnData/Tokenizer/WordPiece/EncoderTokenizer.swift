// The tokenizer of an encoder, of whichever kind: from a sentence to the ids that the encoder reads.

public import Foundation
internal import UnlearnFormats

/// WordPiece, as BERT has it, or byte pairs, as RoBERTa has them.
public enum EncoderTokenizer: Sendable {
    case wordPiece(WordPieceTokenizer)
    case bytePair(Tokenizer)

    /// Reads tokenizer.json, or the vocab.txt of older models.
    public init(huggingFace folder: URL) throws(TokenizerError) {
        let (file, vocabulary) = (folder.appending(path: "tokenizer.json"), folder.appending(path: "vocab.txt"))
        let isThere = { FileManager.default.fileExists(atPath: ($0 as URL).path) }
        if isThere(file) {
            let tokenizer = HuggingFaceTokenizer(file: file.path, json: try TokenizerDefinition.json(file))
            if tokenizer.json["model"]?["type"]?.string == "WordPiece" {
                self = .wordPiece(try WordPieceTokenizer(WordPieceDefinition(tokenizer)))
                return
            }
        } else if isThere(vocabulary) {
            self = .wordPiece(try WordPieceTokenizer(WordPieceDefinition(vocabularyIn: folder)))
            return
        }
        self = .bytePair(try Tokenizer(huggingFace: folder))
    }

    public var vocabularyCount: Int {
        switch self {
        case .wordPiece(let tokenizer): tokenizer.vocabularyCount
        case .bytePair(let tokenizer): tokenizer.vocabularyCount
        }
    }

    /// How many tokens stand around every text.
    public var specialCount: Int {
        switch self {
        case .wordPiece(let tokenizer): tokenizer.prefix.count + tokenizer.suffix.count
        case .bytePair(let tokenizer): tokenizer.definition.prefix.count + tokenizer.definition.suffix.count
        }
    }

    /// The ids of a text with the special tokens around it. Of a text that is too long the end is left out.
    /// - Parameter limit: the most ids, special tokens included.
    public func encode(_ text: String, limit: Int = .max, parseSpecialTokens: Bool = false) -> [Int32] {
        let (prefix, ids, suffix) =
            switch self {
            case .wordPiece(let tokenizer):
                (
                    tokenizer.prefix,
                    tokenizer.encode(text, addSpecialTokens: false, parseSpecialTokens: parseSpecialTokens),
                    tokenizer.suffix
                )
            case .bytePair(let tokenizer):
                (
                    tokenizer.definition.prefix,
                    tokenizer.encode(text, addSpecialTokens: false, parseSpecialTokens: parseSpecialTokens),
                    tokenizer.definition.suffix
                )
            }
        return prefix + ids.prefix(max(0, limit - prefix.count - suffix.count)) + suffix
    }
}
