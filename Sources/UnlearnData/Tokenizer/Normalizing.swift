// The changes that a tokenizer makes to a text before cutting it.

internal import Foundation

extension [TokenizerDefinition.Normalization] {
    /// - Parameter isFirst: whether the text stands at the start, not after an added token.
    func normalize(_ text: String, isFirst: Bool) -> String {
        reduce(text) { text, normalization in
            switch normalization {
            case .composed: text.isASCII ? text : text.precomposedStringWithCanonicalMapping
            case .decomposed: text.isASCII ? text : text.decomposedStringWithCanonicalMapping
            case .compatiblyComposed: text.isASCII ? text : text.precomposedStringWithCompatibilityMapping
            case .compatiblyDecomposed: text.isASCII ? text : text.decomposedStringWithCompatibilityMapping
            case .prepend(let prefix): text.isEmpty ? text : prefix + text
            case .replace(let old, let new): text.replacingBytes(of: old, with: new)
            case .prependSpace: text.unicodeScalars.first == " " ? text : " " + text
            case .metaspace(let prepending): text.metaspaced(prepends: prepending.applies(isFirst: isFirst))
            }
        }
    }
}

extension TokenizerDefinition.Normalization {
    /// Whether tokenizer.json calls it a pre-tokenizer: it then happens to the texts between all added tokens, and not
    /// to these tokens themselves.
    var isPreTokenizer: Bool {
        switch self {
        case .prependSpace, .metaspace: true
        default: false
        }
    }
}

extension TokenizerDefinition.Prepending {
    fileprivate func applies(isFirst: Bool) -> Bool {
        switch self {
        case .always: true
        case .first: isFirst
        case .never: false
        }
    }
}

extension String {
    fileprivate var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }

    fileprivate func metaspaced(prepends: Bool) -> String {
        let spaced = replacingBytes(of: " ", with: SentencePieceSpelling.space)
        let begins = spaced.unicodeScalars.first.map(String.init) == SentencePieceSpelling.space
        return prepends && !begins ? SentencePieceSpelling.space + spaced : spaced
    }

    /// Replaces byte for byte: characters that are only canonically equivalent stay, and combining marks do not hide
    /// what they follow.
    func replacingBytes(of old: String, with new: String) -> String {
        let pattern = Array(old.utf8)
        guard let first = pattern.first else { return self }
        let source = Array(utf8)
        var result: [UInt8] = []
        result.reserveCapacity(source.count)
        var position = 0
        while position < source.count {
            if source[position] == first, source[position...].starts(with: pattern) {
                result.append(contentsOf: new.utf8)
                position += pattern.count
            } else {
                result.append(source[position])
                position += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
